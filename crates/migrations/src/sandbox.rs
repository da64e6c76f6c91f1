//! The settings of a connection while SQL runs on it that somebody wrote: the second line behind
//! the authorizer ([`authorizer`](crate::authorizer)), for what an authorizer is not asked about or
//! does not know.

use rusqlite::Connection;
use rusqlite::config::DbConfig::{
    self, SQLITE_DBCONFIG_DEFENSIVE, SQLITE_DBCONFIG_TRUSTED_SCHEMA,
    SQLITE_DBCONFIG_WRITABLE_SCHEMA,
};
use rusqlite::limits::Limit;

use crate::error::{self, Error};

/// What is set, and how.
const SETTINGS: [(DbConfig, bool); 3] = [
    (SQLITE_DBCONFIG_WRITABLE_SCHEMA, false),
    // https://sqlite.org/c3ref/c_dbconfig_defensive.html#sqlitedbconfigdefensive
    (SQLITE_DBCONFIG_DEFENSIVE, true),
    (SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
];

/// How many databases may be attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attached {
    /// None.
    None,
    /// The nameless one that VACUUM builds, beside those that the application has attached.
    OfVacuum,
}

/// The settings of a connection before it was confined: no other database can be attached, the
/// schema cannot be written past CREATE, ALTER and DROP, and functions with side effects cannot be
/// called from views, triggers and the like.
pub(crate) struct Sandbox {
    attached: i32,
    before: [bool; SETTINGS.len()],
}

impl Sandbox {
    /// Reads how `connection` is set now.
    pub(crate) fn read(connection: &Connection) -> Result<Sandbox, Error> {
        let mut before = [false; SETTINGS.len()];
        for (before, (setting, _)) in before.iter_mut().zip(SETTINGS) {
            *before = connection.db_config(setting).map_err(error::sqlite)?;
        }
        let attached = connection
            .limit(Limit::SQLITE_LIMIT_ATTACHED)
            .map_err(error::sqlite)?;
        Ok(Sandbox { attached, before })
    }

    /// Confines `connection`, of which this was read.
    pub(crate) fn apply(&self, connection: &Connection, attached: Attached) -> Result<(), Error> {
        for (setting, on) in SETTINGS {
            set(connection, setting, on)?;
        }
        let limit = match attached {
            Attached::None => 0,
            Attached::OfVacuum => self.attached,
        };
        connection
            .set_limit(Limit::SQLITE_LIMIT_ATTACHED, limit)
            .map(drop)
            .map_err(error::sqlite)
    }

    /// Trusts the schema as far as the application does: it was found to be the application's own.
    pub(crate) fn trust_schema(&self, connection: &Connection) -> Result<(), Error> {
        let [.., trusted] = self.before;
        set(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, trusted)
    }

    /// Sets everything as it was.
    pub(crate) fn restore(&self, connection: &Connection) {
        // These fail only for what SQLite does not know, which it was asked for before.
        for ((setting, _), before) in SETTINGS.into_iter().zip(self.before) {
            let _ = set(connection, setting, before);
        }
        let _ = connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, self.attached);
    }
}

/// Not by a pragma, which may do nothing inside a transaction, and which an interrupt can stop.
fn set(connection: &Connection, setting: DbConfig, on: bool) -> Result<(), Error> {
    connection
        .set_db_config(setting, on)
        .map(|_now| ())
        .map_err(error::sqlite)
}
