//! A piece of work that must happen completely or not at all.

use crate::device::Device;
use crate::machine::Machine;

/// The work's report about the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// The work is done.
    After,
    /// The work failed, and the file is as it was.
    Before,
    /// The work failed, and the state of the file is unknown.
    Unknown,
}

/// The content of the file after the work.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The content before the work.
    Before,
    /// The content after the work.
    After,
    /// Anything else, as text.
    Neither(String),
}

/// A piece of work that must happen completely or not at all.
pub struct Workload<'a> {
    /// The disk.
    pub device: Device,
    /// The name of the file in `image`.
    pub file: &'a str,
    /// The file at the start; empty for no file.
    pub image: &'a [u8],
    /// The files beside it at the start: names and bytes, the oldest first.
    pub files: &'a [(String, Vec<u8>)],
    /// A function that is called before each machine starts, for example to clear a thread-local
    /// cache: the work must behave as in a new process.
    pub prepare: &'a dyn Fn(),
    /// The function that does the work on connections to the machine, and closes them.
    pub work: &'a dyn Fn(&Machine) -> Claimed,
    /// The function that checks the file through a new connection, on which SQLite recovers from a
    /// crash.
    pub look: &'a dyn Fn(&Machine) -> Found,
    /// Whether finished work survives a power cut. In journal mode DELETE this needs `synchronous =
    /// EXTRA`, in WAL mode `FULL`: <https://sqlite.org/pragma.html#pragma_synchronous>
    pub durable: bool,
    /// Whether the work is done again after each fault, and must then succeed.
    pub finish: bool,
    /// The conditions on the other files.
    pub beside: Option<&'a dyn OtherFiles>,
}

/// The conditions on the files beside the database.
pub trait OtherFiles {
    /// Reports a problem with the other files while the database has this content, whatever stopped
    /// the work.
    fn problem(&self, machine: &Machine, found: &Found) -> Option<String>;

    /// Reports a problem with their names after the work has ended by itself with this report.
    fn leftovers(&self, names: &[String], claimed: Claimed, ended: Ending) -> Option<String>;
}

/// The way in which the work ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// A call has failed.
    Faulted,
    /// Nothing failed, but a fault stopped an earlier try.
    Retried,
    /// Nothing failed, and there was no earlier try.
    Clean,
}
