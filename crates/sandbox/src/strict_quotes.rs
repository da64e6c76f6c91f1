//! Double quotes that only name columns.

use rusqlite::Connection;
use rusqlite::config::DbConfig::SQLITE_DBCONFIG_DQS_DML;

/// While this lives, `"label"` is a column or an error. SQLite otherwise takes a word in double
/// quotes that names nothing for a string: <https://sqlite.org/quirks.html#dblquote>
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
        // It was set once already, so it can be set back.
        let mode = SQLITE_DBCONFIG_DQS_DML;
        let _ = self.connection.set_db_config(mode, self.before);
    }
}
