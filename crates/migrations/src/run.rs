//! The run: the only part that writes.

use std::collections::BTreeSet;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use schema::sql;

use crate::Version;
use crate::catalogue::Catalogue;
use crate::error::{self, Error, Outcome};
use crate::file::FileState;
use crate::guard::Guard;
use crate::ledger;
use crate::loss;
use crate::plan::{Direction, Move, Plan, plan};
use crate::step::Code;

/// How a file is opened and a run is made.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// How long to wait for others who have the file locked.
    pub busy_timeout: Duration,
    /// Consent to the losses that the steps declare.
    pub accept_loss: bool,
    /// Refuse where a step would leave rows as they are because it cannot read them.
    pub strict: bool,
}

impl Default for Options {
    /// Five seconds, no consent, not strict.
    fn default() -> Options {
        Options {
            busy_timeout: Duration::from_secs(5),
            accept_loss: false,
            strict: false,
        }
    }
}

/// A row that a step could not treat and left as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remark {
    /// The version whose step says so.
    pub version: Version,
    /// The row's table.
    pub table: String,
    /// The row's key, as a person would look for it.
    pub key: String,
    /// Why it was left.
    pub reason: String,
}

/// Where a step's function puts its remarks.
#[derive(Debug, Default)]
pub struct Remarks {
    version: Version,
    remarks: Vec<Remark>,
}

impl Remarks {
    /// Says that the row `key` of `table` stays as it is, and why.
    pub fn left(&mut self, table: &str, key: impl Into<String>, reason: impl Into<String>) {
        self.remarks.push(Remark {
            version: self.version,
            table: table.to_owned(),
            key: key.into(),
            reason: reason.into(),
        });
    }
}

/// What was done by one step of a run.
#[derive(Clone, Debug)]
pub struct StepReport {
    /// The step's version.
    pub version: Version,
    /// Its folder.
    pub folder: String,
    /// Up or down.
    pub direction: Direction,
    /// How long it took.
    pub elapsed: Duration,
}

/// What a run did.
#[derive(Clone, Debug)]
pub struct Report {
    /// The version the file was at.
    pub from: Version,
    /// The version it is at.
    pub to: Version,
    /// Whether a file without ledger was adopted.
    pub adopted: bool,
    /// The steps, in the order in which they ran; empty when there was nothing to do.
    pub steps: Vec<StepReport>,
    /// Rows that a step could not treat and left as they are.
    pub remarks: Vec<Remark>,
}

impl Report {
    pub(crate) fn nothing_to_do(version: Version) -> Report {
        Report {
            from: version,
            to: version,
            adopted: false,
            steps: Vec::new(),
            remarks: Vec::new(),
        }
    }
}

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
}

/// Carries out `task` in one transaction, with foreign keys off around it.
pub(crate) fn run(
    connection: &Connection,
    catalogue: &Catalogue,
    options: &Options,
    task: Task,
) -> Result<Report, Error> {
    let keys: bool = connection
        .pragma_query_value(None, "foreign_keys", |row| row.get(0))
        .map_err(error::sqlite)?;
    // Inside a transaction this pragma does nothing: https://sqlite.org/pragma.html#pragma_foreign_keys
    connection
        .pragma_update(None, "foreign_keys", false)
        .map_err(error::sqlite)?;
    let result = begin(connection).and_then(|()| {
        let run = Run {
            connection,
            catalogue,
            options,
            guard: Guard::install(connection)?,
        };
        let result = run.inside(task);
        Guard::remove(connection);
        run.finish(result)
    });
    let restored = connection
        .pragma_update(None, "foreign_keys", keys)
        .map_err(error::sqlite);
    let report = result?;
    restored?;
    Ok(report)
}

/// `BEGIN IMMEDIATE` waits for the busy timeout, where a deferred BEGIN that writes later does not. It
/// can also fail and have begun.
fn begin(connection: &Connection) -> Result<(), Error> {
    connection
        .execute_batch("BEGIN IMMEDIATE")
        .map_err(|source| {
            if !connection.is_autocommit() {
                let _ = connection.execute_batch("ROLLBACK");
            }
            error::cannot_begin(source)
        })
}

struct Run<'a> {
    connection: &'a Connection,
    catalogue: &'a Catalogue,
    options: &'a Options,
    guard: Guard,
}

/// What the transaction did, before it is committed.
struct Work {
    report: Report,
    written: bool,
}

