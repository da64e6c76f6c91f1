//! Double quotes that name only columns.

use rusqlite::Connection;
use rusqlite::config::DbConfig::{self, SQLITE_DBCONFIG_DQS_DDL, SQLITE_DBCONFIG_DQS_DML};

/// The options for a use of double quotes: in queries and writes, and in declarations.
const OPTIONS: [DbConfig; 2] = [SQLITE_DBCONFIG_DQS_DML, SQLITE_DBCONFIG_DQS_DDL];

/// Options under which `"label"` is a column or an error, until this is dropped. By default
/// SQLite reads a word in double quotes that names nothing as a string:
/// <https://sqlite.org/quirks.html#dblquote>
pub struct StrictQuotes<'a> {
    connection: &'a Connection,
    before: [bool; OPTIONS.len()],
}

impl<'a> StrictQuotes<'a> {
    /// Sets the options on `connection` until the returned value is dropped.
    ///
    /// # Errors
    /// If SQLite refuses an option.
    pub fn set(connection: &'a Connection) -> rusqlite::Result<StrictQuotes<'a>> {
        let mut before = [true; OPTIONS.len()];
        for (option, before) in OPTIONS.into_iter().zip(&mut before) {
            *before = connection.db_config(option)?;
        }
        let strict = StrictQuotes { connection, before };
        for option in OPTIONS {
            connection.set_db_config(option, false)?;
        }
        Ok(strict)
    }
}

impl Drop for StrictQuotes<'_> {
    fn drop(&mut self) {
        for (option, before) in OPTIONS.into_iter().zip(self.before) {
            // Setting it succeeded before, so restoring it does, too.
            let _ = self.connection.set_db_config(option, before);
        }
    }
}
