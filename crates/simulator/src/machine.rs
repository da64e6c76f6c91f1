//! One machine with one disk.

use std::sync::Arc;

use rusqlite::{Connection, OpenFlags};

use crate::alloc_faults;
use crate::crash_state::CrashState;
use crate::device::Device;
use crate::fault::{Fault, FaultPlan};
use crate::ffi::{self, Host};
use crate::file_system::FileSystem;

/// Installs an allocator that can refuse memory before SQLite's own, permanently and for the whole
/// process, and returns whether it is installed. SQLite accepts one [only before its first
/// use](https://sqlite.org/c3ref/c_config_covering_index_scan.html#sqliteconfigmalloc), so a
/// program calls this first in `main`; later it has no effect. If it is installed, the faults
/// include [`Fault::NoMemory`].
pub fn watch_memory() -> bool {
    ffi::watch()
}

/// Whether [`watch_memory`] was called in time.
pub fn watches_memory() -> bool {
    ffi::watches()
}

/// A machine with one disk, independent of all others. Its files exist as long as it or a
/// connection to it.
#[derive(Debug)]
pub struct Machine {
    host: Arc<Host>,
}

impl Machine {
    /// A machine with an empty disk.
    ///
    /// # Errors
    /// If SQLite cannot be initialised.
    pub fn new(device: Device) -> rusqlite::Result<Machine> {
        let host = ffi::register(device)?;
        Ok(Machine { host })
    }

    /// A machine with a durable file; an empty one is not made.
    ///
    /// # Errors
    /// As [`Machine::new`].
    pub fn with_file(device: Device, name: &str, bytes: &[u8]) -> rusqlite::Result<Machine> {
        let machine = Machine::new(device)?;
        if !bytes.is_empty() {
            machine.host.disk(|disk| disk.put(name, bytes));
        }
        Ok(machine)
    }

    /// Opens the database `name`, and creates it if it does not exist. Its connection stays open
    /// when the machine stops, but all its calls to the disk fail.
    ///
    /// # Errors
    /// If SQLite reports an error.
    pub fn connect(&self, name: &str) -> rusqlite::Result<Connection> {
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE
            | OpenFlags::SQLITE_OPEN_CREATE
            | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let connection = Connection::open_with_flags_and_vfs(name, flags, self.host.vfs_name())?;
        if self.host.watches_steps() {
            let host = Arc::clone(&self.host);
            connection.progress_handler(1, Some(move || !host.step()))?;
        }
        Ok(connection)
    }

    /// The file system of the machine, for calls that a program makes itself.
    pub fn file_system(&self) -> FileSystem {
        FileSystem::new(&self.host)
    }

    /// Writes a durable file, newer than the existing ones.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        self.host.disk(|disk| disk.put(name, bytes));
    }

    /// Lists the numbers of those calls that [`Fault::PowerLoss`] can hit, since the last
    /// [`Machine::inject`] or [`Machine::clear_faults`], that made, synced, renamed or removed a
    /// file; the other calls only wrote.
    pub fn barriers(&self) -> Vec<u64> {
        self.host.barriers()
    }

    /// The current content of a file, as a program on the machine sees it; `None` if the file does
    /// not exist.
    pub fn file(&self, name: &str) -> Option<Vec<u8>> {
        self.host.disk(|disk| disk.bytes(name))
    }

    /// The current names of the files, as a program on the machine sees them.
    pub fn names(&self) -> Vec<String> {
        self.host.disk(|disk| disk.names())
    }

    /// Makes calls fail from now on according to `plan`, and restarts the count.
    pub fn inject(&self, plan: FaultPlan) {
        self.host.inject(plan);
    }

    /// Lets all calls succeed again, and restarts the count. A machine without power stays off.
    pub fn clear_faults(&self) {
        self.host.clear_faults();
    }

    /// Counts the calls that `fault` can hit, since the last [`Machine::inject`] or
    /// [`Machine::clear_faults`].
    pub fn calls(&self, fault: Fault) -> u64 {
        self.host.calls(fault)
    }

    /// Whether the power has failed.
    pub fn is_powered_off(&self) -> bool {
        self.host.is_powered_off()
    }

    /// Returns the machine after a power cut at this moment, with the disk in `crash_state`. This
    /// machine does not change, so that one power cut can give every crash state.
    ///
    /// # Errors
    /// As [`Machine::new`].
    pub fn restart(&self, crash_state: CrashState) -> rusqlite::Result<Machine> {
        let device = self.host.device();
        let machine = Machine::new(device)?;
        let rest = self
            .host
            .disk(|disk| disk.after_power_loss(crash_state, device));
        machine.host.disk(|disk| *disk = rest);
        Ok(machine)
    }

    /// A copy of the current machine after all its programs have ended: nothing is lost, and no
    /// lock is held.
    ///
    /// # Errors
    /// As [`Machine::new`].
    pub fn after_exit(&self) -> rusqlite::Result<Machine> {
        self.restart(CrashState::Everything)
    }
}

impl Drop for Machine {
    /// Ends the refusal of memory: later requests of the thread succeed.
    fn drop(&mut self) {
        alloc_faults::forget_requests();
    }
}
