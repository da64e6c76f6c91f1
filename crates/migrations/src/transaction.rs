//! The transaction of a run: foreign keys are off around it, and every setting is restored at its
//! end.

use rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY;
use rusqlite::{Connection, ErrorCode};

use crate::Version;
use crate::authorizer::Authorizer;
use crate::confined::Confined;
use crate::error::{self, Error};
use crate::file::FileState;
use crate::file_stamp::FileStamp;
use crate::lock_wait::{LockWait, WaitingConnection};
use crate::outcome::Outcome;
use crate::rollback::{TRIES, roll_back};
use crate::sandbox::Attached;

/// An open transaction. If it is dropped before [`Transaction::commit`], also by a panic, it rolls
/// back.
pub(crate) struct Transaction<'a> {
    /// Whether foreign keys were on.
    keys: bool,
    wait: &'a LockWait,
    /// Dropped after everything on the connection is closed.
    confined: Confined<'a>,
}

impl<'a> Transaction<'a> {
    /// Begins with `BEGIN IMMEDIATE`, which waits for the busy timeout; a deferred BEGIN that
    /// writes later does not.
    pub(crate) fn begin(waiting: &'a mut WaitingConnection<'_>) -> Result<Transaction<'a>, Error> {
        let WaitingConnection { connection, wait } = waiting;
        // A transaction of the caller may not be rolled back here.
        if !connection.is_autocommit() {
            return Err(error::inside_transaction());
        }
        let confined = Confined::new(connection, Attached::None)?;
        let transaction = Transaction {
            keys: confined
                .connection()
                .db_config(SQLITE_DBCONFIG_ENABLE_FKEY)
                .map_err(error::sqlite)?,
            wait,
            confined,
        };
        transaction.set_keys(false)?;
        transaction
            .take("BEGIN IMMEDIATE")
            .map_err(error::cannot_begin)?;
        Ok(transaction)
    }

    pub(crate) fn connection(&self) -> &Connection {
        self.confined.connection()
    }

    pub(crate) fn authorizer(&self) -> &Authorizer {
        self.confined.authorizer()
    }

    pub(crate) fn confined(&self) -> &Confined<'a> {
        &self.confined
    }

    fn take(&self, begin: &str) -> rusqlite::Result<()> {
        self.wait.take(self.connection(), |connection| {
            connection.execute_batch(begin)
        })
    }

    /// Excludes readers before anything is written. Without a WAL, pages that do not fit into the
    /// cache are written to the file only when nobody reads it: with a reader, each page would wait
    /// for the whole busy timeout, and meanwhile no reader could begin. Earlier writes of this
    /// transaction are rolled back; writers are excluded all the time.
    /// <https://sqlite.org/lockingv3.html>
    pub(crate) fn exclude_readers(&mut self) -> Result<(), Error> {
        if self.setting("journal_mode")? == "wal" {
            return Ok(());
        }
        // In this mode a lock stays after its transaction ends:
        // https://sqlite.org/pragma.html#pragma_locking_mode
        let before = self.setting("locking_mode")?;
        let locked = self.begin_exclusive();
        self.restore_locking_mode(&before);
        locked
    }

    fn begin_exclusive(&self) -> Result<(), Error> {
        set_locking_mode(self.connection(), "EXCLUSIVE").map_err(error::sqlite)?;
        self.connection()
            .execute_batch("ROLLBACK")
            .map_err(error::sqlite)?;
        self.take("BEGIN EXCLUSIVE")
            .map_err(error::cannot_exclude_readers)
    }

    fn restore_locking_mode(&mut self, before: &str) {
        let connection = self.confined.connection_mut();
        let restored = (0..TRIES).any(|_| try_locking_mode(connection, before).is_ok());
        // As for a ROLLBACK: a leaked lock is worse than a removed progress handler.
        if !restored {
            let _ = connection.progress_handler(0, None::<fn() -> bool>);
            let _ = try_locking_mode(connection, before);
        }
    }

    fn setting(&self, name: &str) -> Result<String, Error> {
        self.connection()
            .pragma_query_value(Some("main"), name, |row| row.get(0))
            .map_err(error::sqlite)
    }

    /// Commits. After an error the file is read again, because COMMIT can return an error and still
    /// take effect. `before` is the state of the file when the transaction began.
    pub(crate) fn commit(mut self, before: &FileStamp, to: Version) -> Result<(), Error> {
        let Err(source) = self.connection().execute_batch("COMMIT") else {
            return Ok(());
        };
        // Whatever this connection reads now, the next connection may find the frames of this
        // COMMIT in the WAL and accept them as committed.
        // <https://sqlite.org/walformat.html#recovery>
        let hidden = source.sqlite_error_code() == Some(ErrorCode::SystemIoFailure)
            && self
                .setting("journal_mode")
                .map_or(true, |mode| mode == "wal");
        let error = error::cannot_commit(source);
        let now = self.roll_back().then(|| FileState::read(self.connection()));
        Err(match now.map(|state| state.map(|state| state.stamp())) {
            Some(Ok(now)) if !hidden => error.with_outcome(now.outcome(before, to)),
            _ => error
                .with_outcome(Outcome::Unknown)
                .unsure(before.clone(), to),
        })
    }

    /// Ends a transaction that wrote nothing.
    pub(crate) fn close(mut self) -> Result<(), Error> {
        if self.roll_back() {
            Ok(())
        } else {
            Err(error::inside_transaction())
        }
    }

    /// Rolls back because of `error`.
    pub(crate) fn abandon(mut self, error: Error) -> Error {
        self.authorizer().leave();
        error.with_outcome(if self.roll_back() {
            Outcome::RolledBack
        } else {
            Outcome::Unknown
        })
    }

    fn roll_back(&mut self) -> bool {
        roll_back(self.confined.connection_mut())
    }

    /// Not by the pragma, which does nothing inside a transaction and which an interrupt can stop.
    fn set_keys(&self, on: bool) -> Result<(), Error> {
        self.connection()
            .set_db_config(SQLITE_DBCONFIG_ENABLE_FKEY, on)
            .map(|_now| ())
            .map_err(error::sqlite)
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        self.authorizer().leave();
        self.roll_back();
        // This fails only for a setting that SQLite does not know.
        let _ = self.set_keys(self.keys);
    }
}

fn set_locking_mode(connection: &Connection, mode: &str) -> rusqlite::Result<()> {
    let pragma = format!("PRAGMA main.locking_mode = {mode}");
    connection.query_row(&pragma, [], |_| Ok(()))
}

/// Restores the mode. If the mode keeps no locks, the next read releases those that are left
/// outside a transaction.
fn try_locking_mode(connection: &Connection, mode: &str) -> rusqlite::Result<()> {
    set_locking_mode(connection, mode)?;
    if connection.is_autocommit() {
        let read = "SELECT count(*) FROM main.sqlite_schema";
        return connection.query_row(read, [], |_| Ok(()));
    }
    Ok(())
}
