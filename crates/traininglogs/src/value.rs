//! Values of a file: owned, in SQLite's order, and printable.
//!
//! A column that is declared TEXT may hold a BLOB, a primary key that is not an INTEGER may be
//! NULL, and a text may be other than UTF-8. Nothing here fails on any of these.

use rusqlite::ToSql;
use rusqlite::types::{ToSqlOutput, ValueRef};

/// A value of a TEXT column, ordered as [SQLite
/// orders](https://sqlite.org/datatype3.html#sort_order) values with the collation BINARY. Text is
/// kept as bytes, because it may be other than UTF-8.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Owned {
    Null,
    Text(Vec<u8>),
    Blob(Vec<u8>),
}

impl From<ValueRef<'_>> for Owned {
    /// Numbers become their text, as with the affinity TEXT.
    fn from(value: ValueRef<'_>) -> Owned {
        match value {
            ValueRef::Null => Owned::Null,
            ValueRef::Integer(number) => Owned::Text(number.to_string().into_bytes()),
            ValueRef::Real(number) => Owned::Text(number.to_string().into_bytes()),
            ValueRef::Text(text) => Owned::Text(text.to_vec()),
            ValueRef::Blob(bytes) => Owned::Blob(bytes.to_vec()),
        }
    }
}

impl ToSql for Owned {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(self.as_ref()))
    }
}

impl Owned {
    pub(crate) fn as_ref(&self) -> ValueRef<'_> {
        match self {
            Owned::Null => ValueRef::Null,
            Owned::Text(text) => ValueRef::Text(text),
            Owned::Blob(bytes) => ValueRef::Blob(bytes),
        }
    }

    /// The value for the application: text as it is, with invalid UTF-8 replaced, and a blob as its
    /// literal.
    pub(crate) fn into_text(self) -> String {
        match self {
            Owned::Text(text) => String::from_utf8(text)
                .unwrap_or_else(|fault| String::from_utf8_lossy(fault.as_bytes()).into_owned()),
            Owned::Null | Owned::Blob(_) => self.literal(),
        }
    }

    /// The value as an SQL literal on one line: control characters are escaped.
    pub(crate) fn literal(&self) -> String {
        match self {
            Owned::Null => "NULL".to_owned(),
            Owned::Text(text) => {
                let mut literal = String::from("'");
                for c in String::from_utf8_lossy(text).chars() {
                    match c {
                        '\'' => literal.push_str("''"),
                        c if c.is_control() => literal.extend(c.escape_default()),
                        c => literal.push(c),
                    }
                }
                literal.push('\'');
                literal
            }
            Owned::Blob(bytes) => {
                let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
                format!("x'{digits}'")
            }
        }
    }
}
