//! Rows that are chosen for a step, so that no effect of it hangs on chance: rows about what its
//! statements say, and rows that are legal before it and clash with what it adds.

mod clashes;
mod from_statements;
mod keys;
mod put;
mod targets;

pub(crate) use clashes::{Clash, ClashKind, clashes};
pub(crate) use from_statements::chosen_rows;
pub(crate) use put::{put_clash, put_rows, rows_needed};

/// The values of one row, by column, as SQL. The rest of the row is as it was generated.
pub(crate) type Cells = Vec<(String, String)>;

/// A row that is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChosenRow {
    /// The folded name of the table.
    pub(crate) table: String,
    pub(crate) cells: Cells,
}
