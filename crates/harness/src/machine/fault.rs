//! How calls fail, and what a disk promises.

use rusqlite::ffi;

/// What the disk promises beyond keeping what was synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    /// Bytes that are written at once, or torn.
    pub sector: usize,
    /// Whether a torn write leaves the rest of its sector alone. SQLite believes it of every disk unless it is
    /// told otherwise: <https://sqlite.org/psow.html>
    pub powersafe_overwrite: bool,
    /// What of the changes that were not synced survives in the order in which they were made.
    pub order: Order,
    /// Files whose syncs the disk reports as done without doing them.
    pub ignores_sync_of: Option<FileKind>,
    /// Whether a file can have two names.
    pub links: bool,
}

impl Default for Device {
    /// Sectors of 512 bytes, powersafe overwrite, no order, every sync done, links.
    fn default() -> Device {
        Device {
            sector: 512,
            powersafe_overwrite: true,
            order: Order::None,
            ignores_sync_of: None,
            links: true,
        }
    }
}

/// What a disk keeps in order; it decides what [`Survivors::Seeded`](super::Survivors) can leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Nothing.
    None,
    /// Names and sizes, as file systems with a journal do.
    Metadata,
    /// Everything.
    All,
}

/// What a file is to SQLite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// The database.
    Main,
    /// Its rollback journal, or that of several databases.
    Journal,
    /// Its write-ahead log.
    Wal,
    /// Anything that goes when it is closed.
    Temporary,
}

/// How a call fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Fault {
    /// The machine stops: this call and all later ones fail. It hits what changes the disk; a cut at any other
    /// call leaves the same disk as one of these.
    PowerLoss,
    /// The call fails with an I/O error; of a write, one half is done. It hits every call but closing and
    /// giving locks back.
    IoError,
    /// The call is done and then fails with an I/O error, as on a network. It hits what changes the disk.
    DoneButFailed,
    /// A write fails with `SQLITE_FULL`, one half of it done. It hits writes and truncations.
    Full,
    /// A read finds half of what is there, and zeros. It hits reads that would find all.
    ShortRead,
    /// Somebody else holds the lock: `SQLITE_BUSY`. It hits each lock that is taken.
    Busy,
    /// A [progress handler](https://sqlite.org/c3ref/progress_handler.html) interrupts. It hits each
    /// instruction of SQLite's machine on connections opened after [`Machine::fail`](super::Machine::fail).
    Interrupt,
    /// SQLite gets no memory: [`SQLITE_NOMEM`](https://sqlite.org/rescode.html#nomem). It hits each request of the
    /// thread that called [`Machine::fail`](super::Machine::fail), and none unless
    /// [`watch_memory`](super::watch_memory) was called in time.
    NoMemory,
}

impl Fault {
    /// All of them.
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

    pub(super) fn hits(self, call: Call, kind: FileKind) -> bool {
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
pub(super) type Code = i32;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Call {
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
    /// Gives a file another name.
    Link,
    /// Gives a file another name in place of its own.
    Rename,
    /// Syncs the directory.
    SyncNames,
    /// Lists the directory.
    List,
}

impl Call {
    pub(super) fn io_error(self) -> Code {
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
            // Nobody but the engine makes these, and it is told of an I/O error.
            Call::Link | Call::Rename | Call::List => ffi::SQLITE_IOERR,
            Call::SyncNames => ffi::SQLITE_IOERR_DIR_FSYNC,
        }
    }
}

/// What happens to one call.
pub(super) enum Verdict {
    Go,
    /// The call does nothing and fails.
    Refuse(Code),
    /// Half of a write or a read is done; then it fails.
    Half(Code),
    /// The call is done as far as it can be without a sync, and fails.
    Late(Code),
}

#[derive(Clone, Copy, Debug)]
pub(super) struct Planned {
    pub(super) fault: Fault,
    pub(super) at: u64,
    pub(super) forever: bool,
}

impl Verdict {
    /// For calls that change nothing: they succeed, or fail.
    pub(super) fn whole(self) -> Result<(), Code> {
        match self {
            Verdict::Go => Ok(()),
            Verdict::Refuse(code) | Verdict::Half(code) | Verdict::Late(code) => Err(code),
        }
    }

    /// For calls that cannot be done by halves: the code to fail with after doing it.
    pub(super) fn late(self) -> Result<Option<Code>, Code> {
        match self {
            Verdict::Go => Ok(None),
            Verdict::Late(code) => Ok(Some(code)),
            Verdict::Refuse(code) | Verdict::Half(code) => Err(code),
        }
    }
}
