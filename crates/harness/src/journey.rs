//! A journey: one database goes from a version to a different one and back, and is observed at each
//! station.

use std::collections::BTreeMap;
use std::fmt;
use std::str::FromStr;

use migrations::{Migrator, Options, Version};
use rusqlite::Connection;
use sandbox::sqlite_message;

use crate::error::{Error, ErrorKind};
use crate::integrity;
use crate::observation::observe;
use crate::subject::Subject;
use observe::Observation;

/// A path from a version to a different one and back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Journey {
    /// The version at which it starts and ends.
    pub from: Version,
    /// The version at which it turns round.
    pub via: Version,
}

/// The direction in which a journey goes first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Up, and then down again.
    UpAndBack,
    /// Down, and then up again.
    DownAndBack,
}

impl Journey {
    /// Returns the direction in which the journey goes first.
    pub fn shape(self) -> Shape {
        if self.via > self.from {
            Shape::UpAndBack
        } else {
            Shape::DownAndBack
        }
    }

    /// The versions of the steps that the journey uses, lowest first.
    pub fn steps(self) -> std::ops::RangeInclusive<Version> {
        self.from.min(self.via) + 1..=self.from.max(self.via)
    }

    /// The version of its only step; `None` if it uses several.
    pub fn only_step(self) -> Option<Version> {
        let mut steps = self.steps();
        steps.next().filter(|_| steps.next().is_none())
    }
}

impl fmt::Display for Journey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}..v{}..v{}", self.from, self.via, self.from)
    }
}

impl FromStr for Journey {
    type Err = Error;

    /// Reads `v3..v4..v3`, or `v3..v4` for short: every journey returns to its start.
    fn from_str(text: &str) -> Result<Journey, Error> {
        let wrong = || format!("`{text}` is not a journey such as `v3..v4` or `v3..v4..v3`");
        let parts: Vec<Version> = text
            .split("..")
            .map(|part| {
                part.strip_prefix('v')
                    .and_then(|number| number.parse().ok())
            })
            .collect::<Option<_>>()
            .ok_or_else(wrong)?;
        match *parts.as_slice() {
            [from, via] if from != via => Ok(Journey { from, via }),
            [from, via, end] if from == end && from != via => Ok(Journey { from, via }),
            _ => Err(wrong().into()),
        }
    }
}

/// The state of a database at one station of a journey.
#[derive(Clone, Debug)]
pub struct Checkpoint {
    /// The version that the database should have.
    pub version: Version,
    /// Everything that must survive.
    pub observation: Observation,
    /// The problems that SQLite's checks and the application report.
    pub troubles: Vec<String>,
    /// Declared queries that do not compile: the name, and SQLite's message.
    pub broken_queries: BTreeMap<&'static str, String>,
}

/// The effect of a second upgrade of a finished file.
#[derive(Clone, Debug, Default)]
pub struct Again {
    /// The steps that ran, or the reason for a failure.
    pub ran: Vec<String>,
    /// Whether the file's bytes changed.
    pub changed: bool,
}

/// The name of journeys under other storage configurations, in reports and as `--fixture`.
pub(crate) const STORAGE: &str = "storage";

/// The name of random walks, in reports and as `--fixture`.
pub(crate) const WALK: &str = "walk";

/// The names of databases that are drawn from a seed.
pub(crate) const DRAWN: [&str; 6] = ["generated", "plain", "hostile", "clashing", STORAGE, WALK];

/// A journey made with one database. The laws judge it without touching a database.
#[derive(Clone, Debug)]
pub struct Trace {
    /// The journey.
    pub journey: Journey,
    /// The name of the database: a fixture's name, `empty`, `filled …`, `generated`, `plain` or
    /// `hostile`.
    pub data: String,
    /// Whether its rows were made from the schema alone: then perhaps no build has ever written
    /// such rows.
    pub rows_are_generated: bool,
    /// The state at the start.
    pub start: Checkpoint,
    /// The state where the journey turned round, if it got there.
    pub midpoint: Option<Checkpoint>,
    /// The state back at the first version, if it got there.
    pub end: Option<Checkpoint>,
    /// The engine's error that ended the journey.
    pub failure: Option<String>,
    /// The effect of running the finished upgrade again.
    pub again: Option<Again>,
}

/// Takes the database in `image` on `journey`.
///
/// # Errors
/// If the database cannot be read at all; an error of the engine is in the trace.
pub(crate) fn walk(
    subject: &Subject<'_>,
    journey: Journey,
    data: &str,
    image: &[u8],
) -> Result<Trace, Error> {
    walk_on(subject, journey, data, sandbox::from_image(image)?)
}

