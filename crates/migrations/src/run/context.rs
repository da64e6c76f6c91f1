//! The context that all parts of a run share.

use std::cell::RefCell;

use rusqlite::Connection;

use crate::Version;
use crate::authorizer::Authorizer;
use crate::catalogue::Catalogue;
use crate::error::{self, Error};
use crate::ledger;
use crate::options::Options;
use crate::planned_step::{Direction, PlannedStep};
use crate::time_limit::TimeLimit;
use crate::transaction::Transaction;

/// The extent of a task in one transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Scope {
    /// The whole task.
    Whole,
    /// The first step.
    FirstStep,
}

/// A transaction and its extent.
pub(super) struct Run<'a> {
    /// The time limit for SQL that only the file knows, as soon as there is any. It ends before the
    /// transaction, because it must not interrupt the transaction's end.
    pub(super) limit: RefCell<Option<TimeLimit>>,
    pub(super) transaction: Transaction<'a>,
    pub(super) catalogue: &'a Catalogue,
    pub(super) options: &'a Options,
}

impl<'a> Run<'a> {
    pub(super) fn new(
        transaction: Transaction<'a>,
        catalogue: &'a Catalogue,
        options: &'a Options,
    ) -> Run<'a> {
        Run {
            limit: RefCell::default(),
            transaction,
            catalogue,
            options,
        }
    }

    pub(super) fn into_transaction(self) -> Transaction<'a> {
        self.transaction
    }

    pub(super) fn connection(&self) -> &Connection {
        self.transaction.connection()
    }

    pub(super) fn authorizer(&self) -> &Authorizer {
        self.transaction.authorizer()
    }

    /// Refuses if SQLite has rolled the transaction back by itself, as it may do after an error:
    /// any later write would be committed at once.
    /// <https://sqlite.org/lang_transaction.html#response_to_errors_within_a_transaction>
    fn check_inside(&self) -> Result<(), Error> {
        if self.connection().is_autocommit() {
            let aborted = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ABORT_ROLLBACK);
            return Err(error::sqlite(rusqlite::Error::SqliteFailure(aborted, None)));
        }
        Ok(())
    }

    /// Writes the step's row into the ledger, or removes it.
    pub(super) fn record(&self, step: &PlannedStep) -> Result<(), Error> {
        self.check_inside()?;
        match (step.direction, self.catalogue.step(step.version)) {
            (Direction::Up, Some(known)) => {
                ledger::record(self.connection(), self.catalogue, known, false)
            }
            _ => ledger::forget(self.connection(), step.version),
        }
    }

    /// Writes the version into the file's header.
    pub(super) fn stamp(&self, version: Version) -> Result<(), Error> {
        self.check_inside()?;
        let id = if version == 0 {
            0
        } else {
            self.catalogue.application_id()
        };
        self.connection()
            .pragma_update(None, "user_version", version)
            .map_err(error::sqlite)?;
        if id != 0 || version == 0 {
            self.connection()
                .pragma_update(None, "application_id", id)
                .map_err(error::sqlite)?;
        }
        Ok(())
    }
}
