//! A database that was made.

use std::fmt;

use crate::content::Content;

/// What the values are like.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Profile {
    /// What an ordinary application would have: words, small numbers, dates, documents.
    #[default]
    Plain,
    /// A third of the values at the edges of what SQLite stores: the empty text, `0x00` inside
    /// text, 2^53 + 1, infinities, texts that look like numbers, other types than the column names,
    /// long values.
    Hostile,
}

/// A database that was made.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Generated {
    /// Its rows.
    pub content: Content,
    /// The values at the edges among them. None stands where a CHECK, a default or the
    /// application's own strategy names the value.
    pub hostile: Vec<EdgeValue>,
    /// The tables that hold no rows, each with the reason.
    pub unseeded: Vec<Unseeded>,
}

/// A value at the edges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EdgeValue {
    /// The row, by its place in [`Content::inserts`].
    pub insert: usize,
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// What is unusual about the value, such as `a NUL inside text`.
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
    /// Why, in SQLite's words.
    pub reason: String,
}
