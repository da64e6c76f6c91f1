//! One step of a run: its script statement by statement, its function, and its row in the ledger.

use std::panic::{AssertUnwindSafe, catch_unwind};

use rusqlite::Connection;
use schema::sql;

use super::Run;
use crate::error::{self, Error};
use crate::guard::{self, Author, Watch};
use crate::ledger;
use crate::plan::{Direction, Move};
use crate::report::Remarks;
use crate::step::{BoxError, Code};

impl Run<'_> {
    pub(super) fn carry_out(&self, step: &Move, remarks: &mut Remarks) -> Result<(), Error> {
        remarks.now_of(step.version);
        let known = self.catalogue.step(step.version);
        let code = known
            .and_then(|step| step.code())
            .filter(|_| step.direction == Direction::Up);
        self.execute(step)?;
        if let Some(code) = code {
            self.call(step, code, Watch::Step(Author::Application), || {
                (code.apply)(self.connection, remarks)
            })?;
        }
        self.record(step)
    }

    /// Writes the step's row into the ledger, or removes it.
    pub(super) fn record(&self, step: &Move) -> Result<(), Error> {
        self.check_inside()?;
        match (step.direction, self.catalogue.step(step.version)) {
            (Direction::Up, Some(known)) => {
                ledger::record(self.connection, self.catalogue, known, false)
            }
            _ => ledger::forget(self.connection, step.version),
        }
    }

    /// In a strict run, refuses where the step's function would leave rows as they are.
    pub(super) fn survey(&self, step: &Move) -> Result<(), Error> {
        let known = self.catalogue.step(step.version);
        let up = step.direction == Direction::Up && self.options.strict;
        let Some(code) = known.and_then(|known| known.code()).filter(|_| up) else {
            return Ok(());
        };
        let mut remarks = Remarks::default();
        self.call(step, code, Watch::Survey, || {
            (code.survey)(self.connection, &mut remarks)
        })?;
        match remarks.all().as_slice() {
            [] => Ok(()),
            left => Err(error::strict_refuses(left)),
        }
    }

    /// Calls a function of a step; one that panics has failed like any other.
    fn call(
        &self,
        step: &Move,
        code: &Code,
        watch: Watch,
        function: impl FnOnce() -> Result<(), BoxError>,
    ) -> Result<(), Error> {
        self.guard.enter(watch);
        let result = catch_unwind(AssertUnwindSafe(function));
        if let Some(refusal) = self.guard.leave() {
            return Err(error::code_refused(step, code.name, &refusal));
        }
        result
            .map_err(|panic| error::code_panicked(step, code.name, &*panic))?
            .map_err(|source| error::code_failed(step, code.name, source))?;
        // A function can go on after `OR ROLLBACK`; a script cannot, because the statement fails.
        if self.connection.is_autocommit() {
            return Err(error::transaction_ended(step, code.name));
        }
        Ok(())
    }

    /// Runs a script statement by statement, so that an error can say which.
    fn execute(&self, step: &Move) -> Result<(), Error> {
        let author = Author::of(self.catalogue, step);
        for (number, statement) in (1..).zip(sql::statements(&step.sql)) {
            if let Some(refusal) = guard::judge_text(statement.text) {
                return Err(error::statement_refused(step, number, &statement, &refusal));
            }
            self.guard.enter(Watch::Step(author));
            let result = execute_one(self.connection, statement.text);
            let refusal = self.guard.leave();
            if let Err(source) = result {
                return Err(match refusal.or_else(|| guard::judge_failure(&source)) {
                    Some(refusal) => error::statement_refused(step, number, &statement, &refusal),
                    None => error::statement_failed(step, number, &statement, source),
                });
            }
        }
        Ok(())
    }
}

/// Runs one statement to its end; rows that it returns are read and dropped.
pub(crate) fn execute_one(connection: &Connection, text: &str) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(text)?;
    let mut rows = statement.raw_query();
    while rows.next()?.is_some() {}
    Ok(())
}
