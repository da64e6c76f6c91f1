//! The rows of one table.

use rusqlite::{Connection, Statement};
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
    let sql = query(table, &columns, |_| true);
    (columns, key, sql)
}

/// The query for all rows, with NULL for the columns that are not `there`. With the name of its
/// table, a column that is not there is an error, and never its own name as text.
fn query(table: &Table, columns: &[String], there: impl Fn(&str) -> bool) -> String {
    let of = quote_name(&table.name);
    let column = |name: &String| {
        if there(name) {
            format!("{of}.{}", quote_name(name))
        } else {
            "NULL".to_owned()
        }
    };
    let list: Vec<String> = columns.iter().map(column).collect();
    format!("SELECT {} FROM main.{of}", list.join(", "))
}

/// Prepares the query for all rows; a column of the schema that the table does not have is NULL.
fn prepare<'c>(
    connection: &'c Connection,
    table: &Table,
    columns: &[String],
    sql: &str,
) -> rusqlite::Result<Statement<'c>> {
    let error = match connection.prepare(sql) {
        Ok(statement) => return Ok(statement),
        Err(error) => error,
    };
    let found = "SELECT lower(name) FROM pragma_table_xinfo(?1, 'main')";
    let mut found = connection.prepare(found)?;
    let names = found.query_map([&table.name], |row| row.get::<_, String>(0))?;
    let names = names.collect::<rusqlite::Result<Vec<String>>>()?;
    let there = |name: &str| name == ROWID || names.contains(&name.to_ascii_lowercase());
    let sql = query(table, columns, there);
    connection.prepare(&sql).map_err(|_| error)
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
    let mut statement = prepare(connection, table, &columns, &sql)?;
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
