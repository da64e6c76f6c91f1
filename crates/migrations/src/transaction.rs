//! The transaction of a run: foreign keys off around it, and everything put back, however it ends.

use rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY;
use rusqlite::{Connection, ErrorCode};

use crate::Version;
use crate::error::{self, Error, Outcome};
use crate::file::FileState;
use crate::guard::Guard;
use crate::ledger::Entry;
use crate::lock_wait::LockWait;
use crate::sandbox::{Attached, Sandbox};

/// How often a ROLLBACK is tried before what interrupts it is removed.
const TRIES: usize = 3;

/// `synchronous = EXTRA`: the directory is synced, too, when a journal is deleted.
const EXTRA: i64 = 3;

/// A connection that syncs as much as SQLite can, as long as this lives: at `FULL`, a power cut after COMMIT has
/// returned may bring the journal back, undo the work, and damage a file that became shorter.
/// <https://sqlite.org/pragma.html#pragma_synchronous>
pub(crate) struct Synced<'a> {
    connection: &'a Connection,
    before: i64,
}

impl<'a> Synced<'a> {
    pub(crate) fn new(connection: &'a Connection) -> Result<Synced<'a>, Error> {
        let before = connection
            .pragma_query_value(Some("main"), "synchronous", |row| row.get(0))
            .map_err(error::sqlite)?;
        let synced = Synced { connection, before };
        synced.set(EXTRA).map_err(error::sqlite)?;
        Ok(synced)
    }

    fn set(&self, level: i64) -> rusqlite::Result<()> {
        self.connection
            .pragma_update(Some("main"), "synchronous", level)
    }
}

impl Drop for Synced<'_> {
    fn drop(&mut self) {
        // It reads the schema, and what interrupts everything interrupts that, too.
        if self.set(self.before).is_err() {
            let _ = self.connection.progress_handler(0, None::<fn() -> bool>);
            let _ = self.set(self.before);
        }
    }
}

/// An open transaction. Dropped before [`Transaction::commit`], also by a panic, it rolls back.
pub(crate) struct Transaction<'a> {
    pub(crate) connection: &'a Connection,
    /// Whether foreign keys were on.
    keys: bool,
    wait: &'a LockWait<'a>,
    /// The rest is dropped when nothing is open any more.
    _synced: Synced<'a>,
    pub(crate) sandbox: Sandbox<'a>,
    pub(crate) guard: Guard<'a>,
}

impl<'a> Transaction<'a> {
    /// `BEGIN IMMEDIATE` waits for the busy timeout, where a deferred BEGIN that writes later does not.
    pub(crate) fn begin(
        connection: &'a Connection,
        wait: &'a LockWait<'a>,
    ) -> Result<Transaction<'a>, Error> {
        // Whose transaction it is may not be rolled back here.
        if !connection.is_autocommit() {
            return Err(error::inside_transaction());
        }
        let guard = Guard::install(connection)?;
        let transaction = Transaction {
            connection,
            keys: connection
                .db_config(SQLITE_DBCONFIG_ENABLE_FKEY)
                .map_err(error::sqlite)?,
            wait,
            _synced: Synced::new(connection)?,
            sandbox: Sandbox::new(connection, Attached::None)?,
            guard,
        };
        transaction.set_keys(false)?;
        wait.take(|| connection.execute_batch("BEGIN IMMEDIATE"))
            .map_err(error::cannot_begin)?;
        Ok(transaction)
    }

    /// Keeps readers out, before anything is written. Without a WAL, pages that do not fit into the cache are written
    /// into the file as soon as nobody reads it: with a reader there, each page would wait for the busy timeout anew,
    /// and meanwhile nobody could begin to read. What was written in this transaction is rolled back; writers are
    /// kept out all the time. <https://sqlite.org/lockingv3.html>
    pub(crate) fn exclude_readers(&self) -> Result<(), Error> {
        if self.setting("journal_mode")? == "wal" {
            return Ok(());
        }
        // In this mode a lock stays when its transaction ends: https://sqlite.org/pragma.html#pragma_locking_mode
        let mode = LockingMode {
            connection: self.connection,
            before: self.setting("locking_mode")?,
        };
        mode.set("EXCLUSIVE").map_err(error::sqlite)?;
        self.connection
            .execute_batch("ROLLBACK")
            .map_err(error::sqlite)?;
        self.wait
            .take(|| self.connection.execute_batch("BEGIN EXCLUSIVE"))
            .map_err(error::cannot_exclude_readers)
    }

    fn setting(&self, name: &str) -> Result<String, Error> {
        self.connection
            .pragma_query_value(Some("main"), name, |row| row.get(0))
            .map_err(error::sqlite)
    }

    /// Commits; after an error the file is looked at again, because COMMIT can return an error and have
    /// committed. `before` is what the file said when the transaction began.
    pub(crate) fn commit(self, before: &Mark, to: Version) -> Result<(), Error> {
        let Err(source) = self.connection.execute_batch("COMMIT") else {
            return Ok(());
        };
        // Whatever this connection reads now, whoever opens the file next may find the frames of this COMMIT in the
        // WAL, and take them for committed. <https://sqlite.org/walformat.html#recovery>
        let hidden = source.sqlite_error_code() == Some(ErrorCode::SystemIoFailure)
            && self
                .setting("journal_mode")
                .map_or(true, |mode| mode == "wal");
        let error = error::cannot_commit(source);
        let now = roll_back(self.connection).then(|| Mark::read(self.connection));
        Err(match now {
            Some(Ok(now)) if !hidden => error.with_outcome(now.outcome(before, to)),
            _ => error
                .with_outcome(Outcome::Unknown)
                .unsure(before.clone(), to),
        })
    }

    /// Ends a transaction that wrote nothing.
    pub(crate) fn close(self) -> Result<(), Error> {
        match roll_back(self.connection) {
            true => Ok(()),
            false => Err(error::inside_transaction()),
        }
    }

    /// Rolls back because of `error`.
    pub(crate) fn abandon(self, error: Error) -> Error {
        self.guard.leave();
        error.with_outcome(match roll_back(self.connection) {
            true => Outcome::RolledBack,
            false => Outcome::Unknown,
        })
    }

    /// Not by the pragma, which does nothing inside a transaction, and which an interrupt can stop.
    fn set_keys(&self, on: bool) -> Result<(), Error> {
        self.connection
            .set_db_config(SQLITE_DBCONFIG_ENABLE_FKEY, on)
            .map(|_now| ())
            .map_err(error::sqlite)
    }
}

