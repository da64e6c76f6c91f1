//! A connection while SQL runs on it that somebody wrote.

use rusqlite::Connection;

use crate::authorizer::Authorizer;
use crate::error::Error;
use crate::sandbox::{Attached, Sandbox};
use crate::synced::Synced;

/// A connection that syncs as much as SQLite can, on which no other database can be attached, and
/// which an authorizer watches. Dropped, everything on it is as it was.
///
/// It holds the connection alone, because a hook is set through `&mut Connection`.
pub(crate) struct Confined<'a> {
    connection: &'a mut Connection,
    synced: Synced,
    sandbox: Sandbox,
    authorizer: Authorizer,
}

impl<'a> Confined<'a> {
    /// Outside a transaction: inside of one the level of syncing stays as it is.
    pub(crate) fn new(
        connection: &'a mut Connection,
        attached: Attached,
    ) -> Result<Confined<'a>, Error> {
        // First, because an authorizer of the application could forbid the rest.
        let authorizer = Authorizer::install(connection)?;
        let settings =
            Synced::read(connection).and_then(|synced| Ok((synced, Sandbox::read(connection)?)));
        let (synced, sandbox) = settings.inspect_err(|_| Authorizer::remove(connection))?;
        let confined = Confined {
            connection,
            synced,
            sandbox,
            authorizer,
        };
        Synced::apply(confined.connection)?;
        confined.sandbox.apply(confined.connection, attached)?;
        Ok(confined)
    }

    pub(crate) fn connection(&self) -> &Connection {
        self.connection
    }

    /// The same to set hooks on.
    pub(crate) fn connection_mut(&mut self) -> &mut Connection {
        self.connection
    }

    pub(crate) fn authorizer(&self) -> &Authorizer {
        &self.authorizer
    }

    /// Looks up which functions SQL of a file may call.
    pub(crate) fn look_up_functions(&self) -> Result<(), Error> {
        self.authorizer.look_up_functions(self.connection)
    }

    /// Trusts the schema as far as the application does: it was found to be the application's own.
    pub(crate) fn trust_schema(&self) -> Result<(), Error> {
        self.sandbox.trust_schema(self.connection)
    }
}

impl Drop for Confined<'_> {
    fn drop(&mut self) {
        self.synced.restore(self.connection);
        self.sandbox.restore(self.connection);
        Authorizer::remove(self.connection);
    }
}
