//! One step of a run: its script statement by statement, its function, and its row in the ledger.

use std::panic::{AssertUnwindSafe, catch_unwind};

use schema::sql;

use super::context::Run;
use crate::error::{self, BoxError, Error};
use crate::execute::execute_one;
use crate::guard::text::{judge_failure, judge_text};
use crate::guard::watch::{Author, Watch};
use crate::planned_step::{Direction, Move};
use crate::remarks::Remarks;
use crate::step::Code;

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
                (code.apply)(self.connection(), remarks)
            })?;
        }
        self.record(step)
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
            (code.survey)(self.connection(), &mut remarks)
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
        self.guard().enter(watch);
        let result = catch_unwind(AssertUnwindSafe(function));
        if let Some(refusal) = self.guard().leave() {
            return Err(error::code_refused(step, code.name, &refusal));
        }
        result
            .map_err(|panic| error::code_panicked(step, code.name, &*panic))?
            .map_err(|source| error::code_failed(step, code.name, source))?;
        // A function can go on after `OR ROLLBACK`; a script cannot, because the statement fails.
        if self.connection().is_autocommit() {
            return Err(error::transaction_ended(step, code.name));
        }
        Ok(())
    }

    /// Runs a script statement by statement, so that an error can say which.
    fn execute(&self, step: &Move) -> Result<(), Error> {
        let author = Author::of(self.catalogue, step);
        for (number, statement) in (1..).zip(sql::statements(&step.sql)) {
            if let Some(refusal) = judge_text(statement.text) {
                return Err(error::statement_refused(step, number, &statement, &refusal));
            }
            self.guard().enter(Watch::Step(author));
            let result = execute_one(self.connection(), statement.text);
            let refusal = self.guard().leave();
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
