//! SQLite alone, the lower bound of all tools. Opening reads `user_version`; applying is one
//! transaction with a ledger.

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use common::{FIRST_QUERY, Step, Verb};
use rusqlite::Connection;

const LEDGER: &str =
    "CREATE TABLE IF NOT EXISTS ledger (version INTEGER PRIMARY KEY, name TEXT NOT NULL,
    down_sql TEXT NOT NULL, applied_at TEXT NOT NULL, up_sql TEXT NOT NULL)";

fn main() -> ExitCode {
    common::main(|work| {
        Ok(Box::new(move |file| {
            let connection = apply(file, &work.steps)?;
            if work.verb == Verb::Ask {
                let _: i64 = connection.query_row(FIRST_QUERY, [], |row| row.get(0))?;
            }
            Ok(())
        }))
    })
}

fn apply(file: &Path, steps: &[Step]) -> Result<Connection, Box<dyn Error>> {
    let mut connection = Connection::open(file)?;
    let current = |connection: &Connection| -> rusqlite::Result<u32> {
        connection.pragma_query_value(None, "user_version", |row| row.get(0))
    };
    if current(&connection)? as usize == steps.len() {
        return Ok(connection);
    }
    let transaction =
        connection.transaction_with_behavior(rusqlite::TransactionBehavior::Immediate)?;
    let version = current(&transaction)?;
    transaction.execute_batch(LEDGER)?;
    for step in steps.iter().skip(version as usize) {
        transaction.execute_batch(&step.up)?;
        transaction
            .prepare_cached("INSERT INTO ledger VALUES (?1, ?2, ?3, '2025-01-02T18:30:00Z', ?4)")?
            .execute((step.version, &step.folder, &step.down, &step.up))?;
    }
    transaction.pragma_update(None, "user_version", u32::try_from(steps.len())?)?;
    transaction.commit()?;
    Ok(connection)
}
