//! Schemas: reads one, and compares two.

use rusqlite::Connection;
use schema::Schema;

use crate::{Outcome, twice};
use tables::table;

#[path = "../../../crates/schema/benches/tables/mod.rs"]
mod tables;

fn database(tables: usize) -> rusqlite::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    for number in 0..tables {
        connection.execute_batch(&table(number))?;
    }
    Ok(connection)
}

pub(crate) fn reading(tables: usize) -> Outcome {
    let connection = database(tables)?;
    twice(&mut || {
        schema::clear_thread_cache();
        if Schema::read(&connection)?.is_empty() {
            Err("the schema is empty".into())
        } else {
            Ok(())
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
        other => Err(format!("{other} changes instead of one").into()),
    })
}