impl Run<'_> {
    fn inside(&self, task: Task) -> Result<Work, Error> {
        let (plan, adopted) = self.decide(task)?;
        let mut work = Work {
            report: Report {
                adopted,
                ..Report::nothing_to_do(plan.from)
            },
            written: adopted || !plan.moves.is_empty(),
        };
        if !work.written {
            return Ok(work);
        }
        let violations = self.violations()?;
        self.ask_consent(&plan.moves)?;
        let mut remarks = Remarks::default();
        for step in &plan.moves {
            let started = Instant::now();
            self.carry_out(step, &mut remarks)?;
            work.report.steps.push(StepReport {
                version: step.version,
                folder: step.folder.clone(),
                direction: step.direction,
                elapsed: started.elapsed(),
            });
        }
        self.stamp(plan.to)?;
        let made: Vec<_> = self
            .violations()?
            .difference(&violations)
            .cloned()
            .collect();
        if !made.is_empty() {
            return Err(error::foreign_keys_violated(&made));
        }
        work.report.to = plan.to;
        work.report.remarks = remarks.remarks;
        Ok(work)
    }

    /// Reads the file inside the transaction and plans; adopts it first where that was asked for.
    fn decide(&self, task: Task) -> Result<(Plan, bool), Error> {
        let mut state = FileState::read(self.connection)?;
        let (target, expected) = match task {
            Task::Upgrade { target, expected } => (target, expected),
            Task::Rollback { target } => (target, None),
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
        let plan = plan(self.catalogue, &state, target)?;
        match task {
            Task::Upgrade { .. } if plan.to < plan.from => {
                return Err(error::upgrade_goes_back(plan.from, plan.to));
            }
            Task::Rollback { .. } if plan.to > plan.from => {
                return Err(error::rollback_goes_up(plan.from, plan.to));
            }
            _ => {}
        }
        if !plan.moves.is_empty() && (1..=self.catalogue.current_version()).contains(&plan.from) {
            let drift = schema::diff(&self.catalogue.schema_at(plan.from)?, &state.schema);
            if !drift.is_empty() {
                return Err(error::drifted(plan.from, &drift));
            }
        }
        Ok((plan, adopted))
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

    fn carry_out(&self, step: &Move, remarks: &mut Remarks) -> Result<(), Error> {
        remarks.version = step.version;
        let known = self.catalogue.step(step.version);
        let code = known
            .and_then(|step| step.code())
            .filter(|_| step.direction == Direction::Up);
        if let Some(code) = code.filter(|_| self.options.strict) {
            self.survey(step, code, remarks.version)?;
        }
        // A step before this one may have made what this one loses.
        self.ask_consent(std::slice::from_ref(step))?;
        self.execute(step)?;
        if let Some(code) = code {
            self.guard.enter();
            let result = (code.apply)(self.connection, remarks);
            let refusal = self.guard.leave();
            if let Some(refusal) = refusal {
                return Err(error::code_refused(step, code.name, &refusal));
            }
            result.map_err(|source| error::code_failed(step, code.name, source))?;
            self.still_inside(step)?;
        }
        match (step.direction, known) {
            (Direction::Up, Some(known)) => {
                ledger::record(self.connection, self.catalogue, known, false)
            }
            _ => ledger::forget(self.connection, step.version),
        }
    }

    fn survey(&self, step: &Move, code: &Code, version: Version) -> Result<(), Error> {
        let mut remarks = Remarks {
            version,
            remarks: Vec::new(),
        };
        self.guard.enter();
        let result = (code.survey)(self.connection, &mut remarks);
        self.guard.leave();
        result.map_err(|source| error::code_failed(step, code.name, source))?;
        match remarks.remarks.as_slice() {
            [] => Ok(()),
            left => Err(error::strict_refuses(left)),
        }
    }

    /// Runs a script statement by statement, so that an error can say which.
    fn execute(&self, step: &Move) -> Result<(), Error> {
        for (number, statement) in (1..).zip(sql::statements(&step.sql)) {
            self.guard.enter();
            let result = execute_one(self.connection, statement.text);
            let refusal = self.guard.leave();
            if let Err(source) = result {
                return Err(match refusal {
                    Some(refusal) => error::statement_refused(step, number, &statement, &refusal),
                    None => error::statement_failed(step, number, &statement, source),
                });
            }
            self.still_inside(step)?;
        }
        Ok(())
    }

    /// `OR ROLLBACK` and `RAISE(ROLLBACK)` end the transaction; what followed would commit by itself.
    fn still_inside(&self, step: &Move) -> Result<(), Error> {
        if self.connection.is_autocommit() {
            return Err(error::transaction_ended(step));
        }
        Ok(())
    }

    fn stamp(&self, version: Version) -> Result<(), Error> {
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

    /// The foreign key violations in the file: table, rowid (NULL for WITHOUT ROWID), parent, key.
    fn violations(&self) -> Result<BTreeSet<(String, Option<i64>, String, i64)>, Error> {
        let mut statement = self
            .connection
            .prepare("PRAGMA foreign_key_check")
            .map_err(error::sqlite)?;
        let rows = statement
            .query_map([], |row| {
                Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?))
            })
            .and_then(Iterator::collect);
        rows.map_err(error::foreign_keys_uncheckable)
    }

    /// Commits or rolls back, and then looks what is in the file.
    fn finish(&self, result: Result<Work, Error>) -> Result<Report, Error> {
        let error = match result {
            Ok(work) if work.written => match self.connection.execute_batch("COMMIT") {
                Ok(()) => return Ok(work.report),
                Err(source) => {
                    let error = error::cannot_commit(source);
                    return Err(error.with_outcome(self.look(work.report.from, work.report.to)));
                }
            },
            Ok(work) => {
                self.connection
                    .execute_batch("ROLLBACK")
                    .map_err(error::sqlite)?;
                return Ok(work.report);
            }
            Err(error) => error,
        };
        if !self.connection.is_autocommit() {
            let _ = self.connection.execute_batch("ROLLBACK");
        }
        let rolled_back = self.connection.is_autocommit();
        let outcome = if rolled_back {
            Outcome::RolledBack
        } else {
            Outcome::Unknown
        };
        Err(error.with_outcome(outcome))
    }

    /// `COMMIT` can return an error and have committed.
    fn look(&self, from: Version, to: Version) -> Outcome {
        if !self.connection.is_autocommit()
            && (self.connection.execute_batch("ROLLBACK").is_err()
                || !self.connection.is_autocommit())
        {
            return Outcome::Unknown;
        }
        let version = self
            .connection
            .pragma_query_value(None, "user_version", |row| row.get::<_, Version>(0));
        match version {
            Ok(version) if version == from => Outcome::RolledBack,
            Ok(version) if version == to => Outcome::Committed,
            _ => Outcome::Unknown,
        }
    }
}

/// Runs one statement to its end; rows that it returns are read and dropped.
fn execute_one(connection: &Connection, text: &str) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(text)?;
    let mut rows = statement.raw_query();
    while rows.next()?.is_some() {}
    Ok(())
}
