//! An observation: everything in a file that must survive.

use std::collections::BTreeMap;
use std::fmt;

use migrations::{FileState, LEDGER_TABLE, Version};
use rusqlite::Connection;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use schema::sql::{fold, quote_name, quote_text};
use schema::{Schema, Table};

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

    /// The value as an SQL literal that gives it back, on one line.
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
    /// For messages: long values are shortened.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = self.to_sql_text();
        if text.chars().count() <= 60 {
            return f.write_str(&text);
        }
        let start: String = text.chars().take(48).collect();
        write!(f, "{start}… ({} characters)", text.chars().count())
    }
}

/// The rows of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// The table's name as declared.
    pub table: String,
    /// The columns' names as declared.
    pub columns: Vec<String>,
    /// The places of the primary key's columns; empty where there is none.
    pub key: Vec<usize>,
    /// The rows, sorted.
    pub rows: Vec<Vec<Value>>,
}

impl Rows {
    /// The place of `column`, by its folded name.
    pub fn place(&self, column: &str) -> Option<usize> {
        self.columns
            .iter()
            .position(|own| own.eq_ignore_ascii_case(column))
    }
}

/// A ledger row without its times: version, name, digest of the step, way back.
pub type LedgerRow = (Version, String, String, Option<String>);

/// Everything in a file that must survive.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// The schema without the ledger.
    pub schema: Schema,
    /// The rows of each table, by folded name.
    pub tables: BTreeMap<String, Rows>,
    /// The marks of `sqlite_sequence`, by folded table name.
    pub sequences: BTreeMap<String, i64>,
    /// The ledger without its times; `None` where there is none.
    pub ledger: Option<Vec<LedgerRow>>,
    /// `user_version`.
    pub user_version: i32,
    /// `application_id`.
    pub application_id: i32,
}

impl Observation {
    /// Reads everything.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn of(connection: &Connection) -> Result<Observation, String> {
        let state = FileState::read(connection).map_err(|error| error.report())?;
        let mut tables = BTreeMap::new();
        for table in state.schema.tables() {
            let rows = read_rows(connection, table)
                .map_err(|error| format!("`{}` cannot be read: {error}", table.name))?;
            tables.insert(fold(&table.name), rows);
        }
        let entries = state.ledger.map(|entries| {
            let short = |entry: migrations::Entry| {
                (entry.version, entry.name, entry.up_digest, entry.down_sql)
            };
            entries.into_iter().map(short).collect()
        });
        Ok(Observation {
            schema: state.schema,
            tables,
            sequences: read_sequences(connection).map_err(|error| error.to_string())?,
            ledger: entries,
            user_version: state.user_version,
            application_id: state.application_id,
        })
    }

    /// How many rows there are.
    pub fn row_count(&self) -> usize {
        self.tables.values().map(|table| table.rows.len()).sum()
    }
}

fn read_rows(connection: &Connection, table: &Table) -> rusqlite::Result<Rows> {
    let visible = table.columns.iter().filter(|column| !column.hidden);
    let mut columns: Vec<String> = visible.map(|column| column.name.clone()).collect();
    let search =
        matches!(&table.kind, schema::TableKind::Virtual { module, .. } if module == "fts5");
    if search {
        columns.insert(0, "rowid".to_owned());
    }
    let key_columns = table.primary_key.as_ref().map(|key| key.columns.as_slice());
    let place = |name: &str| {
        columns
            .iter()
            .position(|own| own.eq_ignore_ascii_case(name))
    };
    let key = if search {
        vec![0]
    } else {
        key_columns
            .unwrap_or_default()
            .iter()
            .filter_map(|part| place(&part.name))
            .collect()
    };
    let list: Vec<_> = columns.iter().map(|name| quote_name(name)).collect();
    let sql = format!(
        "SELECT {} FROM main.{}",
        list.join(", "),
        quote_name(&table.name)
    );
    let mut statement = connection.prepare(&sql)?;
    let mut found = statement.query([])?;
    let mut rows = Vec::new();
    while let Some(row) = found.next()? {
        let values = (0..columns.len()).map(|place| row.get_ref(place).map(Value::from));
        rows.push(values.collect::<rusqlite::Result<Vec<_>>>()?);
    }
    rows.sort_unstable();
    Ok(Rows {
        table: table.name.clone(),
        columns,
        key,
        rows,
    })
}

