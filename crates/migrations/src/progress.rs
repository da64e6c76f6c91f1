//! Progress of long work.

/// The work that a progress report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// Making or restoring a backup; counted in pages.
    Copying,
    /// Filling a table with [`Backfill`](crate::Backfill) in a step's function; counted in rows
    /// read.
    Filling,
}

/// The progress of long work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// The kind of work.
    pub work: Work,
    /// The completed amount.
    pub done: u64,
    /// The total amount; 0 if it is unknown before the end.
    pub all: u64,
}
