//! What SQLite asks of an operating system, as safe calls, each of which can be made to fail.

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use rusqlite::ffi;

use super::disk::{Disk, Inode};
use super::fault::{Call, Code, Device, Fault, FileKind, Planned, Verdict};
use super::locks::{FileLocks, Level, Opener, Shared};
use super::memory;

#[derive(Debug)]
struct Open {
    inode: Inode,
    kind: FileKind,
    /// Whether the first sync syncs the directory, too, as SQLite's VFS for Unix does for a new journal.
    syncs_names: bool,
    /// Whether the engine made it, and has it still.
    claimed: bool,
}

#[derive(Debug)]
pub(super) struct State {
    pub(super) device: Device,
    pub(super) disk: Disk,
    open: BTreeMap<Opener, Open>,
    locks: BTreeMap<Inode, FileLocks>,
    shared: BTreeMap<Inode, Shared>,
    planned: Option<Planned>,
    /// In the order of [`Fault::ALL`].
    calls: [u64; Fault::ALL.len()],
    /// Which of the calls that [`Fault::PowerLoss`] hits do more than to write: what is durable, and under which
    /// name, changes there.
    barriers: Vec<u64>,
    pub(super) stopped: bool,
    next: Opener,
    clock: i64,
}

/// How a file is to be opened.
#[derive(Clone, Copy, Debug)]
pub(super) struct How {
    pub(super) kind: FileKind,
    pub(super) create: bool,
    pub(super) exclusive: bool,
}

/// The operating system of one machine. Every call takes its one lock.
#[derive(Debug)]
pub(super) struct System {
    vfs: super::ffi::Slot,
    state: Mutex<State>,
    steps: Steps,
}

/// Instructions of SQLite's machine. They are counted apart, because there are so many.
#[derive(Debug, Default)]
struct Steps {
    watched: AtomicBool,
    count: AtomicU64,
    at: AtomicU64,
    forever: AtomicBool,
}

/// 2026-01-01, in milliseconds since the beginning of the Julian calendar.
const START: i64 = 212_633_985_600_000;

impl System {
    pub(super) fn new(vfs: super::ffi::Slot, device: Device) -> System {
        System {
            vfs,
            state: Mutex::new(State {
                device,
                disk: Disk::default(),
                open: BTreeMap::new(),
                locks: BTreeMap::new(),
                shared: BTreeMap::new(),
                planned: None,
                calls: [0; Fault::ALL.len()],
                barriers: Vec::new(),
                stopped: false,
                next: 0,
                clock: START,
            }),
            steps: Steps::default(),
        }
    }

    pub(super) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn vfs_name(&self) -> &std::ffi::CStr {
        self.vfs.name()
    }