fn read_sequences(connection: &Connection) -> rusqlite::Result<BTreeMap<String, i64>> {
    let there: bool = connection.query_row(
        "SELECT count(*) > 0 FROM sqlite_schema WHERE name = 'sqlite_sequence'",
        [],
        |row| row.get(0),
    )?;
    if !there {
        return Ok(BTreeMap::new());
    }
    let mut statement = connection.prepare("SELECT name, seq FROM sqlite_sequence")?;
    let rows = statement.query_map([], |row| {
        Ok((
            fold(&row.get::<_, String>(0)?),
            row.get::<_, i64>(1).unwrap_or(i64::MAX),
        ))
    })?;
    rows.filter(|row| !row.as_ref().is_ok_and(|(name, _)| name == LEDGER_TABLE))
        .collect()
}

/// One thing that is not as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Difference {
    /// Where: `table.column, id 'a'`, `table, id 'a'`, or an object of the schema.
    pub object: String,
    /// The table it concerns, if it is about rows.
    pub table: Option<String>,
    /// The column, if it is about one value.
    pub column: Option<String>,
    /// What it was.
    pub before: String,
    /// What it is.
    pub after: String,
    /// Whether there are more such rows than before.
    pub more: bool,
}

impl Difference {
    /// `before …, after …`.
    pub(crate) fn message(&self) -> String {
        format!("before {}, after {}", self.before, self.after)
    }
}

/// Compares the rows of a table in the columns that both have: by key where the earlier one has a key
/// that the later one still has, as a multiset otherwise.
pub(crate) fn compare_rows(before: &Rows, after: &Rows, columns: &[&str]) -> Vec<Difference> {
    let project = |rows: &Rows, row: &[Value]| -> Vec<Value> {
        let places = columns.iter().filter_map(|column| rows.place(column));
        places.filter_map(|place| row.get(place).cloned()).collect()
    };
    let is_key = |place: &usize| {
        before.columns.get(*place).is_some_and(|name| {
            columns
                .iter()
                .any(|column| column.eq_ignore_ascii_case(name))
        })
    };
    let keyed = !before.key.is_empty() && before.key.iter().all(is_key);
    let mut old: BTreeMap<Vec<Value>, Vec<Vec<Value>>> = BTreeMap::new();
    let mut new = old.clone();
    for (map, rows) in [(&mut old, before), (&mut new, after)] {
        for row in &rows.rows {
            let whole = project(rows, row);
            let names = before
                .key
                .iter()
                .filter_map(|place| before.columns.get(*place));
            let places = names.filter_map(|name| rows.place(name));
            let key: Vec<Value> = places.filter_map(|place| row.get(place).cloned()).collect();
            // SQLite allows NULL more than once in a key that is not the rowid.
            let usable = keyed && !key.contains(&Value::Null);
            map.entry(if usable { key } else { whole.clone() })
                .or_default()
                .push(whole);
        }
    }
    let mut found = Vec::new();
    let keys: std::collections::BTreeSet<_> = old.keys().chain(new.keys()).cloned().collect();
    for key in keys {
        let (old_rows, new_rows) = (
            old.remove(&key).unwrap_or_default(),
            new.remove(&key).unwrap_or_default(),
        );
        if old_rows == new_rows {
            continue;
        }
        let name = name_row(before, &key, keyed, columns);
        match (old_rows.as_slice(), new_rows.as_slice()) {
            ([old_row], [new_row]) => {
                for ((column, was), is) in columns.iter().zip(old_row).zip(new_row) {
                    if was != is {
                        found.push(Difference {
                            object: format!("{}.{column}, {name}", before.table),
                            table: Some(before.table.clone()),
                            column: Some((*column).to_owned()),
                            before: was.to_string(),
                            after: is.to_string(),
                            more: false,
                        });
                    }
                }
            }
            (old_rows, new_rows) => found.push(Difference {
                object: format!("{}, {name}", before.table),
                table: Some(before.table.clone()),
                column: None,
                before: count(old_rows.len()),
                after: count(new_rows.len()),
                more: new_rows.len() > old_rows.len(),
            }),
        }
    }
    found
}

fn count(rows: usize) -> String {
    match rows {
        0 => "no such row".to_owned(),
        1 => "one row".to_owned(),
        many => format!("{many} equal rows"),
    }
}

fn name_row(rows: &Rows, key: &[Value], keyed: bool, columns: &[&str]) -> String {
    let key_names = rows.key.iter().filter_map(|place| rows.columns.get(*place));
    let names: Vec<&str> = match keyed && key.len() == rows.key.len() {
        true => key_names.map(String::as_str).collect(),
        false => columns.to_vec(),
    };
    let parts: Vec<_> = names
        .iter()
        .zip(key)
        .take(4)
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    parts.join(", ")
}
