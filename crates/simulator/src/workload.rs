//! A piece of work that must be whole or not at all.

use crate::device::Device;
use crate::machine::Machine;

/// The claim of the work about the file when it returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// It is done.
    After,
    /// It failed, and the file is as it was.
    Before,
    /// It failed, and does not know.
    Unknown,
}

/// The content of the file, as it is found afterwards.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// What it held before the work.
    Before,
    /// What the work makes of it.
    After,
    /// Anything else, in words.
    Neither(String),
}

/// A piece of work that must be whole or not at all.
pub struct Workload<'a> {
    /// The disk.
    pub device: Device,
    /// The name of the file in `image`.
    pub file: &'a str,
    /// The file at the start; empty for none.
    pub image: &'a [u8],
    /// What lies beside it at the start: names and bytes, the oldest first.
    pub files: &'a [(String, Vec<u8>)],
    /// Called before each machine starts, such as to clear a cache of the thread: the work is that
    /// of a process that starts.
    pub prepare: &'a dyn Fn(),
    /// Does the work on connections to the machine, and closes them.
    pub work: &'a dyn Fn(&Machine) -> Claimed,
    /// Looks at the file through a new connection, on which SQLite recovers what a crash left.
    pub look: &'a dyn Fn(&Machine) -> Found,
    /// Whether work that is done survives a power cut. In journal mode DELETE it takes `synchronous
    /// = EXTRA`, in WAL mode `FULL`: <https://sqlite.org/pragma.html#pragma_synchronous>
    pub durable: bool,
    /// Whether the work is done again after each cut, and must then arrive.
    pub finish: bool,
    /// What must hold of the other files.
    pub beside: Option<&'a dyn OtherFiles>,
}

/// What must hold of the files beside the one that is worked on.
pub trait OtherFiles {
    /// What is wrong with them while the file holds this, whatever stopped the work.
    fn problem(&self, machine: &Machine, found: &Found) -> Option<String>;

    /// What is wrong with their names after the work has ended by itself and claimed this.
    fn leftovers(&self, names: &[String], claimed: Claimed, ended: Ending) -> Option<String>;
}

/// How the work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// A call has failed.
    Faulted,
    /// Nothing failed, but an earlier try was cut.
    Retried,
    /// Nothing failed, and nothing was there from before.
    Clean,
}
