//! A database in memory on which untrusted SQL runs.

use std::sync::{Arc, PoisonError};

use rusqlite::Connection;
use rusqlite::config::DbConfig;
use rusqlite::limits::Limit;

use crate::application::Application;
use crate::budget::Budget;
use crate::confine::{Denied, guard};
use crate::needs::Needs;
use crate::scope::{self, INSTRUCTIONS_PER_SECOND};
use crate::sqlite_message::sqlite_message;
use crate::stop::{Stop, distrusted};
use crate::{image, limits, register};

/// A database in memory on which untrusted SQL runs.
#[derive(Debug)]
pub struct Sandbox {
    connection: Connection,
    budget: Budget,
    denied: Denied,
    application: Arc<Application>,
}

/// The place at which a script stopped.
pub struct Halt<'s> {
    /// The statement.
    pub statement: schema::sql::Statement<'s>,
    /// SQLite's error.
    pub error: rusqlite::Error,
    /// The reason as a clause.
    pub why: String,
}

/// The maximum number of instructions for a statement of a script.
const STATEMENT: u64 = 10 * INSTRUCTIONS_PER_SECOND;

impl std::ops::Deref for Sandbox {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.connection
    }
}

impl Sandbox {
    /// Opens a database from its bytes, with foreign keys on; an empty slice makes an empty one.
    ///
    /// # Errors
    /// If SQLite refuses the bytes or a limit.
    pub fn open(image: &[u8]) -> rusqlite::Result<Sandbox> {
        Sandbox::guard_connection(image::from_image(image)?)
    }

    /// Opens an empty database with small pages, which keep many copies small. No script depends on
    /// the page size.
    ///
    /// # Errors
    /// If SQLite refuses a limit.
    pub fn with_small_pages() -> rusqlite::Result<Sandbox> {
        let connection = image::from_image(&[])?;
        connection.pragma_update(None, "page_size", 512)?;
        Sandbox::guard_connection(connection)
    }

    fn guard_connection(connection: Connection) -> rusqlite::Result<Sandbox> {
        connection.pragma_update(None, "temp_store", "memory")?;
        limits::set_pages(&connection)?;
        let denied = Denied::default();
        // Outside of a scope there is no application.
        let application = scope::current().map(|scope| Arc::clone(scope.application()));
        let application = application.unwrap_or_default();
        let own = Arc::clone(&application);
        let registered = move |name: &str| own.has_function(name);
        let budget = guard(&connection, &denied, registered)?;
        register::register(&application, &connection)?;
        Ok(Sandbox {
            connection,
            budget,
            denied,
            application,
        })
    }

    /// The objects that the application registers on its connections.
    pub fn application(&self) -> &Application {
        &self.application
    }

    /// Registers the function or the collation that `error` reports as missing, if
    /// `accepts_function` accepts the name of the function. Returns whether the statement may pass
    /// now.
    pub fn learn(&self, error: &rusqlite::Error, accepts_function: impl Fn(&str) -> bool) -> bool {
        register::learn(&self.application, &self.connection, error, accepts_function)
    }

    /// The remaining work of the present statement.
    pub fn budget(&self) -> &Budget {
        &self.budget
    }

    /// Runs one statement. A permission that only some statements need is granted only to these.
    ///
    /// # Errors
    /// If SQLite reports an error; [`Sandbox::stop`] distinguishes a limit of the sandbox from a
    /// fault of the statement.
    pub fn run(&self, sql: &str) -> rusqlite::Result<()> {
        self.forget_denied();
        let needs = Needs::of(sql);
        if needs.attaches {
            limits::allow_one_more(&self.connection)?;
        }
        if needs.writes_schema {
            self.set_defensive(false)?;
        }
        let done = self.connection.execute_batch(sql);
        if needs.attaches {
            self.connection.set_limit(Limit::SQLITE_LIMIT_ATTACHED, 0)?;
        }
        done
    }

    /// Runs a script, each statement with its own budget.
    ///
    /// # Errors
    /// The first statement that fails; the ones before it have run.
    pub fn run_script<'s>(&self, script: &'s str) -> Result<(), Box<Halt<'s>>> {
        for statement in schema::sql::statements(script) {
            self.budget.limit(STATEMENT);
            if let Err(error) = self.run(statement.text) {
                let why = match self.stop(&error) {
                    Some(stop) => stop.why(),
                    None => sqlite_message(&error),
                };
                return Err(Box::new(Halt {
                    statement,
                    error,
                    why,
                }));
            }
        }
        self.budget.limit(STATEMENT);
        Ok(())
    }

    /// Revokes the permissions that [`run`](Sandbox::run) granted to a script that writes
    /// `sqlite_schema`.
    ///
    /// # Errors
    /// If SQLite refuses the option.
    pub fn end_script(&self) -> rusqlite::Result<()> {
        self.set_defensive(true)
    }

    /// Turns defensive mode on or off. While it is off, the caller's own statements may write
    /// `sqlite_schema`.
    ///
    /// # Errors
    /// If SQLite refuses the option.
    pub fn set_defensive(&self, on: bool) -> rusqlite::Result<()> {
        let mode = DbConfig::SQLITE_DBCONFIG_DEFENSIVE;
        self.connection.set_db_config(mode, on).map(drop)
    }

    /// Clears the recorded refusals, before a statement whose own refusal matters.
    pub fn forget_denied(&self) {
        let mut denied = self.denied.lock().unwrap_or_else(PoisonError::into_inner);
        *denied = None;
    }

    /// The limit of this sandbox that caused `error`; `None` if the SQL itself is at fault.
    pub fn stop(&self, error: &rusqlite::Error) -> Option<Stop> {
        let denied = self.denied.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(what) = denied.clone() {
            return Some(Stop::Refused(what));
        }
        if let Some(stop) = self.budget.stopped() {
            return Some(stop);
        }
        limits::stop(error).or_else(|| distrusted(error))
    }

    /// Returns the bytes of the database.
    ///
    /// # Errors
    /// If SQLite cannot serialize it.
    pub fn image(&self) -> rusqlite::Result<Vec<u8>> {
        image::image(&self.connection)
    }
}

#[cfg(test)]
#[path = "tests.rs"]
mod tests;
