//! The tables of a schema, in the form needed for making rows.

use std::collections::BTreeMap;
use std::fmt;

use observe::Value;
use proptest::strategy::BoxedStrategy;
use schema::Affinity;
use schema::sql::quote_name;

use crate::condition::Condition;
use crate::role::Role;

/// The table with SQLite's AUTOINCREMENT counters.
pub(crate) const MARKS: &str = "sqlite_sequence";

/// Strategies that an application names for columns, by folded table and column.
pub(crate) type ColumnOverrides = BTreeMap<(String, String), BoxedStrategy<Value>>;

/// All tables that can contain rows.
#[derive(Debug, Default)]
pub(crate) struct Plan {
    pub(crate) tables: Vec<TablePlan>,
    /// The places of the tables, parents first.
    pub(crate) order: Vec<usize>,
    /// Whether rows must be made before the rows to which they refer.
    pub(crate) cyclic: bool,
    /// The names of the tables with AUTOINCREMENT.
    pub(crate) counted: Vec<String>,
}

#[derive(Debug)]
pub(crate) struct TablePlan {
    pub(crate) name: String,
    pub(crate) columns: Vec<ColumnPlan>,
    /// Columns in which no two rows may be equal; indexes on expressions are left to SQLite.
    pub(crate) keys: Vec<Vec<KeyPart>>,
    /// The references with most columns first, so that the smaller ones follow from them.
    pub(crate) references: Vec<Reference>,
    pub(crate) conditions: Vec<Condition>,
    /// Literals of conditions that could not be parsed.
    pub(crate) literals: Vec<Value>,
    /// `INSERT INTO … VALUES (?1, …)`.
    pub(crate) insert: String,
    pub(crate) filling: Filling,
    /// Whether its rows are in a b-tree of the file, not in a module.
    pub(crate) ordinary: bool,
}

/// The origin of a table's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Filling {
    /// The generator makes them.
    Made,
    /// A search table that shows the rows of this one.
    Shown(usize),
    /// One row for each AUTOINCREMENT table, whose newest rows were deleted.
    Marks,
}

#[derive(Debug)]
pub(crate) struct KeyPart {
    pub(crate) column: usize,
    /// Whether case is ignored.
    pub(crate) nocase: bool,
    /// Whether trailing whitespace is ignored.
    pub(crate) rtrim: bool,
}

#[derive(Debug)]
pub(crate) struct Reference {
    pub(crate) columns: Vec<usize>,
    pub(crate) parent: usize,
    pub(crate) parent_columns: Vec<usize>,
    /// The columns that may be NULL, which turns the reference off.
    pub(crate) nullable: Vec<usize>,
}

pub(crate) struct ColumnPlan {
    pub(crate) name: String,
    pub(crate) affinity: Affinity,
    /// Whether a type was declared.
    pub(crate) typed: bool,
    /// Whether values of different types are refused.
    pub(crate) strict: bool,
    pub(crate) not_null: bool,
    pub(crate) rowid: bool,
    /// Whether it is a part of a key, alone or with other columns.
    pub(crate) in_key: bool,
    /// Whether it is a part of the primary key, where SQLite allows an unintended NULL.
    pub(crate) primary: bool,
    pub(crate) default: Option<Value>,
    pub(crate) role: Role,
    pub(crate) own: Option<BoxedStrategy<Value>>,
}

impl fmt::Debug for ColumnPlan {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {:?}", self.name, self.role)
    }
}

impl TablePlan {
    /// Writes the statement that inserts a row.
    pub(crate) fn finish(&mut self) {
        let names: Vec<_> = self
            .columns
            .iter()
            .map(|column| quote_name(&column.name))
            .collect();
        let places: Vec<_> = (1..=names.len()).map(|n| format!("?{n}")).collect();
        self.insert = if names.is_empty() {
            format!("INSERT INTO {} DEFAULT VALUES", quote_name(&self.name))
        } else {
            format!(
                "INSERT INTO {} ({}) VALUES ({})",
                quote_name(&self.name),
                names.join(", "),
                places.join(", ")
            )
        };
    }
}
