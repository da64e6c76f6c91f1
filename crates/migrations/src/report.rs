//! What a run did, and what it left as it is.

use std::path::PathBuf;
use std::time::Duration;

use crate::Version;
use crate::backup::Progress;
use crate::plan::Direction;

/// A row that a step could not treat and left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The version whose step says so.
    pub version: Version,
    /// The row's table.
    pub table: String,
    /// The row's key, as a person would look for it.
    pub key: String,
    /// Why it was left.
    pub reason: String,
}

/// Where a step's function puts its remarks.
#[derive(Debug, Default)]
pub struct Remarks {
    version: Version,
    remarks: Vec<Remark>,
    progress: Option<fn(Progress)>,
}

impl Remarks {
    /// None yet, and whom to tell how far the work is.
    pub(crate) fn telling(progress: Option<fn(Progress)>) -> Remarks {
        Remarks {
            progress,
            ..Remarks::default()
        }
    }

    /// Tells how far the work is.
    pub(crate) fn progress(&self, progress: Progress) {
        if let Some(tell) = self.progress {
            tell(progress);
        }
    }

    /// Takes over what was said elsewhere, as said by this step.
    pub(crate) fn take(&mut self, other: &mut Remarks) {
        let version = self.version;
        let said = other.remarks.drain(..);
        self.remarks
            .extend(said.map(|remark| Remark { version, ..remark }));
    }

    /// What follows is said by the step to `version`.
    pub(crate) fn now_of(&mut self, version: Version) {
        self.version = version;
    }

    /// All that was said.
    pub(crate) fn all(self) -> Vec<Remark> {
        self.remarks
    }

    /// Says that the row `key` of `table` stays as it is, and why.
    pub fn left(&mut self, table: &str, key: impl Into<String>, reason: impl Into<String>) {
        self.remarks.push(Remark {
            version: self.version,
            table: table.to_owned(),
            key: key.into(),
            reason: reason.into(),
        });
    }
}

/// What was done by one step of a run.
#[derive(Clone, Debug)]
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

/// Rows whose foreign key pointed nowhere before the run, and does so still: nobody's fault now, but worth
/// mending.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dangling {
    /// The table of the rows.
    pub table: String,
    /// The table that has no such row.
    pub parent: String,
    /// How many keys point nowhere.
    pub rows: u64,
}

/// What a run did.
#[derive(Clone, Debug)]
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
    pub remarks: Vec<Remark>,
    /// Foreign keys that pointed nowhere before, in the tables that the run touched and their children.
    pub dangling: Vec<Dangling>,
}

impl Report {
    pub(crate) fn nothing_to_do(version: Version) -> Report {
        Report {
            from: version,
            to: version,
            adopted: false,
            backup: None,
            steps: Vec::new(),
            remarks: Vec::new(),
            dangling: Vec::new(),
        }
    }
}
