//! The time that a run waits for locks of others: the connection's busy timeout limits all waits
//! together, not each one.

#![expect(clippy::disallowed_methods, reason = "a wait ends by the clock")]

use std::cell::Cell;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::error::{self, Error};

/// The rest of the busy timeout of a connection.
///
/// A connection whose timeout is 0 has no timeout or has a busy handler of the application, and is
/// left unchanged.
pub(crate) struct LockWait {
    timeout: Duration,
    left: Cell<Duration>,
}

impl LockWait {
    /// Takes a lock on `connection`, waiting for at most the remaining time.
    pub(crate) fn take(
        &self,
        connection: &Connection,
        lock: impl FnOnce(&Connection) -> rusqlite::Result<()>,
    ) -> rusqlite::Result<()> {
        let since = Instant::now();
        let taken = lock(connection);
        self.spend(connection, since.elapsed());
        taken
    }

    /// Counts time that was spent waiting.
    pub(crate) fn spend(&self, connection: &Connection, waited: Duration) {
        self.left.set(self.remaining().saturating_sub(waited));
        self.set(connection, self.remaining());
    }

    /// The time that the run may still wait.
    pub(crate) fn remaining(&self) -> Duration {
        self.left.get()
    }

    fn set(&self, connection: &Connection, timeout: Duration) {
        if !self.timeout.is_zero() {
            // This fails only for a closed connection.
            let _ = connection.busy_timeout(timeout);
        }
    }
}

/// A connection whose waits for locks, taken together, are limited by its busy timeout. Dropping it
/// restores the timeout.
pub(crate) struct WaitingConnection<'a> {
    pub(crate) connection: &'a mut Connection,
    pub(crate) wait: LockWait,
}

impl<'a> WaitingConnection<'a> {
    pub(crate) fn new(connection: &'a mut Connection) -> Result<WaitingConnection<'a>, Error> {
        let milliseconds: u32 = connection
            .pragma_query_value(None, "busy_timeout", |row| row.get(0))
            .map_err(error::sqlite)?;
        let timeout = Duration::from_millis(milliseconds.into());
        let left = Cell::new(timeout);
        let wait = LockWait { timeout, left };
        Ok(WaitingConnection { connection, wait })
    }
}

impl Drop for WaitingConnection<'_> {
    fn drop(&mut self) {
        self.wait.set(self.connection, self.wait.timeout);
    }
}
