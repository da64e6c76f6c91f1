//! Rows that are chosen for a step, so that no effect of it hangs on chance: rows about what its
//! statements say, and rows that are legal before it and clash with what it adds.

mod clashes;
mod from_statements;
mod put;
mod targets;

use generate::RowValues;
use observe::Value;
use schema::sql::fold;

pub(crate) use clashes::clashes;
pub(crate) use from_statements::chosen_rows;
pub(crate) use put::{put_clash, put_rows, rows_needed};

/// The values of one row, by column, as SQL. The rest of the row is as it was generated.
pub(crate) type Cells = Vec<(String, String)>;

/// The cells of a row whose columns are given by their place among `names`.
fn cells(names: &[String], row: RowValues) -> Cells {
    let cell = |(at, value): (usize, Value)| Some((names.get(at)?.clone(), value.to_sql_text()));
    row.into_iter().filter_map(cell).collect()
}

/// A row that is chosen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChosenRow {
    /// The folded name of the table.
    pub(crate) table: String,
    pub(crate) cells: Cells,
    /// Whether no row refers to it, for a statement that takes only such rows.
    pub(crate) alone: bool,
}

/// Rows that clash with a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Clash {
    /// The folded name of the table before the script.
    pub(crate) table: String,
    /// The rule that the rows break, as SQL or in words; empty where it is none.
    pub(crate) about: String,
    /// When users have such rows, as a clause after "only if".
    pub(crate) condition: String,
    /// The cells of each row.
    pub(crate) rows: Vec<Cells>,
    pub(crate) shape: Shape,
    pub(crate) kind: ClashKind,
}

impl Clash {
    /// Rows in `table`, each for itself, that break a rule which is not named.
    fn new(table: &str, condition: String, rows: Vec<Cells>) -> Clash {
        Clash {
            table: fold(table),
            about: String::new(),
            condition,
            rows,
            shape: Shape::Each,
            kind: ClashKind::NewRule,
        }
    }
}

/// How the rows of a clash depend on each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shape {
    /// Each row by itself.
    Each,
    /// Two rows, of which the second takes values of the first.
    Pair,
    /// The same, and the first has a value in each of these columns.
    WholePair,
}

/// The kind of a clash.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ClashKind {
    /// A rule that is new.
    NewRule,
    /// A value of a type that its column is not declared for.
    OddType,
    /// A row under a key that the script inserts.
    NamedRow,
}

/// The text in the cell of a second row for the value of the first one.
const FIRST: &str = "{first}";