    /// What the engine asks of this machine besides SQLite's own work.
    pub(super) fn files(&self) -> &'static dyn migrations::Files {
        self.vfs.files()
    }

    /// The calls, counted as [`System::calls`] does for [`Fault::PowerLoss`], that are no mere writes.
    pub(super) fn barriers(&self) -> Vec<u64> {
        self.state().barriers.clone()
    }

    pub(super) fn disk<T>(&self, look: impl FnOnce(&mut Disk) -> T) -> T {
        look(&mut self.state().disk)
    }

    pub(super) fn device(&self) -> Device {
        self.state().device
    }

    pub(super) fn fail(&self, fault: Fault, at: u64, forever: bool) {
        self.mend();
        match fault {
            Fault::Interrupt => {
                self.steps.at.store(at, Ordering::Relaxed);
                self.steps.forever.store(forever, Ordering::Relaxed);
                self.steps.watched.store(true, Ordering::Relaxed);
            }
            Fault::NoMemory => memory::plan(at, forever),
            _ => self.state().planned = Some(Planned { fault, at, forever }),
        }
    }

    pub(super) fn mend(&self) {
        let mut state = self.state();
        state.calls = [0; Fault::ALL.len()];
        state.barriers.clear();
        state.planned = None;
        drop(state);
        self.steps.watched.store(false, Ordering::Relaxed);
        self.steps.count.store(0, Ordering::Relaxed);
        memory::plan(u64::MAX, false);
    }

    pub(super) fn calls(&self, fault: Fault) -> u64 {
        match fault {
            Fault::Interrupt => return self.steps.count.load(Ordering::Relaxed),
            Fault::NoMemory => return memory::count(),
            _ => {}
        }
        let state = self.state();
        let counts = Fault::ALL.iter().zip(state.calls);
        counts
            .filter(|(own, _)| **own == fault)
            .map(|(_, count)| count)
            .sum()
    }

    pub(super) fn stopped(&self) -> bool {
        self.state().stopped
    }

    /// Milliseconds since the beginning of the Julian calendar; each question takes one.
    pub(super) fn now(&self) -> i64 {
        self.sleep(1)
    }

    pub(super) fn sleep(&self, milliseconds: i64) -> i64 {
        let mut state = self.state();
        state.clock += milliseconds;
        state.clock
    }

    /// Whether connections are to tell of each instruction of SQLite's machine.
    pub(super) fn watches_steps(&self) -> bool {
        self.steps.watched.load(Ordering::Relaxed)
    }

    /// Whether this instruction of SQLite's machine may run.
    pub(super) fn step(&self) -> bool {
        let steps = &self.steps;
        if !self.watches_steps() {
            return true;
        }
        let now = steps.count.fetch_add(1, Ordering::Relaxed) + 1;
        let at = steps.at.load(Ordering::Relaxed);
        now != at && !(steps.forever.load(Ordering::Relaxed) && now > at)
    }

    /// Opens the file `name`, or one without a name.
    pub(super) fn open(&self, name: Option<&str>, how: How) -> Result<Opener, Code> {
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

    pub(super) fn close(&self, opener: Opener) {
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

    /// Fills `buffer`, with zeros where the file ends before.
    pub(super) fn read(
        &self,
        opener: Opener,
        offset: usize,
        buffer: &mut [u8],
    ) -> Result<(), Code> {
        let mut state = self.state();
        let (inode, kind) = state.of(opener)?;
        let there = state.disk.read(inode).get(offset..).map_or(0, <[u8]>::len);
        let (length, result) = match there < buffer.len() && !state.stopped {
            true => (there, Err(ffi::SQLITE_IOERR_SHORT_READ)),
            false => match state.admit(Call::Read, kind) {
                Verdict::Go => (buffer.len(), Ok(())),
                Verdict::Half(code) if code == ffi::SQLITE_IOERR_SHORT_READ => {
                    (buffer.len() / 2, Err(code))
                }
                Verdict::Half(code) | Verdict::Refuse(code) | Verdict::Late(code) => (0, Err(code)),
            },
        };
        let bytes = state.disk.read(inode).get(offset..).unwrap_or_default();
        let (filled, rest) = buffer.split_at_mut(length);
        if let Some(bytes) = bytes.get(..length) {
            filled.copy_from_slice(bytes);
        }
        rest.fill(0);
        result
    }

    pub(super) fn write(&self, opener: Opener, offset: usize, data: &[u8]) -> Result<(), Code> {
        let mut state = self.state();
        let (inode, kind) = state.of(opener)?;
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

    pub(super) fn truncate(&self, opener: Opener, size: usize) -> Result<(), Code> {
        let mut state = self.state();
        let (inode, kind) = state.of(opener)?;
        let late = state.admit(Call::Truncate, kind).late()?;
        state.disk.resize(inode, size);
        late.map_or(Ok(()), Err)
    }

    pub(super) fn sync(&self, opener: Opener) -> Result<(), Code> {
        let mut state = self.state();
        let (inode, kind) = state.of(opener)?;
        let late = state.admit(Call::Sync, kind).late()?;
        if state.stopped || state.device.ignores_sync_of == Some(kind) {
            return late.map_or(Ok(()), Err);
        }
        state.disk.sync(inode);
        let names = state.open.get_mut(&opener).filter(|open| open.syncs_names);
        if names.is_some_and(|open| std::mem::take(&mut open.syncs_names)) {
            // The power can go between the two. SQLite does not ask whether the second succeeds.
            state.power();
            if state.stopped {
                return Err(Call::SyncNames.io_error());
            }
            state.disk.sync_names();
        }
        late.map_or(Ok(()), Err)
    }

    pub(super) fn size(&self, opener: Opener) -> Result<usize, Code> {
        let mut state = self.state();
        let (inode, kind) = state.of(opener)?;
        state.admit(Call::Size, kind).whole()?;
        Ok(state.disk.read(inode).len())
    }

    pub(super) fn delete(&self, name: &str, sync: bool) -> Result<(), Code> {
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

    /// Whether the file is there; as for SQLite's VFS for Unix, an empty one is not.
    pub(super) fn exists(&self, name: &str) -> Result<bool, Code> {
        let mut state = self.state();
        state.admit(Call::Access, FileKind::Main).whole()?;
        let inode = state.disk.find(name);
        Ok(inode.is_some_and(|inode| !state.disk.read(inode).is_empty()))
    }

    pub(super) fn lock(&self, opener: Opener, level: Level) -> Result<(), Code> {
        let mut state = self.state();
        let (inode, kind) = state.of(opener)?;
        state.admit(Call::Lock, kind).whole()?;
        let taken = state.locks.entry(inode).or_default().lock(opener, level);
        taken.map_err(|_| ffi::SQLITE_BUSY)
    }

    pub(super) fn unlock(&self, opener: Opener, level: Level) {
        let mut state = self.state();
        if let Ok((inode, _)) = state.of(opener) {
            state.locks.entry(inode).or_default().unlock(opener, level);
        }
    }

    pub(super) fn reserved(&self, opener: Opener) -> Result<bool, Code> {
        let mut state = self.state();
        let (inode, kind) = state.of(opener)?;
        state.admit(Call::Size, kind).whole()?;
        Ok(state.locks.get(&inode).is_some_and(FileLocks::reserved))
    }

    pub(super) fn device_promises(&self) -> i32 {
        match self.state().device.powersafe_overwrite {
            true => ffi::SQLITE_IOCAP_POWERSAFE_OVERWRITE,
            false => 0,
        }
    }

    /// The address of a region of the shared memory, valid until [`System::unmap`] or [`System::close`].
    pub(super) fn map(
        &self,
        opener: Opener,
        index: usize,
        size: usize,
        extend: bool,
    ) -> Result<Option<*const AtomicU64>, Code> {
        let mut state = self.state();
        let (inode, kind) = state.of(opener)?;
        state.admit(Call::Map, kind).whole()?;
        let shared = state.shared.entry(inode).or_default();
        Ok(shared.map(opener, index, size, extend))
    }

    pub(super) fn unmap(&self, opener: Opener) {
        self.state().unmap(opener);
    }

    pub(super) fn lock_slots(
        &self,
        opener: Opener,
        slots: Range<usize>,
        exclusive: bool,
    ) -> Result<(), Code> {
        let mut state = self.state();
        let (inode, kind) = state.of(opener)?;
        state.admit(Call::Slots, kind).whole()?;
        let shared = state.shared.get_mut(&inode);
        let shared = shared.ok_or(ffi::SQLITE_IOERR_SHMLOCK)?;
        let taken = shared.lock(opener, slots, exclusive);
        taken.map_err(|_| ffi::SQLITE_BUSY)
    }

    pub(super) fn unlock_slots(&self, opener: Opener, slots: Range<usize>) {
        let mut state = self.state();
        if let Ok((inode, _)) = state.of(opener)
            && let Some(shared) = state.shared.get_mut(&inode)
        {
            shared.unlock(opener, slots);
        }
    }
}

impl State {
    /// Opens an empty file for the engine, which nobody takes for abandoned until it is closed.
    pub(super) fn claim(&mut self, name: &str) -> Opener {
        let inode = self.disk.create(name);
        self.add(Open {
            inode,
            kind: FileKind::Main,
            syncs_names: false,
            claimed: true,
        })
    }

    pub(super) fn is_claimed(&self, inode: Inode) -> bool {
        let mut open = self.open.values();
        open.any(|open| open.inode == inode && open.claimed)
    }

    pub(super) fn is_open(&self, inode: Inode) -> bool {
        self.open.values().any(|open| open.inode == inode)
    }

    fn add(&mut self, open: Open) -> Opener {
        self.next += 1;
        self.open.insert(self.next, open);
        self.next
    }

    fn of(&self, opener: Opener) -> Result<(Inode, FileKind), Code> {
        let open = self.open.get(&opener).ok_or(ffi::SQLITE_IOERR)?;
        Ok((open.inode, open.kind))
    }

    fn unmap(&mut self, opener: Opener) {
        let Ok((inode, _)) = self.of(opener) else {
            return;
        };
        let last = self
            .shared
            .get_mut(&inode)
            .is_some_and(|shared| shared.leave(opener));
        if last {
            self.shared.remove(&inode);
        }
    }

    /// Lets the power go at a call that nothing else hits.
    fn power(&mut self) {
        let Some(place) = Fault::ALL.iter().position(|own| *own == Fault::PowerLoss) else {
            return;
        };
        let Some(count) = self.calls.get_mut(place) else {
            return;
        };
        *count += 1;
        let now = *count;
        self.barriers.push(now);
        let planned = self.planned.filter(|own| own.fault == Fault::PowerLoss);
        self.stopped |= planned.is_some_and(|own| own.at == now);
    }

    /// Counts the call and says what happens to it.
    pub(super) fn admit(&mut self, call: Call, kind: FileKind) -> Verdict {
        if self.stopped {
            return Verdict::Refuse(call.io_error());
        }
        let mut now = 0;
        for (fault, count) in Fault::ALL.iter().zip(&mut self.calls) {
            if fault.hits(call, kind) {
                *count += 1;
                if *fault == Fault::PowerLoss && !matches!(call, Call::Write | Call::Truncate) {
                    self.barriers.push(*count);
                }
                if self.planned.is_some_and(|planned| planned.fault == *fault) {
                    now = *count;
                }
            }
        }
        let Some(planned) = self.planned.filter(|own| own.fault.hits(call, kind)) else {
            return Verdict::Go;
        };
        if now != planned.at && !(planned.forever && now > planned.at) {
            return Verdict::Go;
        }
        match planned.fault {
            Fault::PowerLoss => {
                self.stopped = true;
                Verdict::Late(call.io_error())
            }
            Fault::IoError => Verdict::Half(call.io_error()),
            Fault::DoneButFailed => Verdict::Late(call.io_error()),
            Fault::Full => Verdict::Half(ffi::SQLITE_FULL),
            Fault::ShortRead => Verdict::Half(ffi::SQLITE_IOERR_SHORT_READ),
            Fault::Busy => Verdict::Refuse(ffi::SQLITE_BUSY),
            Fault::Interrupt | Fault::NoMemory => Verdict::Go,
        }
    }
}
