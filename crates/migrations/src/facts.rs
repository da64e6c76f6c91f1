//! Facts about a file or a script, for errors.

use std::fmt;

/// Rows that a declared loss would cost.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AtRisk {
    /// `table` or `table.column`.
    pub object: String,
    /// The number of rows with a value there, or the number of rows.
    pub rows: u64,
    /// The keys of the first rows, such as `id 'a'`.
    pub examples: Vec<String>,
    /// The reason in the declaration.
    pub why: String,
}

/// A row whose foreign key has no parent.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Violation {
    pub(crate) table: String,
    /// `None` for a table WITHOUT ROWID, whose rows `foreign_key_check` does not identify.
    pub(crate) rowid: Option<i64>,
    pub(crate) parent: String,
}

/// The reason why a statement of a step was refused.
#[derive(Clone, Debug)]
pub(crate) struct Refusal {
    pub(crate) what: String,
    pub(crate) remedy: &'static str,
}

/// A copy that is damaged because its file is damaged.
#[derive(Debug)]
pub(crate) struct Unsound(pub(crate) String);

impl fmt::Display for Unsound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unsound {}
