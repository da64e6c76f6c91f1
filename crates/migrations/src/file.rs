//! The state of a file, read before anything is decided.

use rusqlite::Connection;
use schema::Schema;

use crate::Version;
use crate::catalogue::Catalogue;
use crate::entry::Entry;
use crate::error::{self, Error};
use crate::file_stamp::FileStamp;
use crate::ledger::{self, LEDGER_TABLE};

/// The state that a file records: its header, its ledger and its schema.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct FileState {
    /// [`application_id`](https://sqlite.org/pragma.html#pragma_application_id), 0 where none was
    /// set.
    pub application_id: i32,
    /// [`user_version`](https://sqlite.org/pragma.html#pragma_user_version).
    pub user_version: i32,
    /// The rows of the ledger in order of version, or `None` for a file without a ledger.
    pub ledger: Option<Vec<Entry>>,
    /// The schema without the ledger.
    pub schema: Schema,
}

impl FileState {
    /// Reads the state of `connection`'s file, in the open transaction or else in one of its own,
    /// so that the parts are consistent even if others write.
    ///
    /// # Errors
    /// When the file cannot be read as a database.
    pub fn read(connection: &Connection) -> Result<FileState, Error> {
        if !connection.is_autocommit() {
            return FileState::read_inside(connection);
        }
        // An unfinished statement keeps its snapshot, and ending it, unlike a ROLLBACK, cannot be
        // interrupted. This statement needs no schema, which would take the lock twice.
        let mut statement = connection
            .prepare("PRAGMA main.application_id")
            .map_err(error::sqlite)?;
        let mut rows = statement.raw_query();
        rows.next().map_err(error::sqlite)?;
        FileState::read_inside(connection)
    }

    /// The stamp that distinguishes this file from the same file after a run.
    pub(crate) fn stamp(&self) -> FileStamp {
        FileStamp {
            user_version: i64::from(self.user_version),
            ledger: self.ledger.clone(),
            empty: self.ledger.is_none() && self.schema.is_empty(),
        }
    }

    /// Whether every step above `version` has a down migration in the ledger.
    pub(crate) fn can_go_back_to(&self, version: Version) -> bool {
        let entries = self.ledger.as_deref().unwrap_or_default();
        entries
            .iter()
            .all(|entry| entry.version <= version || entry.down_sql.is_some())
    }

    fn read_inside(connection: &Connection) -> Result<FileState, Error> {
        let pragma = |name: &str| -> Result<i32, Error> {
            connection
                .pragma_query_value(None, name, |row| row.get(0))
                .map_err(error::sqlite)
        };
        Ok(FileState {
            application_id: pragma("application_id")?,
            user_version: pragma("user_version")?,
            ledger: ledger::read(connection)?,
            schema: Schema::read(connection)
                .map_err(error::sqlite)?
                .without_table(LEDGER_TABLE),
        })
    }

    /// The version of the file, if its header and its ledger agree and belong to this catalogue.
    ///
    /// The file may be newer than `catalogue`; the part of its history that the catalogue knows
    /// must match.
    ///
    /// # Errors
    /// When the file belongs to another application, has tables but no ledger, or its ledger has a
    /// gap, was edited, or disagrees with `user_version`.
    pub fn version(&self, catalogue: &Catalogue) -> Result<Version, Error> {
        let ours = catalogue.application_id();
        if self.application_id != 0 && ours != 0 && self.application_id != ours {
            return Err(error::not_ours(self.application_id, ours));
        }
        let Some(entries) = &self.ledger else {
            if self.schema.is_empty() && self.user_version == 0 {
                return Ok(0);
            }
            return Err(error::no_ledger(self.user_version, self.schema.is_empty()));
        };
        for (expected, entry) in (1..).zip(entries) {
            if entry.version != expected {
                return Err(error::ledger_gap(expected, entry.version));
            }
            entry.check(catalogue)?;
        }
        let newest = entries.last().map_or(0, |entry| entry.version);
        if i64::from(self.user_version) != i64::from(newest) {
            return Err(error::ledger_disagrees(newest, self.user_version));
        }
        Ok(newest)
    }
}
