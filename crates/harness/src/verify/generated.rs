//! Journeys of generated databases: those that the application describes, and those that the schema
//! alone allows.
//!
//! A schema does not describe rows that are derived from others. So if a step declares rows as
//! `Remade`, databases from the schema alone are made for the version before and upgraded.
//! Databases that contradict themselves according to the application go on no journey, because no
//! build has written such a file.

use std::cell::{Cell, RefCell};

use migrations::{Migrator, Version};
use proptest::strategy::Strategy;
use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};
use rusqlite::Connection;
use schema::sql;

use super::outcome::{Outcome, add, cannot_walk, judge};
use super::settings::Settings;
use super::task::{Source, Task};
use crate::error::Error;
use crate::from_schema;
use crate::journey::{Journey, Trace, proving, walk};
use crate::subject::Subject;
use generate::{EdgeValue, Generated};

/// One in this many cases is made from the schema alone, for each profile.
const SCHEMA_ONLY: u32 = 6;

/// One in this many cases goes on a journey of several steps: there are many of these journeys, and
/// each step has a journey of its own.
const LONGER: u32 = 3;

/// The number of rows that exceeds a `LIMIT` in a step that should process all rows.
const ROWS_BEYOND: usize = 3_000;

/// No more databases are tried after this many that the application contradicts and none that it
/// accepts.
const HOPELESS: usize = 3;

/// Takes generated databases on the journey until one breaks a law, and then the smallest one that
/// does.
pub(super) fn run(subject: &Subject<'_>, settings: &Settings, task: &Task<'_>) -> Outcome {
    let base = match task.source {
        Source::Schema(_) => from_schema::underived(subject, task.journey.from),
        _ => task.journey.from,
    };
    if base == 0 {
        return Outcome::default();
    }
    let empty = subject.catalogue.build(base).map_err(Error::from);
    let trip = empty.and_then(|empty| {
        let trip = Trip {
            subject,
            settings,
            task,
            base,
            image: sandbox::image(&empty)?,
            total: RefCell::default(),
            contradicted: Cell::new(0),
            went: Cell::new(false),
        };
        Ok((trip, empty))
    });
    let (trip, empty) = match trip {
        Ok(trip) => trip,
        Err(error) => return cannot_walk(task, error),
    };
    let cases = cases(settings, task.journey);
    match task.source {
        Source::Schema(temper) => match from_schema::generator(subject, base, &empty, temper) {
            Ok(generator) => match generator.rows(rows(subject, task.journey)).strategy() {
                Ok(strategy) => trip.make(cases.div_ceil(SCHEMA_ONLY), &strategy),
                Err(error) => cannot_walk(task, error),
            },
            Err(error) => cannot_walk(task, error),
        },
        _ => match subject.application.content(task.journey.from) {
            Some(content) => {
                let whole = |content| Generated {
                    content,
                    ..Generated::default()
                };
                trip.make(cases, &content.prop_map(whole))
            }
            None => Outcome::default(),
        },
    }
}

/// The number of databases that go on a journey. A journey that the settings name gets all of them,
/// so that its findings appear again.
fn cases(settings: &Settings, journey: Journey) -> u32 {
    let all = settings.deep || settings.journey.is_some() || journey.only_step().is_some();
    if all {
        settings.cases
    } else {
        settings.cases.div_ceil(LONGER)
    }
}

/// The maximum number of rows of a table on a journey: more than any `LIMIT` in its steps.
fn rows(subject: &Subject<'_>, journey: Journey) -> usize {
    let steps = journey.steps();
    let steps = steps.filter_map(|version| subject.catalogue.step(version));
    let scripts = steps.flat_map(|step| [Some(step.up()), step.down_sql()]);
    let limits = scripts.flatten().flat_map(limits);
    // A table gets any number of rows up to this maximum.
    let beyond = limits.map(|limit| limit.saturating_mul(3)).max();
    beyond.unwrap_or(0).clamp(from_schema::ROWS, ROWS_BEYOND)
}

/// The numbers after `LIMIT` in a script.
fn limits(script: &str) -> Vec<usize> {
    let script = sql::canonical(script);
    let words: Vec<&str> = script
        .split(|character: char| !character.is_alphanumeric())
        .filter(|word| !word.is_empty())
        .collect();
    let pairs = words.windows(2);
    let limits = pairs.filter_map(|pair| match pair {
        [word, number] if word.eq_ignore_ascii_case("limit") => number.parse().ok(),
        _ => None,
    });
    limits.collect()
}

