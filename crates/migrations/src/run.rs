//! The run: the only part that writes.

mod carry_out;
mod unknown;

use std::cell::RefCell;
use std::path::PathBuf;
use std::time::Instant;

use rusqlite::Connection;
use schema::Schema;

use crate::Version;
use crate::backup::{self, Backups, RunBackup};
use crate::catalogue::Catalogue;
use crate::error::{self, Error};
use crate::file::FileState;
use crate::foreign_keys::KeyCheck;
use crate::guard::Guard;
use crate::ledger;
use crate::lock_wait::LockWait;
use crate::loss;
use crate::options::{Commit, Options};
use crate::plan::{Direction, Move, Plan, plan};
use crate::red_flag;
use crate::report::{Remarks, Report, StepReport};
use crate::time_limit::TimeLimit;
use crate::transaction::{Mark, Transaction};
pub(crate) use carry_out::execute_one;

/// What a run is asked for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Task {
    Upgrade {
        target: Version,
        expected: Option<Version>,
    },
    Rollback {
        target: Version,
    },
    /// An upgrade of an empty database in memory, to see what a version looks like. What shipped with
    /// a foreign key that cannot be checked did ship.
    Build {
        target: Version,
    },
}

/// Carries out `task`, in one transaction or in one for each step, with foreign keys off around each.
pub(crate) fn run(
    connection: &Connection,
    catalogue: &Catalogue,
    options: &Options,
    task: Task,
    backup: &RunBackup<'_>,
) -> Result<Report, Error> {
    let whole = options.commit == Commit::Run || matches!(task, Task::Build { .. });
    let wait = LockWait::new(connection)?;
    let mut total = once(
        &wait,
        connection,
        catalogue,
        options,
        (task, !whole),
        backup,
    )?;
    // The backup was taken before the first step, for all of them.
    let later = Options {
        backups: Backups::Off,
        check: false,
        ..*options
    };
    let (next, target) = match task {
        Task::Upgrade { target, .. } => {
            let expected = None;
            (Task::Upgrade { target, expected }, target)
        }
        Task::Rollback { target } | Task::Build { target } => (task, target),
    };
    while total.to != target {
        let part = once(&wait, connection, catalogue, &later, (next, true), backup)
            .map_err(|error| error.after_steps_to(total.to))?;
        if part.steps.is_empty() && part.to == total.to {
            break;
        }
        total.to = part.to;
        total.steps.extend(part.steps);
        total.remarks.extend(part.remarks);
        // The last look is the one that counts.
        total.dangling = part.dangling;
    }
    Ok(total)
}

