//! Reports how a database differs from the schema that the application expects.
//!
//! ```text
//! cargo run -p rowsafe-schema --example drift_check [FILE.db]
//! ```

use rusqlite::{Connection, OpenFlags};
use schema::{Schema, diff};

const EXPECTED: &str = "
    CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL, label TEXT);
    CREATE INDEX note_label ON note (label);";

#[expect(clippy::print_stdout, reason = "this is a command")]
fn main() -> Result<(), Box<dyn std::error::Error>> {
    let expected = Connection::open_in_memory()?;
    expected.execute_batch(EXPECTED)?;
    let found = match std::env::args().nth(1) {
        Some(file) => Connection::open_with_flags(file, OpenFlags::SQLITE_OPEN_READ_ONLY)?,
        None => drifted()?,
    };
    let changes = diff(&Schema::read(&expected)?, &Schema::read(&found)?);
    for change in &changes {
        println!("{change}");
    }
    println!("{} changes", changes.len());
    Ok(())
}

/// A database that was changed by hand.
fn drifted() -> rusqlite::Result<Connection> {
    let connection = Connection::open_in_memory()?;
    connection.execute_batch(EXPECTED)?;
    connection.execute_batch("DROP INDEX note_label; ALTER TABLE note ADD COLUMN draft INTEGER")?;
    Ok(connection)
}