/// One journey with many databases.
struct Trip<'a> {
    subject: &'a Subject<'a>,
    settings: &'a Settings,
    task: &'a Task<'a>,
    /// The version for which the databases are made.
    base: Version,
    /// The empty database that receives the rows.
    image: Vec<u8>,
    total: RefCell<Outcome>,
    contradicted: Cell<usize>,
    /// Whether a database went on its journey; one that broke a law there is not counted in the
    /// total.
    went: Cell<bool>,
}

impl Trip<'_> {
    fn make(&self, cases: u32, strategy: &impl Strategy<Value = Generated>) -> Outcome {
        let config = Config {
            cases,
            failure_persistence: None,
            max_shrink_iters: 4_000,
            ..Config::default()
        };
        let rng = from_schema::rng(self.settings.seed, self.task.journey);
        let result = TestRunner::new_with_rng(config, rng).run(strategy, |made| self.judge(&made));
        let total = self.total.take();
        match result {
            Ok(()) => total,
            Err(TestError::Fail(_, made)) => {
                let again = self
                    .walk(&made)
                    .map(|walk| walk.map(|walk| judge(self.subject, self.settings, &walk)));
                let outcome = match again {
                    Ok(outcome) => outcome.unwrap_or_default(),
                    Err(error) => cannot_walk(self.task, error),
                };
                Outcome {
                    sql: Some(self.print(&made)),
                    hostile: marks(&made.hostile),
                    generated: total.generated + 1,
                    ..outcome
                }
            }
            Err(TestError::Abort(reason)) => cannot_walk(self.task, reason),
        }
    }

    fn judge(&self, made: &Generated) -> Result<(), TestCaseError> {
        if self.contradicted.get() >= HOPELESS && !self.went.get() {
            return Ok(());
        }
        let outcome = match self.walk(made) {
            Ok(Some(walk)) => {
                self.went.set(true);
                judge(self.subject, self.settings, &walk)
            }
            Ok(None) => {
                self.contradicted.set(self.contradicted.get() + 1);
                return Ok(());
            }
            Err(error) => cannot_walk(self.task, error),
        };
        if self.task.journey.from == self.base {
            self.total.borrow_mut().unseeded.clone_from(&made.unseeded);
        }
        let mut found = outcome
            .findings
            .iter()
            .flat_map(|(_, findings)| &findings.found);
        if let Some(finding) = found.next() {
            let message = format!("{}: {}", finding.object, finding.message);
            return Err(TestCaseError::fail(message));
        }
        let mut total = self.total.borrow_mut();
        total.generated += 1;
        total.rows += outcome.rows;
        for (law, findings) in outcome.findings {
            add(&mut total.findings, law, findings);
        }
        Ok(())
    }

    /// The journey of one database; `None` for one that the application contradicts.
    fn walk(&self, made: &Generated) -> Result<Option<Trace>, Error> {
        let connection = sandbox::from_image(&self.image)?;
        made.content
            .put_into(&connection)
            .map_err(|error| format!("generated rows do not fit: {error}"))?;
        let journey = self.task.journey;
        let Some(connection) = self.upgrade(connection) else {
            return Ok(None);
        };
        if matches!(self.task.source, Source::Schema(_)) {
            let said = self
                .subject
                .application
                .inconsistencies(&connection, journey.from);
            if !said?.is_empty() {
                return Ok(None);
            }
        }
        let image = sandbox::image(&connection)?;
        let walk = walk(self.subject, journey, self.task.data(), &image)?;
        let rows_are_generated = matches!(self.task.source, Source::Schema(_));
        Ok(Some(Trace {
            rows_are_generated,
            ..walk
        }))
    }

    /// The database upgraded to the version at which the journey begins; `None` if that fails,
    /// which the journeys from its own version report.
    fn upgrade(&self, connection: Connection) -> Option<Connection> {
        let from = self.task.journey.from;
        if self.base == from {
            return Some(connection);
        }
        let mut migrator = Migrator::with_connection(self.subject.catalogue, connection, proving());
        migrator.upgrade_to(from).ok()?;
        let connection = migrator.into_connection();
        // A build of that version would have opened the file, and may fill in derived rows at each
        // start.
        if from == self.subject.catalogue.current_version() {
            self.subject.application.opened(&connection).ok()?;
        }
        Some(connection)
    }

    fn print(&self, made: &Generated) -> String {
        let from = self.task.journey.from;
        let sql = made.content.to_sql();
        if self.base == from {
            sql
        } else {
            format!(
                "-- rows of version {}, upgraded to version {from} first\n{sql}",
                self.base
            )
        }
    }
}

/// The unusual values, each once.
fn marks(hostile: &[EdgeValue]) -> Vec<String> {
    let mut marks: Vec<String> = hostile.iter().map(ToString::to_string).collect();
    marks.dedup();
    marks
}
