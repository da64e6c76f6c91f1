//! A schema: all that one database declares.

use std::collections::BTreeMap;

use crate::sql::fold;
use crate::table::Table;

/// The declarations of the schema `main` of a database.
///
/// Two schemas are equal when [`diff`](crate::diff()) names no change between them. The listing
/// that [`Display`](std::fmt::Display) gives shows every property that is compared.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    pub(crate) tables: BTreeMap<String, Table>,
    pub(crate) indexes: BTreeMap<String, Index>,
    pub(crate) triggers: BTreeMap<String, Trigger>,
    pub(crate) views: BTreeMap<String, View>,
    pub(crate) internal: Vec<Internal>,
}

/// Something that SQLite made for itself. It is never compared: it follows from what is declared,
/// or from the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Internal {
    /// The name.
    pub name: String,
    /// The table it belongs to; of a table that belongs to none, the table itself.
    pub table: String,
    /// What it is.
    pub kind: InternalKind,
}

/// The kind of an internal object of SQLite.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InternalKind {
    /// `sqlite_sequence`, which keeps the highest id of each table with
    /// [AUTOINCREMENT](https://sqlite.org/autoinc.html).
    Sequence,
    /// `sqlite_stat1` and its like, which [ANALYZE](https://sqlite.org/lang_analyze.html) fills.
    Statistics,
    /// The index of a `PRIMARY KEY` or `UNIQUE` constraint, `sqlite_autoindex_…`.
    AutomaticIndex,
    /// A [shadow table](https://sqlite.org/vtab.html#xshadowname) that belongs to a virtual table.
    Shadow,
    /// Any other object under a name that begins with `sqlite_`.
    Other,
}

/// An index made by `CREATE INDEX`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// The name as it was declared.
    pub name: String,
    /// The table it belongs to.
    pub table: String,
    /// Whether two rows of the same key are refused.
    pub unique: bool,
    /// The indexed parts, in order. Empty where the statement could not be parsed.
    pub columns: Vec<IndexPart>,
    /// The condition of a [partial index](https://sqlite.org/partialindex.html), normalised. The
    /// whole statement where it could not be parsed.
    pub filter: Option<String>,
}

/// One part of the key of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexPart {
    /// A column or an expression.
    pub kind: PartKind,
    /// The collation, in upper case, where it is not the one of the column.
    pub collation: Option<String>,
    /// Whether the key descends.
    pub descending: bool,
}

/// The content of one part of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PartKind {
    /// A column, by name.
    Column(String),
    /// An [expression](https://sqlite.org/expridx.html), normalised.
    Expression(String),
}

/// A trigger.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// The name as it was declared.
    pub name: String,
    /// The table or view it belongs to.
    pub table: String,
    /// When it fires, on what, and what it does, normalised.
    pub text: String,
    /// The same in its parts, unless the statement could not be parsed.
    pub parts: Option<TriggerParts>,
}

/// The parts of a trigger. See <https://sqlite.org/lang_createtrigger.html>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriggerParts {
    /// Before, after or instead of the event.
    pub time: TriggerTime,
    /// The event.
    pub event: TriggerEvent,
    /// The columns behind `UPDATE OF`; none for all of them.
    pub columns: Vec<String>,
    /// The condition behind `WHEN`, normalised.
    pub when: Option<String>,
    /// Its statements, normalised, in order.
    pub body: Vec<String>,
}

/// When a trigger fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TriggerTime {
    /// Before the row is changed, also where nothing is said.
    Before,
    /// After the row was changed.
    After,
    /// Instead of changing a row of a view.
    InsteadOf,
}

/// The event of a trigger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TriggerEvent {
    /// A row is inserted.
    Insert,
    /// A row is updated.
    Update,
    /// A row is deleted.
    Delete,
}

/// A view.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct View {
    /// The name as it was declared.
    pub name: String,
    /// The names it gives its columns, where it gives any.
    pub columns: Vec<String>,
    /// Its query, normalised. The whole statement where it could not be parsed.
    pub text: String,
    /// Whether the statement could be parsed.
    pub parsed: bool,
}

impl Schema {
    /// The same schema without one table, its indexes and its triggers. Without such a table it is
    /// the same schema.
    pub fn without_table(mut self, name: &str) -> Schema {
        self.tables.remove(&fold(name));
        self.indexes
            .retain(|_, index| !index.table.eq_ignore_ascii_case(name));
        self.triggers
            .retain(|_, trigger| !trigger.table.eq_ignore_ascii_case(name));
        self
    }

    /// Whether nothing is declared.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
            && self.indexes.is_empty()
            && self.triggers.is_empty()
            && self.views.is_empty()
    }

    /// The tables, virtual ones too, in order of their folded names.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.tables.values()
    }

    /// The table of that name, whatever its case.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.get(&fold(name))
    }

    /// The indexes made by `CREATE INDEX`, in order of their folded names. What `UNIQUE` and
    /// `PRIMARY KEY` make belongs to the table.
    pub fn indexes(&self) -> impl Iterator<Item = &Index> {
        self.indexes.values()
    }

    /// The triggers, in order of their folded names.
    pub fn triggers(&self) -> impl Iterator<Item = &Trigger> {
        self.triggers.values()
    }

    /// SQLite's internal objects, which nobody declared: in the order of the file.
    pub fn internal(&self) -> impl Iterator<Item = &Internal> {
        self.internal.iter()
    }

    /// The views, in order of their folded names.
    pub fn views(&self) -> impl Iterator<Item = &View> {
        self.views.values()
    }
}
