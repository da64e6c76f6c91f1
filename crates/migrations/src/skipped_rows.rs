//! The rows that a step's function skips, and its progress.

use crate::Version;
use crate::progress::Progress;

/// A row that a step could not convert and left unchanged.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SkippedRow {
    /// The version whose step skipped the row.
    pub version: Version,
    /// The row's table.
    pub table: String,
    /// The row's key, by which a person finds it.
    pub key: String,
    /// Why the step skipped the row.
    pub reason: String,
}

/// The rows that a step's function has skipped so far.
#[derive(Debug, Default)]
pub struct SkippedRows {
    version: Version,
    rows: Vec<SkippedRow>,
    progress: Option<fn(Progress)>,
}

impl SkippedRows {
    /// An empty list whose step reports its progress to `progress`.
    pub(crate) fn with_progress(progress: Option<fn(Progress)>) -> SkippedRows {
        SkippedRows {
            progress,
            ..SkippedRows::default()
        }
    }

    /// Reports how far the work is.
    pub(crate) fn report_progress(&self, progress: Progress) {
        if let Some(report) = self.progress {
            report(progress);
        }
    }

    /// Moves the rows of `other` here, as skipped by this step.
    pub(crate) fn append(&mut self, other: &mut SkippedRows) {
        let version = self.version;
        let rows = other.rows.drain(..);
        self.rows
            .extend(rows.map(|row| SkippedRow { version, ..row }));
    }

    /// Attributes the rows that follow to the step to `version`.
    pub(crate) fn set_version(&mut self, version: Version) {
        self.version = version;
    }

    /// All rows that were skipped.
    pub(crate) fn into_rows(self) -> Vec<SkippedRow> {
        self.rows
    }

    /// Records that the row `key` of `table` stays unchanged, and why.
    pub fn skip(&mut self, table: &str, key: impl Into<String>, reason: impl Into<String>) {
        self.rows.push(SkippedRow {
            version: self.version,
            table: table.to_owned(),
            key: key.into(),
            reason: reason.into(),
        });
    }
}
