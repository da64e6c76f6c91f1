//! How long a run waits for locks that others hold: over all its waits as long as the connection's
//! busy timeout says, not as long for each.

#![expect(clippy::disallowed_methods, reason = "a wait ends by the clock")]

use std::cell::Cell;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::error::{self, Error};

/// The rest of the busy timeout of a connection.
///
/// A connection whose timeout is 0 has none, or a busy handler of the application, and is left as
/// it is.
pub(crate) struct LockWait {
    timeout: Duration,
    left: Cell<Duration>,
}

impl LockWait {
    /// Takes a lock on `connection`, for which it may wait as long as there is time left.
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

    /// Counts time that was spent on waiting.
    pub(crate) fn spend(&self, connection: &Connection, waited: Duration) {
        self.left.set(self.remaining().saturating_sub(waited));
        self.set(connection, self.remaining());
    }

    /// How long the run may still wait.
    pub(crate) fn remaining(&self) -> Duration {
        self.left.get()
    }

    fn set(&self, connection: &Connection, timeout: Duration) {
        if !self.timeout.is_zero() {
            // It fails only for a connection that is closed.
            let _ = connection.busy_timeout(timeout);
        }
    }
}

/// A connection that waits no longer than its busy timeout for all locks together. Dropped, it has
/// its own timeout again.
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
