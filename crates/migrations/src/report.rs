//! The report of a run: its steps and the rows that it skipped.

use std::path::PathBuf;
use std::time::Duration;

use crate::Version;
use crate::planned_step::Direction;
use crate::skipped_rows::SkippedRow;

/// The report of one step of a run.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StepReport {
    /// The step's version.
    pub version: Version,
    /// Its folder.
    pub folder: String,
    /// Up or down.
    pub direction: Direction,
    /// The duration of the step.
    pub elapsed: Duration,
}

/// Rows whose foreign key had no parent before the run and still has none. The run did not cause
/// this, but it is worth fixing.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dangling {
    /// The table of the rows.
    pub table: String,
    /// The table that lacks the parent row.
    pub parent: String,
    /// The number of keys without a parent.
    pub rows: u64,
}

/// The report of a run.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// The version of the file before the run.
    pub from: Version,
    /// The version of the file after the run.
    pub to: Version,
    /// Whether a file without a ledger was adopted.
    pub adopted: bool,
    /// The backup that was taken before the first write.
    pub backup: Option<PathBuf>,
    /// The steps in execution order; empty if there was nothing to do.
    pub steps: Vec<StepReport>,
    /// Rows that a step could not convert and left unchanged.
    pub skipped_rows: Vec<SkippedRow>,
    /// Foreign keys without a parent since before the run, in the tables that it touched and their
    /// children.
    pub dangling: Vec<Dangling>,
}

impl Report {
    pub(crate) fn nothing_to_do(version: Version) -> Report {
        Report {
            from: version,
            to: version,
            ..Report::default()
        }
    }
}
