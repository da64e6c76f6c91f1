//! One value with its type and exact bytes.

use std::fmt;

use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use schema::sql::quote_text;

/// One value with its type and exact bytes: 1 is not 1.0, and text is not a blob of the same bytes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Value {
    /// NULL.
    Null,
    /// A 64-bit integer.
    Integer(i64),
    /// The bits of a 64-bit float.
    Real(u64),
    /// Text as it is stored, which need not be UTF-8.
    Text(Vec<u8>),
    /// A blob.
    Blob(Vec<u8>),
}

impl Value {
    /// A text value.
    pub fn text(text: &str) -> Value {
        Value::Text(text.as_bytes().to_vec())
    }

    /// The value as an SQL literal that restores it, on one line.
    pub fn to_sql_text(&self) -> String {
        match self {
            Value::Null => "NULL".to_owned(),
            Value::Integer(i64::MIN) => "(-9223372036854775807 - 1)".to_owned(),
            Value::Integer(number) => number.to_string(),
            Value::Real(bits) => match f64::from_bits(*bits) {
                number if number == f64::INFINITY => "9e999".to_owned(),
                number if number == f64::NEG_INFINITY => "-9e999".to_owned(),
                number => format!("{number:?}"),
            },
            Value::Text(bytes) => match std::str::from_utf8(bytes) {
                Ok(text) if !text.chars().any(char::is_control) => quote_text(text),
                _ => format!("CAST(X'{}' AS TEXT)", hex(bytes)),
            },
            Value::Blob(bytes) => format!("X'{}'", hex(bytes)),
        }
    }
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02X}")).collect()
}

impl From<ValueRef<'_>> for Value {
    fn from(value: ValueRef<'_>) -> Value {
        match value {
            ValueRef::Null => Value::Null,
            ValueRef::Integer(number) => Value::Integer(number),
            ValueRef::Real(number) => Value::Real(number.to_bits()),
            ValueRef::Text(bytes) => Value::Text(bytes.to_vec()),
            ValueRef::Blob(bytes) => Value::Blob(bytes.to_vec()),
        }
    }
}

impl ToSql for Value {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::Borrowed(match self {
            Value::Null => ValueRef::Null,
            Value::Integer(number) => ValueRef::Integer(*number),
            Value::Real(bits) => ValueRef::Real(f64::from_bits(*bits)),
            Value::Text(bytes) => ValueRef::Text(bytes),
            Value::Blob(bytes) => ValueRef::Blob(bytes),
        }))
    }
}

impl fmt::Display for Value {
    /// Writes the value for messages: long values are shortened.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.to_sql_text();
        if text.chars().count() <= 60 {
            return f.write_str(&text);
        }
        let start: String = text.chars().take(48).collect();
        write!(f, "{start}… ({} characters)", text.chars().count())
    }
}
