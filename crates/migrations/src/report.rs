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
    /// How long it took.
    pub elapsed: Duration,
}

/// Rows whose foreign key pointed nowhere before the run, and does so still: nobody's fault now,
/// but worth mending.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Dangling {
    /// The table of the rows.
    pub table: String,
    /// The table that has no such row.
    pub parent: String,
    /// How many keys point nowhere.
    pub rows: u64,
}

/// The report of a run.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Report {
    /// The version the file was at.
    pub from: Version,
    /// The version it is at.
    pub to: Version,
    /// Whether a file without ledger was adopted.
    pub adopted: bool,
    /// The backup that was taken before anything was written.
    pub backup: Option<PathBuf>,
    /// The steps, in the order in which they ran; empty when there was nothing to do.
    pub steps: Vec<StepReport>,
    /// Rows that a step could not treat and left as they are.
    pub skipped_rows: Vec<SkippedRow>,
    /// Foreign keys that pointed nowhere before, in the tables that the run touched and their
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
