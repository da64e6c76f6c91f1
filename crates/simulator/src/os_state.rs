//! The state of a machine's operating system: open files, locks, and the planned fault.

use std::collections::BTreeMap;

use rusqlite::ffi;

use crate::device::{Device, FileKind};
use crate::disk::{Disk, Inode};
use crate::fault::{Call, Code, Fault, FaultPlan, Verdict};
use crate::locks::{FileLocks, Opener, Shared};

/// 2026-01-01, in milliseconds since the beginning of the Julian calendar.
const START: i64 = 212_633_985_600_000;

#[derive(Debug)]
pub(crate) struct Open {
    pub(crate) inode: Inode,
    pub(crate) kind: FileKind,
    /// Whether the first sync also syncs the directory, as SQLite's VFS for Unix does for a new
    /// journal.
    pub(crate) syncs_names: bool,
    /// Whether the engine made the file and still has it open.
    pub(crate) claimed: bool,
}

#[derive(Debug)]
pub(crate) struct State {
    pub(crate) device: Device,
    pub(crate) disk: Disk,
    pub(crate) open: BTreeMap<Opener, Open>,
    pub(crate) locks: BTreeMap<Inode, FileLocks>,
    pub(crate) shared: BTreeMap<Inode, Shared>,
    pub(crate) planned: Option<FaultPlan>,
    /// The number of calls by fault, in the order of [`Fault::ALL`].
    pub(crate) calls: [u64; Fault::ALL.len()],
    /// Those calls that [`Fault::PowerLoss`] hits and that do more than write: they change the
    /// durable content or names.
    pub(crate) barriers: Vec<u64>,
    pub(crate) stopped: bool,
    next: Opener,
    pub(crate) clock: i64,
}

impl State {
    pub(crate) fn new(device: Device) -> State {
        State {
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
        }
    }

    /// Opens an empty file for the engine; it does not count as abandoned until it is closed.
    pub(crate) fn claim(&mut self, name: &str) -> Opener {
        let inode = self.disk.create(name);
        self.add(Open {
            inode,
            kind: FileKind::Main,
            syncs_names: false,
            claimed: true,
        })
    }

    pub(crate) fn is_claimed(&self, inode: Inode) -> bool {
        let mut open = self.open.values();
        open.any(|open| open.inode == inode && open.claimed)
    }

    pub(crate) fn is_open(&self, inode: Inode) -> bool {
        self.open.values().any(|open| open.inode == inode)
    }

    pub(crate) fn add(&mut self, open: Open) -> Opener {
        self.next += 1;
        self.open.insert(self.next, open);
        self.next
    }

    pub(crate) fn find_open(&self, opener: Opener) -> Result<(Inode, FileKind), Code> {
        let open = self.open.get(&opener).ok_or(ffi::SQLITE_IOERR)?;
        Ok((open.inode, open.kind))
    }

    pub(crate) fn unmap(&mut self, opener: Opener) {
        let Ok((inode, _)) = self.find_open(opener) else {
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

    /// Loses the power at a call that no other fault hits.
    pub(crate) fn lose_power(&mut self) {
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
        self.stopped |= planned.is_some_and(|own| own.nth == now);
    }

    /// Counts the call, and decides its fate.
    pub(crate) fn admit(&mut self, call: Call, kind: FileKind) -> Verdict {
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
        if !planned.hits_call(now) {
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
