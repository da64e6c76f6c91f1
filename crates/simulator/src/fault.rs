//! Faults that calls can have.

use std::fmt;

use rusqlite::ffi;

use crate::device::FileKind;

/// A way in which a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// The power fails: this call and all later ones fail. It hits calls that change the disk; a
    /// power cut at any other call leaves the same disk as one of these.
    PowerLoss,
    /// The call fails with an I/O error; a write is half done. It hits every call except close and
    /// unlock.
    IoError,
    /// The call succeeds but reports an I/O error, as on a network. It hits calls that change the
    /// disk.
    DoneButFailed,
    /// A write fails with `SQLITE_FULL` and is half done. It hits writes and truncations.
    Full,
    /// A read returns half of the content, and zeros. It hits reads inside the file.
    ShortRead,
    /// Another connection holds the lock: `SQLITE_BUSY`. It hits each lock request.
    Busy,
    /// A [progress handler](https://sqlite.org/c3ref/progress_handler.html) interrupts. It hits
    /// each instruction of SQLite's virtual machine, on connections that are opened after
    /// [`Machine::inject`](crate::Machine::inject).
    Interrupt,
    /// SQLite gets no memory: [`SQLITE_NOMEM`](https://sqlite.org/rescode.html#nomem). It hits each
    /// request of the thread that called [`Machine::inject`](crate::Machine::inject), but only if
    /// [`watch_memory`](crate::watch_memory) was called in time.
    NoMemory,
}

/// Whether later calls fail, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Repeat {
    /// One call fails.
    Once,
    /// One call fails, and all later calls.
    Forever,
}

/// A fault, and whether it repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultMode {
    /// The fault.
    pub fault: Fault,
    /// Whether later calls fail, too.
    pub repeat: Repeat,
}

/// The call that fails, counted from 1 over the calls that the fault can hit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FaultPlan {
    /// The fault.
    pub fault: Fault,
    /// The number of the call.
    pub nth: u64,
    /// Whether later calls fail, too. After a power loss they always do.
    pub repeat: Repeat,
}

impl FaultMode {
    /// A fault that hits one call.
    pub const fn once(fault: Fault) -> FaultMode {
        let repeat = Repeat::Once;
        FaultMode { fault, repeat }
    }

    /// A fault that hits one call and all later ones.
    pub const fn forever(fault: Fault) -> FaultMode {
        let repeat = Repeat::Forever;
        FaultMode { fault, repeat }
    }

    /// The plan that hits the `nth` call.
    pub fn at(self, nth: u64) -> FaultPlan {
        FaultPlan {
            fault: self.fault,
            nth,
            repeat: self.repeat,
        }
    }
}

impl FaultPlan {
    /// The `nth` call fails.
    pub fn nth(nth: u64, fault: Fault) -> FaultPlan {
        FaultMode::once(fault).at(nth)
    }

    /// Also fails all later calls.
    #[must_use]
    pub fn forever(self) -> FaultPlan {
        let repeat = Repeat::Forever;
        FaultPlan { repeat, ..self }
    }

    /// Whether the plan hits this call.
    pub(crate) fn hits_call(self, number: u64) -> bool {
        number == self.nth || self.repeat == Repeat::Forever && number > self.nth
    }
}

impl Fault {
    /// All faults.
    pub const ALL: [Fault; 8] = [
        Fault::PowerLoss,
        Fault::IoError,
        Fault::DoneButFailed,
        Fault::Full,
        Fault::ShortRead,
        Fault::Busy,
        Fault::Interrupt,
        Fault::NoMemory,
    ];

    pub(crate) fn hits(self, call: Call, kind: FileKind) -> bool {
        let changes = matches!(
            call,
            Call::Create
                | Call::Write
                | Call::Truncate
                | Call::Sync
                | Call::Delete
                | Call::Link
                | Call::Rename
                | Call::SyncNames
        );
        match self {
            Fault::PowerLoss => changes && kind != FileKind::Temporary,
            Fault::IoError => true,
            Fault::DoneButFailed => changes && call != Call::Create,
            Fault::Full => matches!(call, Call::Write | Call::Truncate),
            Fault::ShortRead => call == Call::Read,
            Fault::Busy => matches!(call, Call::Lock | Call::Slots),
            Fault::Interrupt | Fault::NoMemory => false,
        }
    }
}

/// A result code of SQLite that is not `SQLITE_OK`.
pub(crate) type Code = i32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Call {
    Open,
    Create,
    Read,
    Write,
    Truncate,
    Sync,
    Size,
    Delete,
    Access,
    Lock,
    Slots,
    Map,
    /// Gives a file an additional name.
    Link,
    /// Renames a file.
    Rename,
    /// Syncs the directory.
    SyncNames,
    /// Lists the directory.
    List,
}

impl Call {
    pub(crate) fn io_error(self) -> Code {
        match self {
            Call::Open | Call::Create => ffi::SQLITE_CANTOPEN,
            Call::Read => ffi::SQLITE_IOERR_READ,
            Call::Write => ffi::SQLITE_IOERR_WRITE,
            Call::Truncate => ffi::SQLITE_IOERR_TRUNCATE,
            Call::Sync => ffi::SQLITE_IOERR_FSYNC,
            Call::Size => ffi::SQLITE_IOERR_FSTAT,
            Call::Delete => ffi::SQLITE_IOERR_DELETE,
            Call::Access => ffi::SQLITE_IOERR_ACCESS,
            Call::Lock => ffi::SQLITE_IOERR_LOCK,
            Call::Slots => ffi::SQLITE_IOERR_SHMLOCK,
            Call::Map => ffi::SQLITE_IOERR_SHMMAP,
            // Only the engine makes these calls, and it gets an I/O error.
            Call::Link | Call::Rename | Call::List => ffi::SQLITE_IOERR,
            Call::SyncNames => ffi::SQLITE_IOERR_DIR_FSYNC,
        }
    }
}

/// The outcome of one call.
pub(crate) enum Verdict {
    Go,
    /// The call does nothing and fails.
    Refuse(Code),
    /// Half of a write or a read is done, and then the call fails.
    Half(Code),
    /// The call is done as far as possible without a sync, and fails.
    Late(Code),
}

impl Verdict {
    /// For calls that change nothing: they succeed, or fail.
    pub(crate) fn whole(self) -> Result<(), Code> {
        match self {
            Verdict::Go => Ok(()),
            Verdict::Refuse(code) | Verdict::Half(code) | Verdict::Late(code) => Err(code),
        }
    }

    /// For calls that cannot be half done: the code with which the call fails after it is done.
    pub(crate) fn late(self) -> Result<Option<Code>, Code> {
        match self {
            Verdict::Go => Ok(None),
            Verdict::Late(code) => Ok(Some(code)),
            Verdict::Refuse(code) | Verdict::Half(code) => Err(code),
        }
    }
}

impl fmt::Display for FaultMode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.fault {
            Fault::PowerLoss => return f.write_str("power loss"),
            Fault::IoError => "I/O error",
            Fault::DoneButFailed => "I/O error after the workload",
            Fault::Full => "full disk",
            Fault::ShortRead => "short read",
            Fault::Busy => "lock held by others",
            Fault::Interrupt => "interrupt",
            Fault::NoMemory => "no memory",
        };
        let often = match self.repeat {
            Repeat::Once => "once",
            Repeat::Forever => "for ever",
        };
        write!(f, "{what} {often}")
    }
}
