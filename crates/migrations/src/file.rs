//! What a file says about itself, read before anything is decided.

use rusqlite::Connection;
use schema::Schema;

use crate::Version;
use crate::catalogue::Catalogue;
use crate::error::{self, Error};
use crate::ledger::{self, Entry, LEDGER_TABLE};
use crate::step::digest;
use crate::transaction::roll_back;

/// One file's claims: its header, its ledger and its shape.
#[derive(Clone, Debug)]
pub struct FileState {
    /// [`application_id`](https://sqlite.org/pragma.html#pragma_application_id), 0 where none was set.
    pub application_id: i32,
    /// [`user_version`](https://sqlite.org/pragma.html#pragma_user_version).
    pub user_version: i32,
    /// The ledger's rows in order of version, or `None` for a file without ledger.
    pub ledger: Option<Vec<Entry>>,
    /// The schema without the ledger.
    pub schema: Schema,
}

impl FileState {
    /// Reads what `connection`'s file says, in the transaction that is open, or else in one of its own,
    /// so that what is read belongs together although others write.
    ///
    /// # Errors
    /// When the file cannot be read as a database.
    pub fn read(connection: &Connection) -> Result<FileState, Error> {
        if !connection.is_autocommit() {
            return FileState::read_inside(connection);
        }
        let state = connection
            .execute_batch("BEGIN")
            .map_err(error::sqlite)
            .and_then(|()| FileState::read_inside(connection));
        match roll_back(connection) {
            true => state,
            false => Err(error::inside_transaction()),
        }
    }

    /// Whether every step above `version` has a way back in the ledger.
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

    /// The version the file is at, when its header and its ledger agree and nothing in it is foreign.
    ///
    /// The file may be newer than `catalogue`; what the catalogue knows of its history must match.
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

impl Entry {
    /// Compares the entry with the step that `catalogue` has for its version, if it has one.
    pub(crate) fn check(&self, catalogue: &Catalogue) -> Result<(), Error> {
        if self.down_digest != Entry::digest_of_back(self.down_sql.as_deref(), &self.down_loses) {
            return Err(error::stored_back_damaged(self.version, &self.name));
        }
        let Some(step) = catalogue.step(self.version) else {
            return Ok(());
        };
        if catalogue.up_digest(self.version) != Some(self.up_digest.as_str()) {
            let stored = self.up_sql.as_deref().ok_or(self.up_digest.as_str());
            // A text that does not match its own digest would show what was never applied.
            let stored = stored.and_then(|text| match digest(text) == self.up_digest {
                true => Ok(text),
                false => Err(self.up_digest.as_str()),
            });
            let script = format!("{}/up.sql", step.folder());
            return Err(error::history_edited(
                &script,
                &self.name,
                stored,
                step.up(),
            ));
        }
        if self.down_sql.as_deref().map(digest) != step.down().map(digest) {
            let script = format!("{}/down.sql", step.folder());
            let stored = Ok(self.down_sql.as_deref().unwrap_or_default());
            let present = step.down().unwrap_or_default();
            return Err(error::history_edited(&script, &self.name, stored, present));
        }
        Ok(())
    }
}
