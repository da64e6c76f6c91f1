//! One step of a run: its script statement by statement, its function, and its row in the ledger.

use std::panic::{AssertUnwindSafe, catch_unwind};

use schema::sql;

use super::context::Run;
use crate::authorizer::text::{judge_failure, judge_text};
use crate::authorizer::watch::{Author, Watch};
use crate::error::{self, BoxError, Error};
use crate::execute::execute_one;
use crate::planned_step::{Direction, PlannedStep};
use crate::skipped_rows::SkippedRows;
use crate::step::StepFn;

impl Run<'_> {
    pub(super) fn carry_out(
        &self,
        step: &PlannedStep,
        skipped: &mut SkippedRows,
    ) -> Result<(), Error> {
        skipped.set_version(step.version);
        let known = self.catalogue.step(step.version);
        let code = known
            .and_then(|step| step.code())
            .filter(|_| step.direction == Direction::Up);
        self.execute(step)?;
        if let Some(code) = code {
            self.call(step, code, Watch::Step(Author::Application), || {
                (code.apply)(self.connection(), skipped)
            })?;
        }
        self.record(step)
    }

    /// In a strict run, refuses if the step's function would leave rows unchanged.
    pub(super) fn preflight(&self, step: &PlannedStep) -> Result<(), Error> {
        let known = self.catalogue.step(step.version);
        let up = step.direction == Direction::Up && self.options.strict;
        let Some(code) = known.and_then(|known| known.code()).filter(|_| up) else {
            return Ok(());
        };
        let mut skipped = SkippedRows::default();
        self.call(step, code, Watch::Survey, || {
            (code.preflight)(self.connection(), &mut skipped)
        })?;
        match skipped.into_rows().as_slice() {
            [] => Ok(()),
            left => Err(error::strict_refuses(left)),
        }
    }

    /// Calls a function of a step; a panic counts as a failure.
    fn call(
        &self,
        step: &PlannedStep,
        code: &StepFn,
        watch: Watch,
        function: impl FnOnce() -> Result<(), BoxError>,
    ) -> Result<(), Error> {
        self.authorizer().enter(watch);
        let result = catch_unwind(AssertUnwindSafe(function));
        if let Some(refusal) = self.authorizer().leave() {
            return Err(error::code_refused(step, code.name, &refusal));
        }
        result
            .map_err(|panic| error::code_panicked(step, code.name, &*panic))?
            .map_err(|source| error::code_failed(step, code.name, source))?;
        // A function can continue after `OR ROLLBACK`; a script cannot, because the statement
        // fails.
        if self.connection().is_autocommit() {
            return Err(error::transaction_ended(step, code.name));
        }
        Ok(())
    }

    /// Runs a script statement by statement, so that an error can name the statement.
    fn execute(&self, step: &PlannedStep) -> Result<(), Error> {
        let author = Author::find(self.catalogue, step);
        for (number, statement) in (1..).zip(sql::statements(&step.sql)) {
            if let Some(refusal) = judge_text(statement.text) {
                return Err(error::statement_refused(step, number, &statement, &refusal));
            }
            self.authorizer().enter(Watch::Step(author));
            let result = execute_one(self.connection(), statement.text);
            let refusal = self.authorizer().leave();
            if let Err(source) = result {
                return Err(match refusal.or_else(|| judge_failure(&source)) {
                    Some(refusal) => error::statement_refused(step, number, &statement, &refusal),
                    None => error::statement_failed(step, number, &statement, source),
                });
            }
        }
        Ok(())
    }
}
