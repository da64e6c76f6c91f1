//! Schemas: reading one, and comparing two.

use rusqlite::Connection;
use schema::Schema;

use crate::{Outcome, twice};

/// Tables with six columns, keys, an index and a check each.
fn database(tables: usize) -> rusqlite::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    for table in 0..tables {
        connection.execute_batch(&format!(
            "CREATE TABLE t{table}(
               id INTEGER PRIMARY KEY, label TEXT NOT NULL COLLATE NOCASE UNIQUE,
               weight REAL CHECK (weight >= 0), made_at TEXT DEFAULT CURRENT_TIMESTAMP,
               up INTEGER REFERENCES t0(id) ON DELETE CASCADE, short AS (substr(label, 1, 3)));
             CREATE INDEX i{table} ON t{table}(up, made_at DESC) WHERE up IS NOT NULL;"
        ))?;
    }
    Ok(connection)
}

pub(crate) fn reading(tables: usize) -> Outcome {
    let connection = database(tables)?;
    twice(&mut || {
        schema::forget();
        match Schema::read(&connection)?.is_empty() {
            true => Err("the schema is empty".into()),
            false => Ok(()),
        }
    })
}

/// Two schemas that differ in one column.
pub(crate) fn diff(tables: usize) -> Outcome {
    let connection = database(tables)?;
    let before = Schema::read(&connection)?;
    connection.execute_batch("ALTER TABLE t1 ADD COLUMN note TEXT")?;
    let after = Schema::read(&connection)?;
    twice(&mut || match schema::diff(&before, &after).len() {
        1 => Ok(()),
        other => Err(format!("{other} changes in place of one").into()),
    })
}
