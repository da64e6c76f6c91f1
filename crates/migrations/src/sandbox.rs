//! The settings of a connection while it runs foreign SQL: the second line of defence after the
//! authorizer ([`authorizer`](crate::authorizer)), for actions on which SQLite does not call an
//! authorizer.

use rusqlite::Connection;
use rusqlite::config::DbConfig::{
    self, SQLITE_DBCONFIG_DEFENSIVE, SQLITE_DBCONFIG_TRUSTED_SCHEMA,
    SQLITE_DBCONFIG_WRITABLE_SCHEMA,
};
use rusqlite::limits::Limit;

use crate::error::{self, Error};

/// The settings and their values.
const SETTINGS: [(DbConfig, bool); 3] = [
    (SQLITE_DBCONFIG_WRITABLE_SCHEMA, false),
    // https://sqlite.org/c3ref/c_dbconfig_defensive.html#sqlitedbconfigdefensive
    (SQLITE_DBCONFIG_DEFENSIVE, true),
    (SQLITE_DBCONFIG_TRUSTED_SCHEMA, false),
];

/// The number of databases that may be attached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Attached {
    /// None.
    None,
    /// The nameless one that VACUUM builds, besides those that the application has attached.
    OfVacuum,
}

/// The settings of a connection before it was confined. A confined connection cannot attach another
/// database, cannot write the schema except with CREATE, ALTER and DROP, and cannot call functions
/// with side effects from views, triggers and the like.
pub(crate) struct Sandbox {
    attached: i32,
    before: [bool; SETTINGS.len()],
}

impl Sandbox {
    /// Reads the present settings of `connection`.
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

    /// Confines `connection`, whose settings were read before.
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

    /// Trusts the schema as far as the application does, after it was found to be the application's
    /// own.
    pub(crate) fn trust_schema(&self, connection: &Connection) -> Result<(), Error> {
        let [.., trusted] = self.before;
        set(connection, SQLITE_DBCONFIG_TRUSTED_SCHEMA, trusted)
    }

    /// Restores every setting.
    pub(crate) fn restore(&self, connection: &Connection) {
        // These calls fail only for settings that SQLite does not know, and `read` has asked for
        // each.
        for ((setting, _), before) in SETTINGS.into_iter().zip(self.before) {
            let _ = set(connection, setting, before);
        }
        let _ = connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, self.attached);
    }
}

/// Not by a pragma, which may do nothing inside a transaction and which an interrupt can stop.
fn set(connection: &Connection, setting: DbConfig, on: bool) -> Result<(), Error> {
    connection
        .set_db_config(setting, on)
        .map(|_now| ())
        .map_err(error::sqlite)
}
