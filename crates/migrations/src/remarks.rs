//! Rows that a step leaves as they are, and how far it is: what a step's function tells the run.

use crate::Version;
use crate::progress::Progress;

/// A row that a step could not treat and left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
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
