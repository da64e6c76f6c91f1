//! How long a run waits for locks that others hold: over all its waits as long as the connection's busy timeout
//! says, not as long for each.

use std::cell::Cell;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::error::{self, Error};

/// What is left of the busy timeout of a connection. When it goes, the connection has its own timeout again.
///
/// A connection whose timeout is 0 has none, or a busy handler of the application, and is left as it is.
pub(crate) struct LockWait<'a> {
    connection: &'a Connection,
    timeout: Duration,
    left: Cell<Duration>,
}

impl<'a> LockWait<'a> {
    pub(crate) fn new(connection: &'a Connection) -> Result<LockWait<'a>, Error> {
        let milliseconds: u32 = connection
            .pragma_query_value(None, "busy_timeout", |row| row.get(0))
            .map_err(error::sqlite)?;
        let timeout = Duration::from_millis(milliseconds.into());
        Ok(LockWait {
            connection,
            timeout,
            left: Cell::new(timeout),
        })
    }

    /// Takes a lock, for which the connection may wait as long as there is time left.
    pub(crate) fn take(&self, lock: impl FnOnce() -> rusqlite::Result<()>) -> rusqlite::Result<()> {
        let since = Instant::now();
        let taken = lock();
        self.spend(since.elapsed());
        taken
    }

    /// Counts time that was spent on waiting.
    pub(crate) fn spend(&self, waited: Duration) {
        self.left.set(self.left().saturating_sub(waited));
        self.set(self.left());
    }

    /// How long the run may still wait.
    pub(crate) fn left(&self) -> Duration {
        self.left.get()
    }

    fn set(&self, timeout: Duration) {
        if !self.timeout.is_zero() {
            // It fails only for a connection that is closed.
            let _ = self.connection.busy_timeout(timeout);
        }
    }
}

impl Drop for LockWait<'_> {
    fn drop(&mut self) {
        self.set(self.timeout);
    }
}
