//! How far a work that takes its time has got.

/// The work that a progress report is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// A backup is made or put back; counted in pages.
    Copying,
    /// A step's function fills a table with [`Backfill`](crate::Backfill); counted in rows that
    /// were read.
    Filling,
}

/// How far a work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Which one.
    pub work: Work,
    /// The part that is done.
    pub done: u64,
    /// The whole work; 0 if it is not known before the end.
    pub all: u64,
}
