//! A machine that can be made to fail: a [SQLite VFS](https://sqlite.org/vfs.html) over memory, whose disk
//! forgets what was not synced when the power goes, and whose n-th operation fails.
//!
//! ```text
//! SQLite ─▶ ffi (C callbacks) ─▶ system (calls, faults) ─▶ disk (what survives), locks
//! engine ─▶ files ────────────────▲
//! ```
//!
//! ```
//! use harness::machine::{Device, Fault, Machine, Survivors};
//!
//! let machine = Machine::new(Device::default())?;
//! let connection = machine.connect("notes.db")?;
//! connection.execute_batch("CREATE TABLE note (body TEXT)")?;
//! machine.fail(Fault::PowerLoss, 3, true);
//! assert!(connection.execute_batch("INSERT INTO note VALUES ('milk')").is_err());
//! assert!(machine.stopped());
//!
//! let again = machine.restart(Survivors::Seeded(7))?;
//! let rows: i64 = again.connect("notes.db")?.query_row("SELECT count(*) FROM note", [], |row| row.get(0))?;
//! assert_eq!(rows, 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is modelled
//!
//! - **Content.** A write or a change of size is durable once [`xSync`](https://sqlite.org/c3ref/io_methods.html)
//!   of its file has returned. Of what came later, [`Survivors`] says what a restart finds: sectors one by
//!   one, whole, torn or as garbage, and the file's size on its own.
//! - **Names.** As SQLite's own VFS for Unix does it: the directory is synced by the first sync of a journal or
//!   a WAL, after its content, and by a deletion that asks for it. Until then a new name may be gone after a
//!   restart, and a deleted one may be back.
//! - **Copies.** What the engine asks of a file system besides SQLite, as [`migrations::Files`]: new files, links,
//!   renames, syncs of a file and of the directory. There is one directory, and everybody may read everything.
//! - **Locks** of the rollback journal and of the WAL, between any connections of one machine.
//!   Memory that is shared for the WAL does not survive.
//! - **A disk that promises little**: no atomic write, no safe append; whether a torn write can damage its
//!   neighbours in the sector is for [`Device`] to say.
//! - **Time** stands still but for a millisecond a question, and sleeping takes none.
//!
//! - **Memory**, where [`watch_memory`] was called in time: the n-th request of a thread gets none.
//!
//! Left out is a failed sync that makes the next one forget what it had to write.

mod disk;
mod drive;
mod fault;
mod ffi;
mod files;
mod locks;
mod memory;
mod survivors;
mod system;

use std::sync::Arc;

use rusqlite::{Connection, OpenFlags};

pub use drive::{
    Beside, Claim, Cut, Deed, Effort, Ended, Failure, Known, Side, Tally, cut, cut_at_barriers,
    repeat,
};
pub use fault::{Device, Fault, FileKind, Order};

pub use survivors::Survivors;
use system::System;

/// Puts an allocator that can refuse before SQLite's own, for the whole process and for good, and returns
/// whether it is there. SQLite takes one [only before its first
/// use](https://sqlite.org/c3ref/c_config_covering_index_scan.html#sqliteconfigmalloc), so a program calls this first
/// thing in `main`; later it does nothing. Where it is there, cuts include [`Fault::NoMemory`].
pub fn watch_memory() -> bool {
    ffi::watch()
}

/// Whether [`watch_memory`] was called in time.
pub fn watches_memory() -> bool {
    ffi::watches()
}

/// One machine with one disk, independent of all others. Its files live as long as it or a connection to
/// it does.
#[derive(Debug)]
pub struct Machine {
    system: Arc<System>,
}

impl Machine {
    /// A machine with an empty disk.
    ///
    /// # Errors
    /// When SQLite cannot be initialised.
    pub fn new(device: Device) -> rusqlite::Result<Machine> {
        let system = ffi::register(device)?;
        Ok(Machine { system })
    }

    /// The same with a file that is on the disk for good; an empty one is not made.
    ///
    /// # Errors
    /// As [`Machine::new`].
    pub fn with_file(device: Device, name: &str, bytes: &[u8]) -> rusqlite::Result<Machine> {
        let machine = Machine::new(device)?;
        if !bytes.is_empty() {
            machine.system.disk(|disk| disk.put(name, bytes));
        }
        Ok(machine)
    }

    /// Opens the database `name`, making it where there is none. Its connection stays open when the machine
    /// stops, but whatever it asks of the disk fails.
    ///
    /// # Errors
    /// Whatever SQLite says.
    pub fn connect(&self, name: &str) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags_and_vfs(name, flags, self.system.vfs_name())?;
        if self.system.watches_steps() {
            let system = Arc::clone(&self.system);
            connection.progress_handler(1, Some(move || !system.step()))?;
        }
        Ok(connection)
    }

    /// What the engine asks of the machine besides SQLite's own work, for
    /// [`Options::files`](migrations::Options::files). Good as long as the machine or a connection to it is there.
    pub fn files(&self) -> &'static dyn migrations::Files {
        self.system.files()
    }

    /// Puts a file on the disk for good, newer than those that are there.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        self.system.disk(|disk| disk.put(name, bytes));
    }

    /// Which of the calls that [`Fault::PowerLoss`] can hit, since the last [`Machine::fail`] or
    /// [`Machine::mend`], made, synced, named or removed a file; the others only wrote.
    pub fn barriers(&self) -> Vec<u64> {
        self.system.barriers()
    }

    /// The bytes of a file as a program on the machine sees them now; `None` where there is no such file.
    pub fn file(&self, name: &str) -> Option<Vec<u8>> {
        self.system.disk(|disk| disk.bytes(name))
    }

    /// The names of the files that a program on the machine sees now.
    pub fn names(&self) -> Vec<String> {
        self.system.disk(|disk| disk.names())
    }

    /// Makes the `at`-th call from now on that `fault` can hit fail, counted from 1, and with `forever` all
    /// that follow. Power that is lost stays lost.
    pub fn fail(&self, fault: Fault, at: u64, forever: bool) {
        self.system.fail(fault, at, forever);
    }

    /// Lets all calls succeed again and begins to count anew. A machine that has stopped stays so.
    pub fn mend(&self) {
        self.system.mend();
    }

    /// How many calls there were that `fault` can hit, since the last [`Machine::fail`] or [`Machine::mend`].
    pub fn calls(&self, fault: Fault) -> u64 {
        self.system.calls(fault)
    }

    /// Whether the power is gone.
    pub fn stopped(&self) -> bool {
        self.system.stopped()
    }

    /// The machine after a power cut at this moment, with what `survivors` leaves of the disk. This
    /// machine is not changed, so that each kind of survivors can be had of one cut.
    ///
    /// # Errors
    /// As [`Machine::new`].
    pub fn restart(&self, survivors: Survivors) -> rusqlite::Result<Machine> {
        let device = self.system.device();
        let machine = Machine::new(device)?;
        let rest = self
            .system
            .disk(|disk| disk.after_power_loss(survivors, device));
        machine.system.disk(|disk| *disk = rest);
        Ok(machine)
    }

    /// A copy of the machine as it is now, as when all its programs end: nothing is lost, no lock is held.
    ///
    /// # Errors
    /// As [`Machine::new`].
    pub fn after_exit(&self) -> rusqlite::Result<Machine> {
        self.restart(Survivors::Everything)
    }
}

impl Drop for Machine {
    /// Whatever the thread does next gets its memory.
    fn drop(&mut self) {
        memory::forget();
    }
}
