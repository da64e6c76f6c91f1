//! A machine that can be made to fail: a [SQLite VFS](https://sqlite.org/vfs.html) over memory,
//! whose disk forgets what was not synced when the power goes, and whose n-th operation fails.
//!
//! ```text
//! SQLite ─▶ ffi (C callbacks) ─▶ os (calls, faults) ─▶ disk (what survives), locks
//! program ─▶ file_system ──────────▲
//! ```
//!
//! ```
//! use simulator::{CrashState, Device, Fault, FaultPlan, Machine};
//!
//! let machine = Machine::new(Device::default())?;
//! let connection = machine.connect("notes.db")?;
//! connection.execute_batch("CREATE TABLE note (body TEXT)")?;
//! machine.inject(FaultPlan::nth(3, Fault::PowerLoss).forever());
//! assert!(connection.execute_batch("INSERT INTO note VALUES ('milk')").is_err());
//! assert!(machine.is_powered_off());
//!
//! let again = machine.restart(CrashState::Seeded(7))?;
//! let rows: i64 = again.connect("notes.db")?.query_row("SELECT count(*) FROM note", [], |row| row.get(0))?;
//! assert_eq!(rows, 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is modelled
//!
//! - **Content.** A write or a change of size is durable once
//!   [`xSync`](https://sqlite.org/c3ref/io_methods.html) of its file has returned. Of what came
//!   later, [`CrashState`] says what a restart finds: sectors one by one, whole, torn or as
//!   garbage, and the file's size on its own.
//! - **Names.** As SQLite's own VFS for Unix does it: the directory is synced by the first sync of
//!   a journal or a WAL, after its content, and by a deletion that asks for it. Until then a new
//!   name may be gone after a restart, and a deleted one may be back.
//! - **Copies.** What a program asks of a file system besides SQLite, as [`FileSystem`]: new files,
//!   links, renames, syncs of a file and of the directory. There is one directory, and everybody
//!   may read everything.
//! - **Locks** of the rollback journal and of the WAL, between any connections of one machine.
//!   Memory that is shared for the WAL does not survive.
//! - **A disk that promises little**: no atomic write, no safe append; whether a torn write can
//!   damage its neighbours in the sector is for [`Device`] to say.
//! - **Time** stands still but for a millisecond a question, and sleeping takes none.
//!
//! - **Memory**, where [`watch_memory`] was called in time: the n-th request of a thread gets none.
//!
//! Left out is a failed sync that makes the next one forget what it had to write.

mod content;
mod crash_state;
mod device;
mod disk;
mod locks;
mod fault;
mod alloc_faults;
mod os_state;
mod os;
mod ffi;
mod file_system;
mod machine;
mod error;
mod sampling;
mod workload;
mod seen_disks;
mod fault_sweep;
mod scheduler;

pub use crash_state::CrashState;
pub use device::{Device, FileKind, Order};
pub use error::Error;
pub use fault::{Fault, FaultMode, FaultPlan, Repeat};
pub use fault_sweep::{Failure, SweepStats, repeat_failure, sweep, sweep_barriers};
pub use file_system::{FileSystem, Metadata, OpenFile};
pub use machine::{Machine, watch_memory, watches_memory};
pub use sampling::Sampling;
pub use scheduler::{Task, give_way, seat, take_turns};
pub use seen_disks::SeenDisks;
pub use workload::{Claimed, Ending, Found, OtherFiles, Workload};

/// The README's example runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
