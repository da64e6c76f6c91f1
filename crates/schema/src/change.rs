//! One change between two schemas, and its name.

use std::fmt;

use serde::Serialize;

use crate::escape;
use crate::risk::Risk;

/// One difference between two schemas.
///
/// [`Display`](fmt::Display) prints one line for people, such as
/// `ADD INDEX note_label ON note(label DESC)`. As JSON (by [`Serialize`]) it has the fields below
/// under the same names, with `null` for absent values:
///
/// ```
/// # use rusqlite::Connection;
/// # use schema::{Schema, diff};
/// # let conn = Connection::open_in_memory()?;
/// # let before = Schema::read(&conn)?;
/// # conn.execute_batch("CREATE TABLE note(id INTEGER PRIMARY KEY)")?;
/// # let before = Schema::read(&conn)?;
/// # conn.execute_batch("ALTER TABLE note ADD COLUMN label TEXT")?;
/// # let after = Schema::read(&conn)?;
/// let changes = diff(&before, &after);
/// let json = r#"[{
///   "kind": "add",
///   "object": "column",
///   "name": "note.label",
///   "table": "note",
///   "property": null,
///   "before": null,
///   "after": "TEXT",
///   "guess": false,
///   "risk": {"can_lose_data": false, "can_fail_on_data": false, "breaks_readers": false}
/// }]"#;
/// # let json: serde_json::Value = serde_json::from_str(json)?;
/// assert_eq!(serde_json::to_value(&changes)?, json);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// `kind` is one of `add`, `drop`, `alter`, `rename`; `object` one of `table`, `column`,
/// `column-order`, `primary-key`, `unique`, `check`, `foreign-key`, `index`, `trigger`, `view`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Change {
    /// Whether the object was added, dropped, altered or renamed.
    pub kind: ChangeKind,
    /// The kind of the object.
    pub object: Object,
    /// The object: `training_sessions`, `training_sessions.duration_minutes`, `idx_name`. A
    /// constraint has the name of its table, and a named `CHECK` has `table.name`. A renamed object
    /// has its old name.
    pub name: String,
    /// The table to which it belongs, for all but views; a table belongs to itself.
    pub table: Option<String>,
    /// The property that changed, in SQLite's own words if it has any. Of a table: `WITHOUT ROWID`,
    /// `STRICT`, `VIRTUAL`; of a column: `type`, `NOT NULL`, `DEFAULT`, `COLLATE`, `GENERATED`,
    /// `HIDDEN`; of a primary key: `key`, `rowid alias`; of an index: `table`, `UNIQUE`, `key`,
    /// `WHERE`; of a trigger: `table`, `time`, `event`, `WHEN`, `body`; of a view: `columns`,
    /// `query`; and `declaration` of an object that could not be parsed.
    pub property: Option<&'static str>,
    /// The declaration before, unless the object was added; of a rename, the old name.
    pub before: Option<String>,
    /// The declaration after, unless the object was dropped; of a rename, the new name.
    pub after: Option<String>,
    /// Whether this is an undeclared rename, inferred from evidence.
    pub guess: bool,
    /// The risks of going from the first schema to the second.
    pub risk: Risk,
}

/// The kind of change to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ChangeKind {
    /// The object is only in the second schema.
    Add,
    /// The object is only in the first schema.
    Drop,
    /// The object is in both schemas but differs.
    Alter,
    /// The object is in both schemas under two names. Only a [`Comparison`](crate::Comparison) with
    /// declared renames, or one that may guess them, finds a rename.
    Rename,
}

/// The kind of object that changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Object {
    /// A table, or one of its options.
    Table,
    /// A column, or one of its properties.
    Column,
    /// The order of the columns that both tables have. It matters to `INSERT INTO t VALUES (…)` and
    /// `SELECT *`, but not to a query that names its columns.
    ColumnOrder,
    /// The primary key.
    PrimaryKey,
    /// A `UNIQUE` constraint.
    Unique,
    /// A `CHECK` constraint.
    Check,
    /// A foreign key.
    ForeignKey,
    /// An index made by `CREATE INDEX`.
    Index,
    /// A trigger.
    Trigger,
    /// A view.
    View,
}

impl fmt::Display for ChangeKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ChangeKind::Add => "ADD",
            ChangeKind::Drop => "DROP",
            ChangeKind::Alter => "ALTER",
            ChangeKind::Rename => "RENAME",
        })
    }
}

impl fmt::Display for Object {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Object::Table => "TABLE",
            Object::Column => "COLUMN",
            Object::ColumnOrder => "COLUMN ORDER",
            Object::PrimaryKey => "PRIMARY KEY",
            Object::Unique => "UNIQUE",
            Object::Check => "CHECK",
            Object::ForeignKey => "FOREIGN KEY",
            Object::Index => "INDEX",
            Object::Trigger => "TRIGGER",
            Object::View => "VIEW",
        })
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let before = self.before.as_deref().map(escape::line);
        let after = self.after.as_deref().map(escape::line);
        if let (ChangeKind::Add | ChangeKind::Drop, Object::Index) = (self.kind, self.object) {
            let text = after.or(before).unwrap_or_default();
            let (unique, text) = match text.strip_prefix("UNIQUE ") {
                Some(text) => ("UNIQUE ", text),
                None => ("", &*text),
            };
            return write!(
                f,
                "{} {unique}INDEX {} {text}",
                self.kind,
                escape::line(&self.name)
            );
        }
        write!(
            f,
            "{} {} {}",
            self.kind,
            self.object,
            escape::line(&self.name)
        )?;
        // For a primary key, the property `key` is implied.
        if let Some(property) = self
            .property
            .filter(|&property| (self.object, property) != (Object::PrimaryKey, "key"))
        {
            write!(f, " {property}")?;
        }
        match (self.kind, self.object) {
            (ChangeKind::Rename, _) => {
                let guess = if self.guess { " (a guess)" } else { "" };
                write!(f, " TO {}{guess}", after.unwrap_or_default())
            }
            (ChangeKind::Alter, _) => {
                let before = before.unwrap_or("none".into());
                let after = after.unwrap_or("none".into());
                write!(f, ": before {before}, after {after}")
            }
            // The content of a new table or view takes more than a line.
            (_, Object::Table | Object::View) => Ok(()),
            // For a trigger, only its table fits.
            (_, Object::Trigger) => match &self.table {
                Some(table) => write!(f, " ON {}", escape::line(table)),
                None => Ok(()),
            },
            // The declaration of a dropped column does not matter.
            (ChangeKind::Drop, Object::Column) => Ok(()),
            _ => match after.or(before).filter(|text| !text.is_empty()) {
                Some(key) if key.starts_with('(') && self.object != Object::Check => {
                    write!(f, "{key}")
                }
                Some(text) => write!(f, " {text}"),
                None => Ok(()),
            },
        }
    }
}
