//! A generated database.

use std::fmt;

use crate::content::Content;

/// The kind of the values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// Values of an ordinary application: words, small numbers, dates, documents.
    #[default]
    Plain,
    /// A third of the values are edge cases of SQLite's storage: the empty text, `0x00` inside
    /// text, 2^53 + 1, infinities, texts that look like numbers, types that the column does not
    /// declare, long values.
    Hostile,
}

/// A generated database.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Generated {
    /// Its rows.
    pub content: Content,
    /// The edge values in it. None is in a place for which a CHECK, a default or the application's
    /// own strategy names the value.
    pub hostile: Vec<EdgeValue>,
    /// The tables without rows, each with the reason.
    pub unseeded: Vec<Unseeded>,
}

/// An edge value.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgeValue {
    /// The row, by its place in [`Content::inserts`].
    pub insert: usize,
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// The unusual property of the value, such as `a NUL inside text`.
    pub why: &'static str,
}

impl fmt::Display for EdgeValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}.{}` holds {}", self.table, self.column, self.why)
    }
}

/// A table that could not be filled.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unseeded {
    /// The table.
    pub table: String,
    /// The reason, in SQLite's words.
    pub reason: String,
}
