//! The sync level of a connection while the engine writes.

use rusqlite::Connection;

use crate::error::{self, Error};

/// `synchronous = EXTRA`: also syncs the directory after a journal is deleted.
const EXTRA: i64 = 3;

/// The sync level of a connection before the engine raised it to the strongest one. At `FULL`, a
/// power cut after COMMIT has returned may bring the journal back, undo the work, and damage a file
/// that became shorter. <https://sqlite.org/pragma.html#pragma_synchronous>
pub(crate) struct Synced {
    before: i64,
}

impl Synced {
    /// Reads the present sync level of `connection`.
    pub(crate) fn read(connection: &Connection) -> Result<Synced, Error> {
        let before = connection
            .pragma_query_value(Some("main"), "synchronous", |row| row.get(0))
            .map_err(error::sqlite)?;
        Ok(Synced { before })
    }

    /// Sets the strongest sync level.
    pub(crate) fn apply(connection: &Connection) -> Result<(), Error> {
        set(connection, EXTRA).map_err(error::sqlite)
    }

    /// Restores the sync level.
    pub(crate) fn restore(&self, connection: &mut Connection) {
        // Setting it reads the schema, and an interrupt of the connection stops that, too.
        if set(connection, self.before).is_err() {
            let _ = connection.progress_handler(0, None::<fn() -> bool>);
            let _ = set(connection, self.before);
        }
    }
}

fn set(connection: &Connection, level: i64) -> rusqlite::Result<()> {
    connection.pragma_update(Some("main"), "synchronous", level)
}
