//! SQLite's calls to an operating system as safe functions, each of which can fail on request.

use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::ffi;

use crate::alloc_faults;
use crate::device::{Device, FileKind};
use crate::disk::Disk;
use crate::fault::{Call, Code, Fault, FaultPlan, Repeat, Verdict};
use crate::locks::{FileLocks, Level, Opener};
use crate::os_state::{Open, State};

/// The mode in which a file is opened.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OpenMode {
    pub(crate) kind: FileKind,
    pub(crate) create: bool,
    pub(crate) exclusive: bool,
}

/// The operating system of one machine. Every call takes its single lock.
#[derive(Debug)]
pub(crate) struct Os {
    state: Mutex<State>,
    steps: Steps,
}

/// The instructions of SQLite's virtual machine, which are counted separately because they are
/// numerous.
#[derive(Debug, Default)]
struct Steps {
    watched: AtomicBool,
    count: AtomicU64,
    at: AtomicU64,
    forever: AtomicBool,
}

impl Os {
    pub(crate) fn new(device: Device) -> Os {
        Os {
            state: Mutex::new(State::new(device)),
            steps: Steps::default(),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The calls other than writes, numbered like those of [`Os::calls`] for [`Fault::PowerLoss`].
    pub(crate) fn barriers(&self) -> Vec<u64> {
        self.state().barriers.clone()
    }

    pub(crate) fn disk<T>(&self, look: impl FnOnce(&mut Disk) -> T) -> T {
        look(&mut self.state().disk)
    }

    pub(crate) fn device(&self) -> Device {
        self.state().device
    }

    pub(crate) fn inject(&self, plan: FaultPlan) {
        self.clear_faults();
        match plan.fault {
            Fault::Interrupt => {
                let forever = plan.repeat == Repeat::Forever;
                self.steps.at.store(plan.nth, Ordering::Relaxed);
                self.steps.forever.store(forever, Ordering::Relaxed);
                self.steps.watched.store(true, Ordering::Relaxed);
            }
            Fault::NoMemory => alloc_faults::watch_requests(plan),
            _ => self.state().planned = Some(plan),
        }
    }

    pub(crate) fn clear_faults(&self) {
        let mut state = self.state();
        state.calls = [0; Fault::ALL.len()];
        state.barriers.clear();
        state.planned = None;
        drop(state);
        self.steps.watched.store(false, Ordering::Relaxed);
        self.steps.count.store(0, Ordering::Relaxed);
        alloc_faults::watch_requests(FaultPlan::nth(u64::MAX, Fault::NoMemory));
    }

    pub(crate) fn calls(&self, fault: Fault) -> u64 {
        match fault {
            Fault::Interrupt => return self.steps.count.load(Ordering::Relaxed),
            Fault::NoMemory => return alloc_faults::count_requests(),
            _ => {}
        }
        let state = self.state();
        let counts = Fault::ALL.iter().zip(state.calls);
        counts
            .filter(|(own, _)| **own == fault)
            .map(|(_, count)| count)
            .sum()
    }

    pub(crate) fn is_powered_off(&self) -> bool {
        self.state().stopped
    }

    /// The milliseconds since the beginning of the Julian calendar; each call takes one.
    pub(crate) fn now(&self) -> i64 {
        self.sleep(1)
    }

    pub(crate) fn sleep(&self, milliseconds: i64) -> i64 {
        let mut state = self.state();
        state.clock += milliseconds;
        state.clock
    }

    /// Whether connections report each instruction of SQLite's virtual machine.
    pub(crate) fn watches_steps(&self) -> bool {
        self.steps.watched.load(Ordering::Relaxed)
    }

    /// Whether this instruction of SQLite's virtual machine may run.
    pub(crate) fn step(&self) -> bool {
        let steps = &self.steps;
        if !self.watches_steps() {
            return true;
        }
        let now = steps.count.fetch_add(1, Ordering::Relaxed) + 1;
        let at = steps.at.load(Ordering::Relaxed);
        now != at && !(steps.forever.load(Ordering::Relaxed) && now > at)
    }

    /// Opens the file `name`, or one without a name.
    pub(crate) fn open(&self, name: Option<&str>, how: OpenMode) -> Result<Opener, Code> {
        let mut state = self.state();
        let found = name.and_then(|name| state.disk.find(name));
        if found.is_some() && how.exclusive || found.is_none() && !how.create {
            return Err(ffi::SQLITE_CANTOPEN);
        }
        let (inode, late) = match (found, name) {
            (Some(inode), _) => {
                state.admit(Call::Open, how.kind).whole()?;
                (inode, None)
            }
            (None, Some(name)) => {
                let late = state.admit(Call::Create, how.kind).late()?;
                (state.disk.create(name), late)
            }
            (None, None) => {
                state.admit(Call::Create, FileKind::Temporary).whole()?;
                (state.disk.create_nameless(), None)
            }
        };
        if let Some(code) = late {
            return Err(code);
        }
        let syncs_names = how.create && matches!(how.kind, FileKind::Journal | FileKind::Wal);
        Ok(state.add(Open {
            inode,
            kind: how.kind,
            syncs_names,
            claimed: false,
        }))
    }

    pub(crate) fn close(&self, opener: Opener) {
        let mut state = self.state();
        state.unmap(opener);
        let Some(Open { inode, .. }) = state.open.remove(&opener) else {
            return;
        };
        if let Some(locks) = state.locks.get_mut(&inode) {
            locks.unlock(opener, Level::None);
        }
        if !state.open.values().any(|open| open.inode == inode) {
            state.locks.remove(&inode);
            state.disk.forget(inode);
        }
    }

    /// Fills `buffer`, with zeros after the end of the file.
    pub(crate) fn read(
        &self,
        opener: Opener,
        offset: usize,
        buffer: &mut [u8],
    ) -> Result<(), Code> {
        let mut state = self.state();
        let (inode, kind) = state.find_open(opener)?;
        let there = state.disk.read(inode).get(offset..).map_or(0, <[u8]>::len);
        let (length, result) = if there < buffer.len() && !state.stopped {
            (there, Err(ffi::SQLITE_IOERR_SHORT_READ))
        } else {
            match state.admit(Call::Read, kind) {
                Verdict::Go => (buffer.len(), Ok(())),
                Verdict::Half(code) if code == ffi::SQLITE_IOERR_SHORT_READ => {
                    (buffer.len() / 2, Err(code))
                }
                Verdict::Half(code) | Verdict::Refuse(code) | Verdict::Late(code) => (0, Err(code)),
            }
        };
        let bytes = state.disk.read(inode).get(offset..).unwrap_or_default();
        let (filled, rest) = buffer.split_at_mut(length);
        if let Some(bytes) = bytes.get(..length) {
            filled.copy_from_slice(bytes);
        }
        rest.fill(0);
        result
    }

    pub(crate) fn write(&self, opener: Opener, offset: usize, data: &[u8]) -> Result<(), Code> {
        let mut state = self.state();
        let (inode, kind) = state.find_open(opener)?;
        let (length, result) = match state.admit(Call::Write, kind) {
            Verdict::Go => (data.len(), Ok(())),
            Verdict::Late(code) => (data.len(), Err(code)),
            Verdict::Half(code) => (data.len() / 2, Err(code)),
            Verdict::Refuse(code) => (0, Err(code)),
        };
        if let Some(part) = data.get(..length).filter(|part| !part.is_empty()) {
            state.disk.write(inode, offset, part);
        }
        result
    }

    pub(crate) fn truncate(&self, opener: Opener, size: usize) -> Result<(), Code> {
        let mut state = self.state();
        let (inode, kind) = state.find_open(opener)?;
        let late = state.admit(Call::Truncate, kind).late()?;
        state.disk.resize(inode, size);
        late.map_or(Ok(()), Err)
    }

    pub(crate) fn sync(&self, opener: Opener) -> Result<(), Code> {
        let mut state = self.state();
        let (inode, kind) = state.find_open(opener)?;
        let late = state.admit(Call::Sync, kind).late()?;
        if state.stopped || state.device.ignores_sync_of == Some(kind) {
            return late.map_or(Ok(()), Err);
        }
        state.disk.sync(inode);
        let names = state.open.get_mut(&opener).filter(|open| open.syncs_names);
        if names.is_some_and(|open| std::mem::take(&mut open.syncs_names)) {
            // The power can fail between the two. SQLite ignores the result of the second.
            state.lose_power();
            if state.stopped {
                return Err(Call::SyncNames.io_error());
            }
            state.disk.sync_names();
        }
        late.map_or(Ok(()), Err)
    }

    pub(crate) fn size(&self, opener: Opener) -> Result<usize, Code> {
        let mut state = self.state();
        let (inode, kind) = state.find_open(opener)?;
        state.admit(Call::Size, kind).whole()?;
        Ok(state.disk.read(inode).len())
    }

    pub(crate) fn delete(&self, name: &str, sync: bool) -> Result<(), Code> {
        let mut state = self.state();
        if state.stopped {
            return Err(ffi::SQLITE_IOERR_DELETE);
        }
        let Some(inode) = state.disk.find(name) else {
            return Err(ffi::SQLITE_IOERR_DELETE_NOENT);
        };
        let late = state.admit(Call::Delete, FileKind::Journal).late()?;
        state.disk.delete(name);
        if sync && !state.stopped {
            state.disk.sync_names();
        }
        if !state.open.values().any(|open| open.inode == inode) {
            state.disk.forget(inode);
        }
        late.map_or(Ok(()), Err)
    }

    /// Whether the file exists; as in SQLite's VFS for Unix, an empty file does not.
    pub(crate) fn exists(&self, name: &str) -> Result<bool, Code> {
        let mut state = self.state();
        state.admit(Call::Access, FileKind::Main).whole()?;
        let inode = state.disk.find(name);
        Ok(inode.is_some_and(|inode| !state.disk.read(inode).is_empty()))
    }

    pub(crate) fn lock(&self, opener: Opener, level: Level) -> Result<(), Code> {
        let mut state = self.state();
        let (inode, kind) = state.find_open(opener)?;
        state.admit(Call::Lock, kind).whole()?;
        let taken = state.locks.entry(inode).or_default().lock(opener, level);
        taken.map_err(|_| ffi::SQLITE_BUSY)
    }

    pub(crate) fn unlock(&self, opener: Opener, level: Level) {
        let mut state = self.state();
        if let Ok((inode, _)) = state.find_open(opener) {
            state.locks.entry(inode).or_default().unlock(opener, level);
        }
    }

    pub(crate) fn reserved(&self, opener: Opener) -> Result<bool, Code> {
        let mut state = self.state();
        let (inode, kind) = state.find_open(opener)?;
        state.admit(Call::Size, kind).whole()?;
        Ok(state.locks.get(&inode).is_some_and(FileLocks::reserved))
    }

    pub(crate) fn device_promises(&self) -> i32 {
        if self.state().device.powersafe_overwrite {
            ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE
        } else {
            0
        }
    }

    /// The address of a region of the shared memory, valid until [`Os::unmap`] or [`Os::close`].
    pub(crate) fn map(
        &self,
        opener: Opener,
        index: usize,
        size: usize,
        extend: bool,
    ) -> Result<Option<*const AtomicU64>, Code> {
        let mut state = self.state();
        let (inode, kind) = state.find_open(opener)?;
        state.admit(Call::Map, kind).whole()?;
        let shared = state.shared.entry(inode).or_default();
        Ok(shared.map(opener, index, size, extend))
    }

    pub(crate) fn unmap(&self, opener: Opener) {
        self.state().unmap(opener);
    }

    pub(crate) fn lock_slots(
        &self,
        opener: Opener,
        slots: Range<usize>,
        exclusive: bool,
    ) -> Result<(), Code> {
        let mut state = self.state();
        let (inode, kind) = state.find_open(opener)?;
        state.admit(Call::Slots, kind).whole()?;
        let shared = state.shared.get_mut(&inode);
        let shared = shared.ok_or(ffi::SQLITE_IOERR_SHMLOCK)?;
        let taken = shared.lock(opener, slots, exclusive);
        taken.map_err(|_| ffi::SQLITE_BUSY)
    }

    pub(crate) fn unlock_slots(&self, opener: Opener, slots: Range<usize>) {
        let mut state = self.state();
        if let Ok((inode, _)) = state.find_open(opener)
            && let Some(shared) = state.shared.get_mut(&inode)
        {
            shared.unlock(opener, slots);
        }
    }
}
