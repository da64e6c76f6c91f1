//! Values for columns and tables that a golden database leaves empty.
//!
//! A fixture that was migrated forward holds nothing in what its newest version added, and a way back
//! that loses it would lose nothing there. So a second copy is filled as a user would have after the
//! upgrade: a value in columns that have none in any row, and rows in tables that have none.

use rusqlite::Connection;
use schema::sql::quote_name;
use schema::{Affinity, Column, Schema, Table, TableKind};

use crate::observe::Value;

/// How many rows are filled or made in each table.
const ROWS: i64 = 3;

/// What was filled, and what could not be.
#[derive(Debug, Default)]
pub(crate) struct Filled {
    /// `table.column` or `table`.
    pub(crate) objects: Vec<String>,
    /// Tables that stay empty, each with SQLite's reason.
    pub(crate) unseeded: Vec<String>,
}

/// Fills what is empty in `connection`'s database, whose schema is `schema`.
pub(crate) fn fill(connection: &Connection, schema: &Schema) -> rusqlite::Result<Filled> {
    let mut filled = Filled::default();
    // Parents before children, as far as one pass in both orders gets.
    let mut empty = Vec::new();
    for table in schema
        .tables()
        .filter(|table| table.kind == TableKind::Ordinary)
    {
        let name = quote_name(&table.name);
        let none: bool = connection.query_row(
            &format!("SELECT NOT EXISTS (SELECT 1 FROM {name})"),
            [],
            |row| row.get(0),
        )?;
        if none {
            empty.push(table);
            continue;
        }
        for column in table
            .stored_columns()
            .filter(|column| is_plain(table, column))
        {
            if fill_column(connection, table, column)? {
                filled
                    .objects
                    .push(format!("{}.{}", table.name, column.name));
            }
        }
    }
    let mut reasons = Vec::new();
    for _ in 0..2 {
        reasons.clear();
        let mut still = Vec::new();
        for table in empty {
            match make_rows(connection, table) {
                Ok(()) => filled.objects.push(table.name.clone()),
                Err(error) => {
                    reasons.push(format!("{}: {error}", table.name));
                    still.push(table);
                }
            }
        }
        empty = still;
    }
    filled.unseeded = reasons;
    Ok(filled)
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

fn fill_column(connection: &Connection, table: &Table, column: &Column) -> rusqlite::Result<bool> {
    let (name, column_name) = (quote_name(&table.name), quote_name(&column.name));
    let none: bool = connection.query_row(
        &format!("SELECT count({column_name}) = 0 FROM {name}"),
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
    // A CHECK may refuse the sample; then the column stays empty.
    Ok(connection
        .execute(&sql, [sample(column.affinity, 1)])
        .is_ok())
}

fn make_rows(connection: &Connection, table: &Table) -> rusqlite::Result<()> {
    let columns: Vec<&Column> = table.stored_columns().collect();
    let names: Vec<_> = columns
        .iter()
        .map(|column| quote_name(&column.name))
        .collect();
    let places: Vec<_> = (1..=columns.len())
        .map(|place| format!("?{place}"))
        .collect();
    let sql = format!(
        "INSERT INTO {} ({}) VALUES ({})",
        quote_name(&table.name),
        names.join(", "),
        places.join(", ")
    );
    connection.execute_batch("SAVEPOINT fill")?;
    let made = (1..=ROWS).try_for_each(|number| {
        let values =
            columns.iter().map(
                |column| match parent_value(connection, table, column, number) {
                    Some(value) => value,
                    None => sample(column.affinity, number),
                },
            );
        let values: Vec<Value> = values.collect();
        connection
            .execute(&sql, rusqlite::params_from_iter(values))
            .map(drop)
    });
    let end = if made.is_ok() {
        "RELEASE fill"
    } else {
        "ROLLBACK TO fill; RELEASE fill"
    };
    connection.execute_batch(end)?;
    made
}

/// The value of another table's row that a one-column foreign key must point at.
fn parent_value(connection: &Connection, table: &Table, column: &Column, n: i64) -> Option<Value> {
    let key = table.foreign_keys.iter().find(
        |key| matches!(key.columns.as_slice(), [only] if only.eq_ignore_ascii_case(&column.name)),
    )?;
    let target = key
        .parent_columns
        .first()
        .map_or("rowid".to_owned(), |name| quote_name(name));
    let sql = format!(
        "SELECT {target} FROM {} WHERE {target} IS NOT NULL ORDER BY 1 LIMIT 1 OFFSET {}",
        quote_name(&key.parent),
        n - 1
    );
    let value = connection.query_row(&sql, [], |row| row.get_ref(0).map(Value::from));
    Some(value.unwrap_or(Value::Null))
}

fn sample(affinity: Affinity, number: i64) -> Value {
    match affinity {
        Affinity::Integer | Affinity::Numeric => Value::Integer(40 + number),
        Affinity::Real => Value::Real((number as f64 + 0.5).to_bits()),
        Affinity::Blob => Value::Blob(vec![0, u8::try_from(number).unwrap_or(0)]),
        _ => Value::text(&format!("filled {number}")),
    }
}
