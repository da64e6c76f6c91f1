//! The guarantees of a disk.

/// The guarantees of a disk, besides that synced data is durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    /// The number of bytes that a write changes or tears as a unit.
    pub sector: usize,
    /// Whether a torn write leaves the rest of its sector intact. SQLite assumes this of every disk
    /// unless it is configured otherwise: <https://sqlite.org/psow.html>
    pub powersafe_overwrite: bool,
    /// The unsynced changes that survive in the order in which they were made.
    pub order: Order,
    /// The files whose syncs the disk reports as done without doing them.
    pub ignores_sync_of: Option<FileKind>,
    /// Whether a file can have two names (hard links).
    pub links: bool,
}

impl Default for Device {
    /// Sectors of 512 bytes, powersafe overwrite, no order, every sync done, hard links.
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

/// The changes that a disk keeps in order; they decide what
/// [`CrashState::Seeded`](crate::CrashState) can leave.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// Nothing.
    None,
    /// Names and sizes, as file systems with a journal do.
    Metadata,
    /// Everything.
    All,
}

/// The role of a file for SQLite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileKind {
    /// The database.
    Main,
    /// Its rollback journal, or that of several databases.
    Journal,
    /// Its write-ahead log.
    Wal,
    /// Any file that is deleted when it is closed.
    Temporary,
}
