//! How much a connection syncs while the engine writes.

use rusqlite::Connection;

use crate::error::{self, Error};

/// `synchronous = EXTRA`: the directory is synced, too, when a journal is deleted.
const EXTRA: i64 = 3;

/// How much a connection synced before the engine had it sync as much as SQLite can: at `FULL`, a
/// power cut after COMMIT has returned may bring the journal back, undo the work, and damage a file
/// that became shorter.
/// <https://sqlite.org/pragma.html#pragma_synchronous>
pub(crate) struct Synced {
    before: i64,
}

impl Synced {
    /// Reads how much `connection` syncs now.
    pub(crate) fn read(connection: &Connection) -> Result<Synced, Error> {
        let before = connection
            .pragma_query_value(Some("main"), "synchronous", |row| row.get(0))
            .map_err(error::sqlite)?;
        Ok(Synced { before })
    }

    /// Syncs as much as SQLite can.
    pub(crate) fn apply(connection: &Connection) -> Result<(), Error> {
        set(connection, EXTRA).map_err(error::sqlite)
    }

    /// Syncs as much as before.
    pub(crate) fn restore(&self, connection: &mut Connection) {
        // It reads the schema, and what interrupts everything interrupts that, too.
        if set(connection, self.before).is_err() {
            let _ = connection.progress_handler(0, None::<fn() -> bool>);
            let _ = set(connection, self.before);
        }
    }
}

fn set(connection: &Connection, level: i64) -> rusqlite::Result<()> {
    connection.pragma_update(Some("main"), "synchronous", level)
}
