//! A schema: all declarations of one database.

use std::collections::BTreeMap;

use crate::sql::fold;
use crate::table::Table;

/// The declarations of one database.
///
/// Two schemas are equal if [`diff`](crate::diff()) finds no change between them. The listing of
/// [`Display`](std::fmt::Display) shows every compared property.
#[derive(Clone, Debug, Default)]
pub struct Schema {
    pub(crate) tables: BTreeMap<String, Table>,
    pub(crate) indexes: BTreeMap<String, Index>,
    pub(crate) triggers: BTreeMap<String, Trigger>,
    pub(crate) views: BTreeMap<String, View>,
    pub(crate) internal: Vec<Internal>,
}

/// An object that SQLite made itself. It is never compared, because it follows from the
/// declarations or from the rows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Internal {
    /// The name.
    pub name: String,
    /// The table to which it belongs; the table itself if it belongs to none.
    pub table: String,
    /// Its kind.
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
    /// Any other object whose name begins with `sqlite_`.
    Other,
}

/// An index made by `CREATE INDEX`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Index {
    /// The name as it was declared.
    pub name: String,
    /// The table to which it belongs.
    pub table: String,
    /// Whether a second row with the same key is refused.
    pub unique: bool,
    /// The indexed parts, in order. Empty if the statement could not be parsed.
    pub columns: Vec<IndexPart>,
    /// The condition of a [partial index](https://sqlite.org/partialindex.html), normalised. The
    /// whole statement if it could not be parsed.
    pub filter: Option<String>,
}

/// A part of the key of an index.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct IndexPart {
    /// A column or an expression.
    pub kind: PartKind,
    /// The collation, in upper case, if it differs from that of the column.
    pub collation: Option<String>,
    /// Whether the key descends.
    pub descending: bool,
}

/// The content of a part of an index.
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
    /// The table or view to which it belongs.
    pub table: String,
    /// Its time, event and statements, normalised.
    pub text: String,
    /// Its parts, unless the statement could not be parsed.
    pub parts: Option<TriggerParts>,
}

/// The parts of a trigger. See <https://sqlite.org/lang_createtrigger.html>.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TriggerParts {
    /// Before, after or instead of the event.
    pub time: TriggerTime,
    /// The event.
    pub event: TriggerEvent,
    /// The columns after `UPDATE OF`; empty for all columns.
    pub columns: Vec<String>,
    /// The condition after `WHEN`, normalised.
    pub when: Option<String>,
    /// Its statements, normalised, in order.
    pub body: Vec<String>,
}

/// The time at which a trigger fires.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TriggerTime {
    /// Before the row changes; the default.
    Before,
    /// After the row has changed.
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
    /// The column names that it declares, if any.
    pub columns: Vec<String>,
    /// Its query, normalised. The whole statement if it could not be parsed.
    pub text: String,
    /// Whether the statement could be parsed.
    pub parsed: bool,
}

impl Schema {
    /// Removes a table with its indexes and its triggers, if there is one of that name.
    pub fn without_table(mut self, name: &str) -> Schema {
        self.tables.remove(&fold(name));
        self.indexes
            .retain(|_, index| !index.table.eq_ignore_ascii_case(name));
        self.triggers
            .retain(|_, trigger| !trigger.table.eq_ignore_ascii_case(name));
        self
    }

    /// Whether the schema is empty.
    pub fn is_empty(&self) -> bool {
        self.tables.is_empty()
            && self.indexes.is_empty()
            && self.triggers.is_empty()
            && self.views.is_empty()
    }

    /// The tables, including virtual ones, in order of their folded names.
    pub fn tables(&self) -> impl Iterator<Item = &Table> {
        self.tables.values()
    }

    /// The table of that name, ignoring case.
    pub fn table(&self, name: &str) -> Option<&Table> {
        self.tables.get(&fold(name))
    }

    /// The indexes made by `CREATE INDEX`, in order of their folded names. Indexes made by `UNIQUE`
    /// and `PRIMARY KEY` belong to the table.
    pub fn indexes(&self) -> impl Iterator<Item = &Index> {
        self.indexes.values()
    }

    /// The triggers, in order of their folded names.
    pub fn triggers(&self) -> impl Iterator<Item = &Trigger> {
        self.triggers.values()
    }

    /// The objects that SQLite made itself, in the order of the file.
    pub fn internal(&self) -> impl Iterator<Item = &Internal> {
        self.internal.iter()
    }

    /// The views, in order of their folded names.
    pub fn views(&self) -> impl Iterator<Item = &View> {
        self.views.values()
    }
}
