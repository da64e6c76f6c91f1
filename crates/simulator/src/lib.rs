//! A machine that fails on request: a [SQLite VFS](https://sqlite.org/vfs.html) over memory, whose
//! disk loses unsynced data when the power fails, and whose n-th operation fails.
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
//! let count = "SELECT count(*) FROM note";
//! let rows: i64 = again.connect("notes.db")?.query_row(count, [], |row| row.get(0))?;
//! assert_eq!(rows, 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What is modelled
//!
//! - **Content.** A write or a change of size is durable once
//!   [`xSync`](https://sqlite.org/c3ref/io_methods.html) of its file has returned.
//!   [`CrashState`] selects the later changes that survive a restart: sectors one by one, whole,
//!   torn or as garbage, and the file's size separately.
//! - **Names.** As in SQLite's own VFS for Unix, the first sync of a journal or a WAL also syncs
//!   the directory, after the content, and so does a deletion that requests it. Until then a
//!   restart may lose a new name or restore a deleted one.
//! - **File system.** The calls of a program besides SQLite's, as [`FileSystem`]: new files, links,
//!   renames, syncs of a file and of the directory. There is one directory, and no permissions.
//! - **Locks** of the rollback journal and of the WAL, between all connections of one machine. The
//!   shared memory of the WAL does not survive a restart.
//! - **A disk with few guarantees**: no atomic write, no safe append; [`Device`] decides whether a
//!   torn write can damage its neighbours in the sector.
//! - **Time** advances by a millisecond with each query of the clock, and sleeping takes none.
//! - **Memory**, if [`watch_memory`] was called in time: the n-th request of a thread is refused.
//!
//! One case is not modelled: a failed sync after which the next sync forgets the unwritten data.

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
