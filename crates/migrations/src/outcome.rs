//! The state of the file after an error.

use crate::Version;

/// The state of the file after an error, found by reading it again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The run did not begin.
    Untouched,
    /// The run was rolled back: the file is unchanged.
    RolledBack,
    /// The run was committed although an error was returned.
    Committed,
    /// The steps up to this version were committed, each by itself; the failed one was rolled back.
    CommittedTo(Version),
    /// The file could not be read; open it again to find out.
    Unknown,
}
