//! One machine with one disk.

use std::sync::Arc;

use rusqlite::{Connection, OpenFlags};

use crate::alloc_faults;
use crate::crash_state::CrashState;
use crate::device::Device;
use crate::fault::{Fault, FaultPlan};
use crate::ffi::{self, Host};
use crate::file_system::FileSystem;

/// Puts an allocator that can refuse before SQLite's own, for the whole process and for good, and
/// returns whether it is there. SQLite takes one [only before its first
/// use](https://sqlite.org/c3ref/c_config_covering_index_scan.html#sqliteconfigmalloc), so a
/// program calls this first thing in `main`; later it does nothing. Where it is there, cuts include
/// [`Fault::NoMemory`].
pub fn watch_memory() -> bool {
    ffi::watch()
}

/// Whether [`watch_memory`] was called in time.
pub fn watches_memory() -> bool {
    ffi::watches()
}

/// One machine with one disk, independent of all others. Its files live as long as it or a
/// connection to it does.
#[derive(Debug)]
pub struct Machine {
    host: Arc<Host>,
}

impl Machine {
    /// A machine with an empty disk.
    ///
    /// # Errors
    /// When SQLite cannot be initialised.
    pub fn new(device: Device) -> rusqlite::Result<Machine> {
        let host = ffi::register(device)?;
        Ok(Machine { host })
    }

    /// The same with a file that is on the disk for good; an empty one is not made.
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

    /// Opens the database `name`, making it where there is none. Its connection stays open when the
    /// machine stops, but whatever it asks of the disk fails.
    ///
    /// # Errors
    /// Whatever SQLite says.
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

    /// The file system of the machine, for a program's own calls.
    pub fn file_system(&self) -> FileSystem {
        FileSystem::new(&self.host)
    }

    /// Puts a file on the disk for good, newer than those that are there.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        self.host.disk(|disk| disk.put(name, bytes));
    }

    /// Which of the calls that [`Fault::PowerLoss`] can hit, since the last [`Machine::inject`] or
    /// [`Machine::clear_faults`], made, synced, named or removed a file; the others only wrote.
    pub fn barriers(&self) -> Vec<u64> {
        self.host.barriers()
    }

    /// The bytes of a file as a program on the machine sees them now; `None` where there is no such
    /// file.
    pub fn file(&self, name: &str) -> Option<Vec<u8>> {
        self.host.disk(|disk| disk.bytes(name))
    }

    /// The names of the files that a program on the machine sees now.
    pub fn names(&self) -> Vec<String> {
        self.host.disk(|disk| disk.names())
    }

    /// Makes calls fail from now on, as `plan` says, and begins to count anew.
    pub fn inject(&self, plan: FaultPlan) {
        self.host.inject(plan);
    }

    /// Lets all calls succeed again and begins to count anew. A machine without power stays so.
    pub fn clear_faults(&self) {
        self.host.clear_faults();
    }

    /// How many calls there were that `fault` can hit, since the last [`Machine::inject`] or
    /// [`Machine::clear_faults`].
    pub fn calls(&self, fault: Fault) -> u64 {
        self.host.calls(fault)
    }

    /// Whether the power is gone.
    pub fn is_powered_off(&self) -> bool {
        self.host.is_powered_off()
    }

    /// The machine after a power cut at this moment, with what `crash_state` leaves of the disk.
    /// This machine is not changed, so that each crash state can be had of one cut.
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

    /// A copy of the machine as it is now, as when all its programs end: nothing is lost, no lock
    /// is held.
    ///
    /// # Errors
    /// As [`Machine::new`].
    pub fn after_exit(&self) -> rusqlite::Result<Machine> {
        self.restart(CrashState::Everything)
    }
}

impl Drop for Machine {
    /// Whatever the thread does next gets its memory.
    fn drop(&mut self) {
        alloc_faults::forget_requests();
    }
}
