//! One change between two schemas, and how it is named.

use std::fmt;

/// One difference between two schemas. [`Display`](fmt::Display) gives one line, such as
/// `ADD INDEX note_label ON note(label DESC)`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Whether the object came, went or became another.
    pub kind: ChangeKind,
    /// What kind of object it is.
    pub object: Object,
    /// The object: `training_sessions`, `training_sessions.duration_minutes`, `idx_name`.
    /// A constraint is named by its table, and a `CHECK` that has a name by `table.name`.
    pub name: String,
    /// The table it belongs to, for all but views; a table belongs to itself.
    pub table: Option<String>,
    /// The property that changed, such as `NOT NULL`, where only one of many did.
    pub property: Option<&'static str>,
    /// The declaration before, unless the object was added.
    pub before: Option<String>,
    /// The declaration after, unless the object was dropped.
    pub after: Option<String>,
}

/// What happened to an object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ChangeKind {
    /// It is only in the second schema.
    Add,
    /// It is only in the first schema.
    Drop,
    /// It is in both, and not the same.
    Alter,
}

/// What changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Object {
    /// A table, or one of its options.
    Table,
    /// A column, or one of its properties.
    Column,
    /// The order of the columns that both tables have. It matters to `INSERT INTO t VALUES (…)`
    /// and `SELECT *`, and to no query that names its columns.
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
        let before = self.before.as_deref().map(one_line);
        let after = self.after.as_deref().map(one_line);
        if let (ChangeKind::Add | ChangeKind::Drop, Object::Index) = (self.kind, self.object) {
            let text = after.or(before).unwrap_or_default();
            let (unique, text) = match text.strip_prefix("UNIQUE ") {
                Some(text) => ("UNIQUE ", text),
                None => ("", text.as_str()),
            };
            return write!(
                f,
                "{} {unique}INDEX {} {text}",
                self.kind,
                one_line(&self.name)
            );
        }
        write!(f, "{} {} {}", self.kind, self.object, one_line(&self.name))?;
        if let Some(property) = self.property {
            write!(f, " {property}")?;
        }
        match (self.kind, self.object) {
            (ChangeKind::Alter, _) => {
                let before = before.unwrap_or_else(|| "none".to_owned());
                let after = after.unwrap_or_else(|| "none".to_owned());
                write!(f, ": before {before}, after {after}")
            }
            // What a new table or view holds is more than a line.
            (_, Object::Table | Object::View) => Ok(()),
            // Of a trigger only its table fits.
            (_, Object::Trigger) => match &self.table {
                Some(table) => write!(f, " ON {}", one_line(table)),
                None => Ok(()),
            },
            // A dropped column is gone whatever it was.
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

/// Names and strings may hold line breaks and other control characters; a change is one line.
fn one_line(text: &str) -> String {
    if !text.chars().any(char::is_control) {
        return text.to_owned();
    }
    text.chars()
        .flat_map(|c| {
            let escape = c.is_control();
            escape
                .then(|| c.escape_default())
                .into_iter()
                .flatten()
                .chain((!escape).then_some(c))
        })
        .collect()
}