/// Takes the database of `connection` on `journey`.
///
/// # Errors
/// As [`walk`].
pub(crate) fn walk_on(
    subject: &Subject<'_>,
    journey: Journey,
    data: &str,
    mut connection: Connection,
) -> Result<Trace, Error> {
    let mut walk = Trace {
        journey,
        data: data.to_owned(),
        rows_are_generated: false,
        start: look(subject, &connection, journey.from)?,
        midpoint: None,
        end: None,
        failure: None,
        again: None,
    };
    for target in [journey.via, journey.from] {
        let one_way = journey.shape() == Shape::UpAndBack && target == journey.from;
        if one_way && !can_go_back(subject, journey) {
            break;
        }
        let goes_up = (target == journey.via) == (journey.shape() == Shape::UpAndBack);
        let (moved, result) = go(subject, connection, target, goes_up);
        connection = moved;
        if let Err(error) = result {
            walk.failure = Some(error.to_string());
            break;
        }
        if goes_up && target > 0 {
            let (moved, again) = go_again(subject, connection, target)?;
            connection = moved;
            walk.again = Some(again);
        }
        let station = look(subject, &connection, target)?;
        match walk.midpoint {
            None => walk.midpoint = Some(station),
            Some(_) => walk.end = Some(station),
        }
    }
    Ok(walk)
}

/// Whether every step of the journey has a down migration.
pub(crate) fn can_go_back(subject: &Subject<'_>, journey: Journey) -> bool {
    journey.steps().all(|version| {
        subject
            .catalogue
            .step(version)
            .is_some_and(|step| step.down_sql().is_some())
    })
}

/// Upgrades or rolls back to `target`, with consent to losses; returns the steps that ran, or the
/// engine's error.
pub(crate) fn go(
    subject: &Subject<'_>,
    connection: Connection,
    target: Version,
    up: bool,
) -> (Connection, Result<Vec<String>, Error>) {
    let mut migrator = Migrator::with_connection(subject.catalogue, connection, proving());
    let result = if up {
        migrator.upgrade_to(target)
    } else {
        migrator.rollback_to(target)
    };
    let result = match result {
        Ok(report) => Ok(report.steps.into_iter().map(|step| step.folder).collect()),
        Err(error) => Err(Error::new(ErrorKind::Engine, without_hints(&error))),
    };
    (migrator.into_connection(), result)
}

/// The engine's error without its hints, which are for the user of an application.
fn without_hints(error: &migrations::Error) -> String {
    let report = error.report();
    let lines = report
        .lines()
        .filter(|line| !line.starts_with("hint: ") && !line.starts_with("the file is as it was"));
    let text: Vec<&str> = lines.collect();
    let text = text.join("\n");
    // In a proof only the steps before have changed the file.
    let text = text.replace(
        "; somebody changed it, as if by:",
        " after the steps before, as if by:",
    );
    text.trim_start_matches("error: ").to_owned()
}

/// Runs the finished upgrade once more, with what the application does when it opens a file.
fn go_again(
    subject: &Subject<'_>,
    connection: Connection,
    target: Version,
) -> Result<(Connection, Again), Error> {
    let current = target == subject.catalogue.current_version();
    let open = |connection: &Connection| {
        if current {
            subject.application.opened(connection).map_err(Error::from)
        } else {
            Ok(())
        }
    };
    let mut again = Again::default();
    // As at the next start: a database in memory that was never serialized does not reveal a second
    // write of the same content.
    let connection = sandbox::from_image(&sandbox::image(&connection)?)?;
    if let Err(error) = open(&connection) {
        again
            .ran
            .push(format!("the application's start fails: {error}"));
        return Ok((connection, again));
    }
    let before = sandbox::image(&connection)?;
    let (connection, result) = go(subject, connection, target, true);
    match result {
        Ok(steps) => again
            .ran
            .extend(steps.into_iter().map(|step| format!("`{step}` ran again"))),
        Err(error) => again.ran.push(error.to_string()),
    }
    if let Err(error) = open(&connection) {
        again
            .ran
            .push(format!("the application's start fails: {error}"));
    }
    again.changed = before != sandbox::image(&connection)?;
    Ok((connection, again))
}

/// Observes everything that the laws compare in a database of `version`.
pub(crate) fn look(
    subject: &Subject<'_>,
    connection: &Connection,
    version: Version,
) -> Result<Checkpoint, Error> {
    let strict = sandbox::StrictQuotes::set(connection)?;
    let mut broken_queries = BTreeMap::new();
    let mine = subject
        .queries
        .iter()
        .filter(|query| query.good_for(version));
    for query in mine {
        if let Err(error) = connection.prepare(query.sql) {
            broken_queries.insert(query.name, sqlite_message(&error));
        }
    }
    drop(strict);
    Ok(Checkpoint {
        version,
        observation: observe(connection)?,
        troubles: integrity::problems(subject, connection, version)?,
        broken_queries,
    })
}

/// The options of every run of a proof: consent to all declared losses, and no need for notes,
/// which may be missing while a version is in development.
pub(crate) fn proving() -> Options {
    Options::default()
        .accept_loss(true)
        .allow_undocumented(true)
}
