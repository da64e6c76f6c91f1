//! What a run would lose, counted in the file before it is lost.

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use schema::{Schema, Table, sql::quote_name};

use crate::error::{self, Error};
use crate::notes::Declared;

/// How many rows are named in a refusal.
const EXAMPLES: usize = 5;

/// Rows that hold what a declared loss would cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AtRisk {
    /// `table` or `table.column`.
    pub object: String,
    /// How many rows have a value there, or how many rows there are.
    pub rows: u64,
    /// The keys of the first of them, such as `id 'a'`.
    pub examples: Vec<String>,
    /// The words of the declaration.
    pub why: String,
}

/// Counts the rows that each loss would cost in the file as it is now; losses that cost none, or whose
/// table or column is not there, are left out.
pub(crate) fn at_risk(
    connection: &Connection,
    schema: &Schema,
    losses: &[Declared],
) -> Result<Vec<AtRisk>, Error> {
    let mut found = Vec::new();
    for loss in losses {
        let Some(table) = schema.table(&loss.table) else {
            continue;
        };
        let filter = match &loss.column {
            None => "1".to_owned(),
            Some(column) if table.column(column).is_some() => {
                format!("{} IS NOT NULL", quote_name(column))
            }
            Some(_) => continue,
        };
        let name = quote_name(&table.name);
        let rows: i64 = connection
            .query_row(
                &format!("SELECT count(*) FROM main.{name} WHERE {filter}"),
                [],
                |row| row.get(0),
            )
            .map_err(error::sqlite)?;
        if rows > 0 {
            found.push(AtRisk {
                object: loss.object(),
                rows: rows.unsigned_abs(),
                examples: examples(connection, table, &filter)?,
                why: loss.why.clone(),
            });
        }
    }
    Ok(found)
}

fn examples(connection: &Connection, table: &Table, filter: &str) -> Result<Vec<String>, Error> {
    let keys = match &table.primary_key {
        Some(key) => key
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect(),
        None => vec!["rowid".to_owned()],
    };
    let list = keys
        .iter()
        .map(|key| quote_name(key))
        .collect::<Vec<_>>()
        .join(", ");
    let sql = format!(
        "SELECT {list} FROM main.{} WHERE {filter} ORDER BY {list} LIMIT {EXAMPLES}",
        quote_name(&table.name)
    );
    let mut statement = connection.prepare(&sql).map_err(error::sqlite)?;
    let rows = statement.query_map([], |row| {
        let mut parts = Vec::new();
        for (index, key) in keys.iter().enumerate() {
            parts.push(format!("{key} {}", show(row.get_ref(index)?)));
        }
        Ok(parts.join(", "))
    });
    rows.and_then(Iterator::collect).map_err(error::sqlite)
}

/// A value as a person reads it, on one line.
pub(crate) fn show(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => show_text(&String::from_utf8_lossy(text)),
        ValueRef::Blob(bytes) => format!("a blob of {} bytes", bytes.len()),
    }
}

/// On one line, and not longer than a person reads.
fn show_text(text: &str) -> String {
    const LONGEST: usize = 40;
    let shown: String = text.chars().take(LONGEST).flat_map(show_char).collect();
    let more = if text.chars().nth(LONGEST).is_some() {
        "…"
    } else {
        ""
    };
    format!("'{shown}{more}'")
}

fn show_char(char: char) -> Vec<char> {
    match char.is_control() {
        true => char.escape_default().collect(),
        false => vec![char],
    }
}
