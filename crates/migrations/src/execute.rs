//! Runs one statement.

use rusqlite::Connection;

/// Runs one statement to its end, and discards the rows that it returns.
pub(crate) fn execute_one(connection: &Connection, text: &str) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(text)?;
    let mut rows = statement.raw_query();
    while rows.next()?.is_some() {}
    Ok(())
}
