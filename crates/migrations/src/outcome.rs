//! The state of the file after an error.

use crate::Version;

/// The state of the file after an error, found by reading it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was begun.
    Untouched,
    /// The run was rolled back: the file is as it was.
    RolledBack,
    /// The run was committed, although an error came back.
    Committed,
    /// The steps up to this version were committed, each by itself; the one that failed was rolled
    /// back.
    CommittedTo(Version),
    /// The file could not be looked at; open it again to find out.
    Unknown,
}
