//! What a disk promises.

/// What the disk promises beyond keeping what was synced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Device {
    /// Bytes that are written at once, or torn.
    pub sector: usize,
    /// Whether a torn write leaves the rest of its sector alone. SQLite believes it of every disk
    /// unless it is told otherwise: <https://sqlite.org/psow.html>
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

/// What a disk keeps in order; it decides what [`CrashState::Seeded`](crate::CrashState) can leave.
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