impl Drop for Transaction<'_> {
    fn drop(&mut self) {
        self.guard.leave();
        let _ = roll_back(self.connection);
        // It fails only for a setting that SQLite does not know.
        let _ = self.set_keys(self.keys);
    }
}

/// The locking mode of a connection, as it was. Where it keeps no locks, those that are left outside a transaction go.
struct LockingMode<'a> {
    connection: &'a Connection,
    before: String,
}

impl LockingMode<'_> {
    fn set(&self, mode: &str) -> rusqlite::Result<()> {
        let pragma = format!("PRAGMA main.locking_mode = {mode}");
        self.connection.query_row(&pragma, [], |_| Ok(()))
    }

    /// The next read gives back what is locked.
    fn restore(&self) -> rusqlite::Result<()> {
        self.set(&self.before)?;
        match self.connection.is_autocommit() {
            true => {
                self.connection
                    .query_row("SELECT count(*) FROM main.sqlite_schema", [], |_| Ok(()))
            }
            false => Ok(()),
        }
    }
}

impl Drop for LockingMode<'_> {
    fn drop(&mut self) {
        let restored = (0..TRIES).any(|_| self.restore().is_ok());
        // As for a ROLLBACK: a lock that nobody knows of is worse than a progress handler that is gone.
        if !restored {
            let _ = self.connection.progress_handler(0, None::<fn() -> bool>);
            let _ = self.restore();
        }
    }
}

/// Whether the connection is outside a transaction afterwards. BEGIN can fail and have begun, and
/// ROLLBACK can be interrupted as any statement can: then the progress handler goes, because an open
/// transaction that the application would take for its own is worse.
pub(crate) fn roll_back(connection: &Connection) -> bool {
    for _ in 0..TRIES {
        if connection.is_autocommit() {
            return true;
        }
        let _ = connection.execute_batch("ROLLBACK");
    }
    if !connection.is_autocommit() {
        let _ = connection.progress_handler(0, None::<fn() -> bool>);
        let _ = connection.execute_batch("ROLLBACK");
    }
    connection.is_autocommit()
}

/// What tells a file before a run from the same file after it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Mark {
    user_version: i64,
    ledger: Option<Vec<Entry>>,
    empty: bool,
}

impl Mark {
    pub(crate) fn of(state: &FileState) -> Mark {
        Mark {
            user_version: i64::from(state.user_version),
            ledger: state.ledger.clone(),
            empty: state.ledger.is_none() && state.schema.is_empty(),
        }
    }

    /// What happened to a run to version `to`, when this is read afterwards.
    pub(crate) fn outcome(&self, before: &Mark, to: Version) -> Outcome {
        if self == before {
            Outcome::RolledBack
        } else if self.user_version == i64::from(to) {
            Outcome::Committed
        } else {
            Outcome::Unknown
        }
    }

    /// Whether the file held no table at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.empty
    }

    pub(crate) fn read(connection: &Connection) -> Result<Mark, Error> {
        FileState::read(connection).map(|state| Mark::of(&state))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A third version is that of somebody who came in between.
    #[test]
    fn what_became_of_a_run_is_read_off_the_file() {
        let mark = |user_version| Mark {
            user_version,
            ledger: None,
            empty: false,
        };
        let outcome = |now| mark(now).outcome(&mark(1), 3);
        assert_eq!(outcome(1), Outcome::RolledBack);
        assert_eq!(outcome(3), Outcome::Committed);
        assert_eq!(outcome(2), Outcome::Unknown);
    }
}
