//! Values for columns and tables that a golden database leaves empty.
//!
//! A fixture that was migrated forward holds nothing in what its newest version added, and a way back
//! that loses it would lose nothing there. So a second copy is filled as a user would have after the
//! upgrade: a value in columns that have none in any row, and rows in tables that have none; also in what a
//! step declares as `Remade`, which nothing else would prove.

use rusqlite::Connection;
use schema::sql::quote_name;
use schema::{Column, Schema, Table, TableKind};

use crate::fixture::{self, Fixture};
use crate::generate::{Generated, Generator, Unseeded};
use crate::observe::Value;
use crate::subject::Subject;

/// How many rows are filled or made in each table at most.
const ROWS: usize = 3;

/// A filled copy, and what could not be filled.
#[derive(Debug, Default)]
pub(crate) struct Filled {
    /// The copy; `None` where the fixture leaves nothing empty, or the application contradicts what was filled.
    pub(crate) image: Option<Vec<u8>>,
    /// Tables that stay empty, each with SQLite's reason.
    pub(crate) unseeded: Vec<Unseeded>,
}

/// Fills what `fixture` leaves empty.
///
/// # Errors
/// When its database cannot be read.
pub(crate) fn fill(subject: &Subject<'_>, fixture: &Fixture) -> Result<Filled, String> {
    let told = |error: migrations::Error| error.report();
    let schema = subject.catalogue.schema_at(fixture.version).map_err(told)?;
    let empty = subject.catalogue.build(fixture.version).map_err(told)?;
    let connection = fixture::from_image(&fixture.image)?;
    let contradictions = |connection: &Connection| match fixture.version {
        0 => Ok(Vec::new()),
        version => subject
            .application
            .inconsistencies(connection, version)
            .map_err(|error| error.to_string()),
    };
    let before = contradictions(&connection)?;
    let samples = Generator::new(&schema, &empty)?
        .without_nulls()
        .rows(ROWS)
        .generate(0);
    let columns =
        fill_columns(&connection, &schema, &samples).map_err(|error| error.to_string())?;
    let rows = Generator::new(&schema, &connection)?
        .only_empty()
        .without_nulls()
        .rows(ROWS)
        .generate(0);
    rows.content
        .put_into(&connection)
        .map_err(|error| error.to_string())?;
    let any = columns || !rows.content.inserts.is_empty();
    let told = any && contradictions(&connection)? == before;
    Ok(Filled {
        image: told.then(|| fixture::image(&connection)).transpose()?,
        unseeded: rows.unseeded,
    })
}

/// Puts a value into each column that has none; whether there was any.
fn fill_columns(
    connection: &Connection,
    schema: &Schema,
    samples: &Generated,
) -> rusqlite::Result<bool> {
    let mut any = false;
    let ordinary = schema
        .tables()
        .filter(|table| table.kind == TableKind::Ordinary);
    for table in ordinary {
        let columns = table
            .stored_columns()
            .filter(|column| is_plain(table, column));
        for column in columns {
            any |= fill_column(connection, table, column, samples)?;
        }
    }
    Ok(any)
}

/// Whether a value may be put into the column without thinking about other rows.
fn is_plain(table: &Table, column: &Column) -> bool {
    let is = |name: &String| name.eq_ignore_ascii_case(&column.name);
    let in_key = table
        .primary_key
        .iter()
        .flat_map(|key| &key.columns)
        .any(|part| is(&part.name));
    let in_unique = table
        .uniques
        .iter()
        .flat_map(|key| &key.columns)
        .any(|part| is(&part.name));
    let in_reference = table
        .foreign_keys
        .iter()
        .flat_map(|key| &key.columns)
        .any(is);
    !(in_key || in_unique || in_reference)
}

fn fill_column(
    connection: &Connection,
    table: &Table,
    column: &Column,
    samples: &Generated,
) -> rusqlite::Result<bool> {
    let (name, column_name) = (quote_name(&table.name), quote_name(&column.name));
    let none: bool = connection.query_row(
        &format!("SELECT count(*) > 0 AND count({column_name}) = 0 FROM {name}"),
        [],
        |row| row.get(0),
    )?;
    if !none {
        return Ok(false);
    }
    let some = match table.without_rowid {
        true => String::new(),
        false => format!(" WHERE rowid IN (SELECT rowid FROM {name} ORDER BY rowid LIMIT {ROWS})"),
    };
    let sql = format!("UPDATE {name} SET {column_name} = ?1{some}");
    let rows = samples
        .content
        .inserts
        .iter()
        .filter(|insert| insert.table == table.name);
    let cells = rows.flat_map(|insert| &insert.values);
    let mut values = cells
        .filter(|(own, value)| *own == column.name && *value != Value::Null)
        .map(|(_, value)| value);
    // A CHECK over several columns may refuse them all; then the column stays empty.
    Ok(values.any(|value| connection.execute(&sql, [value]).is_ok()))
}
