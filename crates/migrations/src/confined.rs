//! A connection that is confined while it runs foreign SQL.

use rusqlite::Connection;

use crate::authorizer::Authorizer;
use crate::error::Error;
use crate::sandbox::{Attached, Sandbox};
use crate::synced::Synced;

/// A connection with the strongest sync setting, to which no other database can be attached, and
/// which an authorizer watches. Dropping it restores every setting.
///
/// It borrows the connection exclusively, because a hook is set through `&mut Connection`.
pub(crate) struct Confined<'a> {
    connection: &'a mut Connection,
    synced: Synced,
    sandbox: Sandbox,
    authorizer: Authorizer,
}

impl<'a> Confined<'a> {
    /// Confines the connection, outside a transaction: inside one, the sync level cannot change.
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

    /// The connection, for setting hooks.
    pub(crate) fn connection_mut(&mut self) -> &mut Connection {
        self.connection
    }

    pub(crate) fn authorizer(&self) -> &Authorizer {
        &self.authorizer
    }

    /// Looks up the functions that SQL from the file may call.
    pub(crate) fn look_up_functions(&self) -> Result<(), Error> {
        self.authorizer.look_up_functions(self.connection)
    }

    /// Trusts the schema as far as the application does, after it was found to be the application's
    /// own.
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
