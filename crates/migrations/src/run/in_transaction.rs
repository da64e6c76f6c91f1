//! One transaction of a run, before it is committed.

#![expect(
    clippy::disallowed_methods,
    reason = "a report says how long a step took"
)]

use std::path::PathBuf;
use std::time::Instant;

use schema::Schema;

use super::context::{Run, Scope};
use super::decide::Decision;
use super::task::Task;
use crate::backup::check::check;
use crate::backup::{self, RunBackup};
use crate::error::{self, Error};
use crate::file::FileState;
use crate::file_stamp::FileStamp;
use crate::foreign_keys::KeyCheck;
use crate::ledger;
use crate::options::Backups;
use crate::plan::Plan;
use crate::planned_step::{Direction, PlannedStep};
use crate::report::{Report, StepReport};
use crate::skipped_rows::SkippedRows;

/// The result of the transaction, before it is committed.
pub(super) struct TransactionResult {
    pub(super) report: Report,
    pub(super) written: bool,
    pub(super) before: FileStamp,
    /// The step that has to run outside this transaction, before anything else.
    pub(super) non_transactional: Option<PlannedStep>,
}

impl Run<'_> {
    pub(super) fn run_in_transaction(
        &mut self,
        task: Task,
        scope: Scope,
        backup: &RunBackup<'_>,
    ) -> Result<TransactionResult, Error> {
        let decision = self.decide(task)?;
        let adopted = decision.adopted;
        let mut work = TransactionResult {
            report: Report {
                adopted,
                ..Report::nothing_to_do(decision.plan.from)
            },
            written: adopted || !decision.plan.steps.is_empty(),
            before: decision.before.clone(),
            non_transactional: None,
        };
        if !work.written {
            return Ok(work);
        }
        self.check_before_copy(&decision.plan)?;
        work.report.backup = self.back_up(&decision, backup)?;
        let Decision {
            mut plan, schema, ..
        } = decision;
        if plan
            .steps
            .first()
            .is_some_and(|first| first.non_transactional)
            && !adopted
        {
            work.non_transactional = plan.steps.into_iter().next();
            return Ok(work);
        }
        if !matches!(task, Task::Build { .. }) {
            self.transaction.exclude_readers()?;
            if adopted {
                // The adoption was rolled back with the rest.
                plan = self.decide(task)?.plan;
            }
        }
        plan.keep_transactional_steps();
        if scope == Scope::FirstStep {
            plan.truncate(1);
        }
        self.run_steps(task, &plan, &schema, &mut work.report)?;
        Ok(work)
    }

    /// Checks for refusals before the file is copied.
    fn check_before_copy(&self, plan: &Plan) -> Result<(), Error> {
        self.limit_stored(plan)?;
        self.require_consent(&plan.steps)?;
        plan.steps
            .first()
            .map_or(Ok(()), |first| self.preflight(first))
    }

    /// Backs up the committed file through a different connection: this one has the lock, and has
    /// written at most the rows of an adoption. An empty file needs no backup. If no backup is
    /// wanted, the file is at least read, so that a damaged one is left unchanged.
    fn back_up(
        &self,
        decision: &Decision,
        backup: &RunBackup<'_>,
    ) -> Result<Option<PathBuf>, Error> {
        if decision.before.is_empty() {
            return Ok(None);
        }
        let file = backup::find_file_path(self.connection(), self.options.files);
        if self.options.backups == Backups::Off {
            if self.options.check && !matches!(file, Ok(None)) {
                check(self.connection()).map_err(|said| error::file_damaged(&said))?;
            }
            return Ok(None);
        }
        if file?.is_none() {
            return Ok(None);
        }
        let from = decision.plan.from;
        let adopted_at = decision.adopted.then_some(from);
        backup.take(self.connection(), from, adopted_at).map(Some)
    }

    /// Runs all steps of `plan` on a file with `schema`, with the checks before the first and after
    /// the last.
    fn run_steps(
        &self,
        task: Task,
        plan: &Plan,
        schema: &Schema,
        report: &mut Report,
    ) -> Result<(), Error> {
        let on_a_file = !matches!(task, Task::Build { .. });
        let census = self.take_census(plan, schema)?;
        let keys = if on_a_file {
            let schema = schema.clone();
            let keys = KeyCheck::begin(self.connection(), self.catalogue, plan, schema)?;
            Some(keys)
        } else {
            None
        };
        if plan.to > 0 {
            // Before the first step, so that no step can create its own table in the ledger's
            // place.
            ledger::create(self.connection())?;
            let fingerprint = (plan.from > 0).then(|| schema.fingerprint());
            ledger::complete(self.connection(), self.catalogue, fingerprint)?;
        }
        let mut skipped = SkippedRows::with_progress(self.options.progress);
        for (index, step) in plan.steps.iter().enumerate() {
            let started = Instant::now();
            // The first step was checked before; an earlier step may have created what this one
            // loses or leaves.
            if index > 0 {
                self.preflight(step)?;
                self.require_consent(std::slice::from_ref(step))?;
            }
            self.run_step(plan, step, &mut skipped)?;
            report.steps.push(StepReport {
                version: step.version,
                folder: step.folder.clone(),
                direction: step.direction,
                elapsed: started.elapsed(),
            });
        }
        self.stamp(plan.to)?;
        if let Some(keys) = keys {
            report.dangling = keys.finish(self.connection(), self.authorizer())?;
        }
        if plan.from > 0 && on_a_file {
            let schema = self.check_arrival(plan)?;
            if let Some(census) = census {
                self.require_consent_afterwards(plan, &census, &schema)?;
            }
        }
        report.to = plan.to;
        report.skipped_rows = skipped.into_rows();
        Ok(())
    }

    /// Carries out one step, and records the schema after it unless the steps alone determine it.
    fn run_step(
        &self,
        plan: &Plan,
        step: &PlannedStep,
        skipped: &mut SkippedRows,
    ) -> Result<(), Error> {
        self.carry_out(step, skipped)?;
        if plan.from > 0 && step.direction == Direction::Up {
            let schema = FileState::read(self.connection())?.schema;
            ledger::note_schema(self.connection(), step.version, schema.fingerprint())?;
        }
        Ok(())
    }
}
