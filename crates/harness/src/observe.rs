//! An observation: everything in a file that must survive.

mod difference;
mod stream;

use std::collections::BTreeMap;
use std::fmt;

use migrations::{FileState, LEDGER_TABLE, Version};
use rusqlite::Connection;
use rusqlite::types::{ToSql, ToSqlOutput, ValueRef};
use schema::sql::{fold, quote_name, quote_text};
use schema::{Schema, Table, TableKind};

pub(crate) use difference::{Difference, compare_rows};
pub use stream::{Comparison, compare};

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
        let mut observation = Observation::without_rows(connection)?;
        for table in observation.schema.tables() {
            let rows = read_rows(connection, &observation.schema, table)
                .map_err(|error| format!("`{}` cannot be read: {error}", table.name))?;
            observation.tables.insert(fold(&table.name), rows);
        }
        Ok(observation)
    }

    /// Everything but the rows of the tables.
    pub(crate) fn without_rows(connection: &Connection) -> Result<Observation, String> {
        let state = FileState::read(connection).map_err(|error| error.report())?;
        let entries = state.ledger.map(|entries| {
            let short = |entry: migrations::Entry| {
                (entry.version, entry.name, entry.up_digest, entry.down_sql)
            };
            entries.into_iter().map(short).collect()
        });
        Ok(Observation {
            schema: state.schema,
            tables: BTreeMap::new(),
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

/// The columns of a table that are observed, the places of those that name a row, and the query for all rows.
fn layout(schema: &Schema, table: &Table) -> (Vec<String>, Vec<usize>, String) {
    let visible = table.columns.iter().filter(|column| !column.hidden);
    let mut columns: Vec<String> = visible.map(|column| column.name.clone()).collect();
    let search = is_search(table);
    // An implicit rowid counts where something refers to it.
    let shown = || schema.tables().any(|other| shows_by_rowid(other, table));
    if search || (table.kind == TableKind::Ordinary && shown()) {
        columns.insert(0, ROWID.to_owned());
    }
    let place = |name: &str| {
        columns
            .iter()
            .position(|own| own.eq_ignore_ascii_case(name))
    };
    let key_columns = table.primary_key.as_ref().map(|key| key.columns.as_slice());
    let key = match search {
        true => vec![0],
        false => key_columns
            .unwrap_or_default()
            .iter()
            .filter_map(|part| place(&part.name))
            .collect(),
    };
    let list: Vec<_> = columns.iter().map(|name| quote_name(name)).collect();
    let sql = format!(
        "SELECT {} FROM main.{}",
        list.join(", "),
        quote_name(&table.name)
    );
    (columns, key, sql)
}

/// The name by which an implicit rowid is observed.
pub(crate) const ROWID: &str = "rowid";

fn is_search(table: &Table) -> bool {
    matches!(&table.kind, TableKind::Virtual { module, .. } if module == "fts5")
}

/// Whether the search table `search` finds the rows of `table` by a rowid that no column of it holds.
fn shows_by_rowid(search: &Table, table: &Table) -> bool {
    let content = search_option(search, "content");
    let shows = content.is_some_and(|name| name.eq_ignore_ascii_case(&table.name));
    let by = search_option(search, "content_rowid").unwrap_or_else(|| ROWID.to_owned());
    shows
        && by.eq_ignore_ascii_case(ROWID)
        && table.rowid_alias().is_none()
        && !table.without_rowid
        && table.column(ROWID).is_none()
}

/// An option of a search table, such as `content='note'`.
pub(crate) fn search_option(table: &Table, option: &str) -> Option<String> {
    let TableKind::Virtual { arguments, .. } = &table.kind else {
        return None;
    };
    let value = arguments.iter().find_map(|argument| {
        let (name, value) = argument.split_once('=')?;
        fold(name.trim()).eq(option).then(|| value.trim())
    })?;
    Some(value.trim_matches(['\'', '"', '`', '[', ']']).to_owned())
}

pub(crate) fn read_rows(
    connection: &Connection,
    schema: &Schema,
    table: &Table,
) -> rusqlite::Result<Rows> {
    let (columns, key, sql) = layout(schema, table);
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

pub(crate) fn read_sequences(connection: &Connection) -> rusqlite::Result<BTreeMap<String, i64>> {
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
