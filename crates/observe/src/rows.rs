//! The rows of one table.

use rusqlite::Connection;
use schema::sql::quote_name;
use schema::{Schema, Table, TableKind};

use crate::search_table::{ROWID, is_search, shows_by_rowid};
use crate::value::Value;

/// The rows of one table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rows {
    /// The table's name as declared.
    pub table: String,
    /// The columns' names as declared.
    pub columns: Vec<String>,
    /// The positions of the primary key's columns; empty if there is none.
    pub key: Vec<usize>,
    /// The rows, sorted.
    pub rows: Vec<Vec<Value>>,
}

impl Rows {
    /// The position of `column`, by its folded name.
    pub fn place(&self, column: &str) -> Option<usize> {
        self.columns
            .iter()
            .position(|own| own.eq_ignore_ascii_case(column))
    }
}

/// The observed columns of a table, the positions of those that identify a row, and the query for
/// all rows.
pub(crate) fn layout(schema: &Schema, table: &Table) -> (Vec<String>, Vec<usize>, String) {
    let visible = table.columns.iter().filter(|column| !column.hidden);
    let mut columns: Vec<String> = visible.map(|column| column.name.clone()).collect();
    let search = is_search(table);
    // An implicit rowid counts if a search table refers to it.
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
    (columns, key, sql)
}

/// Reads the rows of a table, sorted.
///
/// # Errors
/// If the table cannot be read.
pub fn read_rows(
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