/// One transaction: all of the task, or, when that is asked for, its first step alone.
fn once(
    wait: &LockWait<'_>,
    connection: &Connection,
    catalogue: &Catalogue,
    options: &Options,
    (task, only_first): (Task, bool),
    backup: &RunBackup<'_>,
) -> Result<Report, Error> {
    let transaction = Transaction::begin(connection, wait)?;
    let run = Run::new(&transaction, catalogue, options, only_first);
    let done = run.inside(task, backup);
    match run.end_limit(done) {
        Ok(Work {
            outside: Some(step),
            report,
            ..
        }) => {
            transaction.close()?;
            alone(wait, connection, catalogue, options, task, &step, report)
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

/// Runs a step outside a transaction, and records it in one. Who dies in between, or is overtaken by
/// somebody who did the same, has done nothing that may not be repeated.
fn alone(
    wait: &LockWait<'_>,
    connection: &Connection,
    catalogue: &Catalogue,
    options: &Options,
    task: Task,
    step: &Move,
    mut report: Report,
) -> Result<Report, Error> {
    let started = Instant::now();
    // What such a step did before it failed stays; no row and no version changed.
    unknown::carry_out_alone(wait, connection, catalogue, options, step)
        .map_err(|error| error.after_steps_to(report.from))?;
    let transaction = Transaction::begin(connection, wait)?;
    let run = Run::new(&transaction, catalogue, options, true);
    let recorded = run.decide(task).and_then(|decision| {
        let same = decision
            .plan
            .moves
            .first()
            .is_some_and(|first| first.version == step.version);
        if same {
            if step.direction == Direction::Up {
                ledger::create(connection)?;
            }
            run.record(step)?;
            run.stamp(decision.plan.after_first())?;
        }
        let to = if same {
            decision.plan.after_first()
        } else {
            decision.plan.from
        };
        Ok((same, decision.before, to))
    });
    match recorded {
        Ok((true, before, to)) => {
            transaction.commit(&before, to)?;
            report.to = to;
            report.steps.push(StepReport {
                version: step.version,
                folder: step.folder.clone(),
                direction: step.direction,
                elapsed: started.elapsed(),
            });
            Ok(report)
        }
        Ok((false, _, now)) => {
            transaction.close()?;
            report.to = now;
            Ok(report)
        }
        Err(error) => Err(transaction.abandon(error)),
    }
}

struct Run<'a> {
    transaction: &'a Transaction<'a>,
    connection: &'a Connection,
    catalogue: &'a Catalogue,
    options: &'a Options,
    guard: &'a Guard<'a>,
    only_first: bool,
    /// How long SQL that only the file knows may work, as soon as there is any.
    limit: RefCell<Option<TimeLimit>>,
}

/// What the transaction did, before it is committed.
struct Work {
    report: Report,
    written: bool,
    before: Mark,
    /// The step that has to be run outside of this transaction, before anything else.
    outside: Option<Move>,
}

/// What was decided inside the transaction.
struct Decision {
    plan: Plan,
    adopted: bool,
    before: Mark,
    /// The file's schema before the first step.
    schema: Schema,
}

impl<'a> Run<'a> {
    fn new(
        transaction: &'a Transaction<'a>,
        catalogue: &'a Catalogue,
        options: &'a Options,
        only_first: bool,
    ) -> Run<'a> {
        Run {
            transaction,
            connection: transaction.connection,
            catalogue,
            options,
            guard: &transaction.guard,
            only_first,
            limit: RefCell::default(),
        }
    }

    fn inside(&self, task: Task, backup: &RunBackup<'_>) -> Result<Work, Error> {
        let Decision {
            mut plan,
            adopted,
            before,
            schema,
        } = self.decide(task)?;
        let mut work = Work {
            report: Report {
                adopted,
                ..Report::nothing_to_do(plan.from)
            },
            written: adopted || !plan.moves.is_empty(),
            before,
            outside: None,
        };
        if !work.written {
            return Ok(work);
        }
        self.limit_stored(&plan)?;
        self.ask_consent(&plan.moves)?;
        // What refuses the run as it stands is found before the file is copied.
        if let Some(first) = plan.moves.first() {
            self.survey(first)?;
        }
        let adopted_at = adopted.then_some(plan.from);
        work.report.backup = self.back_up(&work.before, (plan.from, adopted_at), backup)?;
        if plan.moves.first().is_some_and(|first| first.outside) && !adopted {
            work.outside = plan.moves.into_iter().next();
            return Ok(work);
        }
        if !matches!(task, Task::Build { .. }) {
            self.transaction.exclude_readers()?;
            if adopted {
                // It was rolled back with the rest.
                plan = self.decide(task)?.plan;
            }
        }
        plan.keep_inside();
        if self.only_first {
            plan.keep(1);
        }
        let census = self.take_census(&plan, &schema)?;
        let keys = match task {
            Task::Build { .. } => None,
            _ => Some(KeyCheck::begin(
                self.connection,
                self.catalogue,
                &plan,
                schema.clone(),
            )?),
        };
        if plan.to > 0 {
            // Before the first step, so that no step can put a table of its own in the ledger's place.
            ledger::create(self.connection)?;
            let fingerprint = (plan.from > 0).then(|| schema.fingerprint());
            ledger::complete(self.connection, self.catalogue, fingerprint)?;
        }
        let mut remarks = Remarks::telling(self.options.progress);
        for (place, step) in plan.moves.iter().enumerate() {
            let started = Instant::now();
            // The first was looked at above; one before this may have made what this one loses or leaves.
            if place > 0 {
                self.survey(step)?;
                self.ask_consent(std::slice::from_ref(step))?;
            }
            self.carry_out(step, &mut remarks)?;
            if plan.from > 0 && step.direction == Direction::Up {
                let schema = FileState::read(self.connection)?.schema;
                ledger::note_schema(self.connection, step.version, schema.fingerprint())?;
            }
            work.report.steps.push(StepReport {
                version: step.version,
                folder: step.folder.clone(),
                direction: step.direction,
                elapsed: started.elapsed(),
            });
        }
        self.stamp(plan.to)?;
        if let Some(keys) = keys {
            work.report.dangling = keys.finish(self.connection, self.guard)?;
        }
        if plan.from > 0 && !matches!(task, Task::Build { .. }) {
            let schema = self.check_arrival(&plan)?;
            if let Some(census) = census {
                self.ask_consent_afterwards(&plan, &census, &schema)?;
            }
        }
        work.report.to = plan.to;
        work.report.remarks = remarks.all();
        Ok(work)
    }

    /// Reads the file inside the transaction and plans; adopts it first where that was asked for.
    fn decide(&self, task: Task) -> Result<Decision, Error> {
        let mut state = FileState::read(self.connection)?;
        let before = Mark::of(&state);
        let (target, expected) = match task {
            Task::Upgrade { target, expected } => (target, expected),
            Task::Rollback { target } | Task::Build { target } => (target, None),
        };
        let mut adopted = false;
        if let Some(expected) = expected {
            if expected > self.catalogue.current_version() {
                return Err(error::target_unknown(
                    expected,
                    self.catalogue.current_version(),
                ));
            }
            if state.ledger.is_none() && expected > 0 {
                self.adopt(&state, expected)?;
                state = FileState::read(self.connection)?;
                adopted = true;
            }
            let version = state.version(self.catalogue)?;
            if version != expected {
                return Err(error::unexpected_version(version, expected));
            }
        }
        self.check_way(task, &state)?;
        let plan = plan(self.catalogue, &state, target)?;
        if !matches!(task, Task::Build { .. }) {
            red_flag::look(self.catalogue, &plan, self.options)?;
        }
        if !plan.moves.is_empty() && (1..=self.catalogue.current_version()).contains(&plan.from) {
            let drift = schema::diff(&self.catalogue.schema_at(plan.from)?, &state.schema);
            if !drift.is_empty() {
                return Err(error::drifted(plan.from, &drift));
            }
        }
        // An empty schema, or that of the catalogue: the application's own. Nobody vouches for that of a newer file.
        if plan.from <= self.catalogue.current_version() {
            self.transaction.sandbox.trust_schema()?;
        }
        Ok(Decision {
            plan,
            adopted,
            before,
            schema: state.schema,
        })
    }

    /// Refuses a task that would go the other way, before the plan finds anything wrong on it.
    fn check_way(&self, task: Task, state: &FileState) -> Result<(), Error> {
        let from = state.version(self.catalogue)?;
        let current = self.catalogue.current_version();
        match task {
            Task::Upgrade { .. } if from > current => {
                Err(error::newer(from, current, state.can_go_back_to(current)))
            }
            Task::Upgrade { target, .. } if target < from => {
                Err(error::upgrade_goes_back(from, target))
            }
            Task::Rollback { target } if target > from && target <= current => {
                Err(error::rollback_goes_up(from, target))
            }
            _ => Ok(()),
        }
    }

    fn adopt(&self, state: &FileState, version: Version) -> Result<(), Error> {
        let ours = self.catalogue.application_id();
        if state.application_id != 0 && ours != 0 && state.application_id != ours {
            return Err(error::not_ours(state.application_id, ours));
        }
        let claimed = i64::from(state.user_version);
        if claimed != 0 && claimed != i64::from(version) {
            return Err(error::unexpected_version_claim(state.user_version, version));
        }
        let differences = schema::diff(&self.catalogue.schema_at(version)?, &state.schema);
        if !differences.is_empty() {
            return Err(error::cannot_adopt(version, &differences));
        }
        ledger::create(self.connection)?;
        for step in self
            .catalogue
            .steps()
            .iter()
            .filter(|step| step.version() <= version)
        {
            ledger::record(self.connection, self.catalogue, step, true)?;
        }
        self.stamp(version)
    }

    /// Copies the file as it is committed, through another connection: this one holds the lock, and has
    /// written at most the rows of an adoption. A file that holds nothing needs no backup. Where none is
    /// wanted the file is at least read, so that a damaged one is left as it is.
    fn back_up(
        &self,
        before: &Mark,
        (from, adopted_at): (Version, Option<Version>),
        backup: &RunBackup<'_>,
    ) -> Result<Option<PathBuf>, Error> {
        if before.is_empty() {
            return Ok(None);
        }
        let file = backup::path_of(self.connection, self.options.files);
        if self.options.backups == Backups::Off {
            if self.options.check && !matches!(file, Ok(None)) {
                backup::check(self.connection).map_err(|said| error::file_damaged(&said))?;
            }
            return Ok(None);
        }
        if file?.is_none() {
            return Ok(None);
        }
        backup.take(self.connection, from, adopted_at).map(Some)
    }

    /// Refuses when rows would be lost that the caller did not consent to lose. What is in the file now
    /// is counted at once for all steps, so that one answer names everything.
    fn ask_consent(&self, moves: &[Move]) -> Result<(), Error> {
        if self.options.accept_loss || moves.iter().all(|step| step.losses.is_empty()) {
            return Ok(());
        }
        let schema = FileState::read(self.connection)?.schema;
        let losses: Vec<_> = moves.iter().flat_map(|step| step.losses.clone()).collect();
        match loss::at_risk(self.connection, &schema, &losses)?.as_slice() {
            [] => Ok(()),
            risks => Err(error::consent_needed(risks)),
        }
    }

    /// Compares what the run has made of the schema with what its target is, by this build and by what the ledger
    /// says of the file when it was there before. The next run would refuse a file that differs.
    fn check_arrival(&self, plan: &Plan) -> Result<Schema, Error> {
        let state = FileState::read(self.connection)?;
        // A step whose function needs rows cannot be tried without any: then only the ledger tells.
        if let Ok(target) = self.catalogue.schema_at(plan.to) {
            let unlike = schema::diff(&target, &state.schema);
            if !unlike.is_empty() {
                return Err(error::arrived_elsewhere(plan, &unlike));
            }
        }
        let entries = state.ledger.as_deref().unwrap_or_default();
        let there = entries.iter().find(|entry| entry.version == plan.to);
        if there.is_some_and(|entry| entry.denies(&state.schema)) {
            return Err(error::arrived_elsewhere(plan, &[]));
        }
        Ok(state.schema)
    }

    /// Refuses where SQLite has rolled the transaction back by itself, as it may do after an error: what is written then
    /// is committed at once. <https://sqlite.org/lang_transaction.html#response_to_errors_within_a_transaction>
    fn check_inside(&self) -> Result<(), Error> {
        match self.connection.is_autocommit() {
            false => Ok(()),
            true => {
                let aborted = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_ABORT_ROLLBACK);
                Err(error::sqlite(rusqlite::Error::SqliteFailure(aborted, None)))
            }
        }
    }

    fn stamp(&self, version: Version) -> Result<(), Error> {
        self.check_inside()?;
        let id = if version == 0 {
            0
        } else {
            self.catalogue.application_id()
        };
        self.connection
            .pragma_update(None, "user_version", version)
            .map_err(error::sqlite)?;
        if id != 0 || version == 0 {
            self.connection
                .pragma_update(None, "application_id", id)
                .map_err(error::sqlite)?;
        }
        Ok(())
    }
}
