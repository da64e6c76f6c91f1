//! How far a work that takes its time has got.

/// What takes its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// A backup is made or put back; counted in pages.
    Copying,
    /// A step's function fills a table with [`Backfill`](crate::Backfill); counted in rows that were read.
    Filling,
}

/// How far a work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Which one.
    pub work: Work,
    /// What is done of it.
    pub done: u64,
    /// What there is to do; 0 where nobody knows before the end.
    pub all: u64,
}
