//! Double quotes that name only columns.

use rusqlite::Connection;
use rusqlite::config::DbConfig::SQLITE_DBCONFIG_DQS_DML;

/// An option under which `"label"` is a column or an error, until this is dropped. By default
/// SQLite reads a word in double quotes that names nothing as a string:
/// <https://sqlite.org/quirks.html#dblquote>
pub struct StrictQuotes<'a> {
    connection: &'a Connection,
    before: bool,
}

impl<'a> StrictQuotes<'a> {
    /// Sets the option on `connection` until the returned value is dropped.
    ///
    /// # Errors
    /// If SQLite refuses the option.
    pub fn set(connection: &'a Connection) -> rusqlite::Result<StrictQuotes<'a>> {
        let before = connection.db_config(SQLITE_DBCONFIG_DQS_DML)?;
        connection.set_db_config(SQLITE_DBCONFIG_DQS_DML, false)?;
        Ok(StrictQuotes { connection, before })
    }
}

impl Drop for StrictQuotes<'_> {
    fn drop(&mut self) {
        // Setting it succeeded before, so restoring it does, too.
        let mode = SQLITE_DBCONFIG_DQS_DML;
        let _ = self.connection.set_db_config(mode, self.before);
    }
}
