//! The run: the only part that writes.

#![expect(
    clippy::disallowed_methods,
    reason = "a report says how long a step took"
)]

mod arrival;
mod carry_out;
mod consent;
mod context;
mod decide;
mod in_transaction;
mod task;
mod unknown;

use std::time::Instant;

use rusqlite::Connection;

use crate::backup::RunBackup;
use crate::catalogue::Catalogue;
use crate::error::Error;
use crate::ledger;
use crate::lock_wait::WaitingConnection;
use crate::options::{Backups, Commit, Options};
use crate::planned_step::{Direction, PlannedStep};
use crate::report::{Report, StepReport};
use crate::transaction::Transaction;
use context::{Run, Scope};
use in_transaction::TransactionResult;
pub(crate) use task::Task;

/// The settings of a run.
#[derive(Clone, Copy)]
struct Settings<'a> {
    catalogue: &'a Catalogue,
    options: &'a Options,
    backup: &'a RunBackup<'a>,
}

/// Carries out `task`, in one transaction or in one per step, with foreign keys off around each.
pub(crate) fn run(
    connection: &mut Connection,
    catalogue: &Catalogue,
    options: &Options,
    task: Task,
    backup: &RunBackup<'_>,
) -> Result<Report, Error> {
    let scope = if options.commit == Commit::Run || matches!(task, Task::Build { .. }) {
        Scope::Whole
    } else {
        Scope::FirstStep
    };
    let mut settings = Settings {
        catalogue,
        options,
        backup,
    };
    let mut waiting = WaitingConnection::new(connection)?;
    let mut total = run_transaction(&mut waiting, settings, task, scope)?;
    // The backup was taken before the first step, for all of them.
    let later = options.backups(Backups::Off).check(false);
    settings.options = &later;
    let target = task.target();
    while total.to != target {
        let part = run_transaction(
            &mut waiting,
            settings,
            task.without_expected_version(),
            Scope::FirstStep,
        )
        .map_err(|error| error.after_steps_to(total.to))?;
        if part.steps.is_empty() && part.to == total.to {
            break;
        }
        total.to = part.to;
        total.steps.extend(part.steps);
        total.skipped_rows.extend(part.skipped_rows);
        // The last check covers the whole run.
        total.dangling = part.dangling;
    }
    Ok(total)
}

/// Runs one transaction: the whole task, or only its first step if the options ask for that.
fn run_transaction(
    waiting: &mut WaitingConnection<'_>,
    settings: Settings<'_>,
    task: Task,
    scope: Scope,
) -> Result<Report, Error> {
    let mut run = Run::new(
        Transaction::begin(waiting)?,
        settings.catalogue,
        settings.options,
    );
    let done = run.run_in_transaction(task, scope, settings.backup);
    let done = run.end_limit(done);
    let transaction = run.into_transaction();
    match done {
        Ok(TransactionResult {
            non_transactional: Some(step),
            report,
            ..
        }) => {
            transaction.close()?;
            run_without_transaction(waiting, settings, task, &step, report)
        }
        Ok(work) if work.written => {
            transaction.commit(&work.before, work.report.to)?;
            Ok(work.report)
        }
        Ok(work) => {
            transaction.close()?;
            Ok(work.report)
        }
        Err(error) => Err(transaction.abandon(error)),
    }
}

/// Runs a step outside a transaction, and records it in one. A crash or a concurrent run in between
/// is safe: the statements are idempotent.
fn run_without_transaction(
    waiting: &mut WaitingConnection<'_>,
    settings: Settings<'_>,
    task: Task,
    step: &PlannedStep,
    mut report: Report,
) -> Result<Report, Error> {
    let started = Instant::now();
    // The effects of such a step before its failure stay; no row and no version changed.
    unknown::carry_out_alone(waiting, settings.catalogue, settings.options, step)
        .map_err(|error| error.after_steps_to(report.from))?;
    let run = Run::new(
        Transaction::begin(waiting)?,
        settings.catalogue,
        settings.options,
    );
    let recorded = run.decide(task).and_then(|decision| {
        let first = decision.plan.steps.first();
        if first.is_none_or(|first| first.version != step.version) {
            return Ok((None, decision.plan.from));
        }
        if step.direction == Direction::Up {
            ledger::create(run.connection())?;
        }
        run.record(step)?;
        run.stamp(decision.plan.after_first())?;
        Ok((Some(decision.before), decision.plan.after_first()))
    });
    let transaction = run.into_transaction();
    let (before, to) = match recorded {
        Ok(recorded) => recorded,
        Err(error) => return Err(transaction.abandon(error)),
    };
    report.to = to;
    let Some(before) = before else {
        transaction.close()?;
        return Ok(report);
    };
    transaction.commit(&before, to)?;
    report.steps.push(StepReport {
        version: step.version,
        folder: step.folder.clone(),
        direction: step.direction,
        elapsed: started.elapsed(),
    });
    Ok(report)
}
