//! The file of the application: opened, upgraded, and ready for use.

use std::path::Path;

use jiff::fmt::temporal::DateTimePrinter;
use migrations::{Migrator, Options, Report};
use rusqlite::types::ValueRef;
use rusqlite::{Connection, Row, TransactionBehavior, named_params};
use uuid::Uuid;

use crate::Timestamp;
use crate::catalogue::{CURRENT_VERSION, catalogue};
use crate::document::Document;
use crate::error::{self, Error};
use crate::log::{NewSession, write_session};
use crate::queries::query;
use crate::value::Owned;

/// One file of training logs, at the current version.
#[derive(Debug)]
pub struct TrainingLogs {
    connection: Connection,
    report: Report,
}

/// The latest session that has an exercise.
///
/// In text that is not UTF-8, invalid bytes are replaced; a blob is given as its literal, such as
/// `x'00ff'`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastExercise {
    /// The session.
    pub session_id: String,
    /// Its date as logged, usually `YYYY-MM-DD`; `None` if it has none.
    pub date: Option<String>,
    /// The time at which it was logged, RFC 3339 in UTC.
    pub created_at: String,
}

/// A session that has an exercise, ordered by time: the greater one is the later one. NULL is
/// before all dates.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
struct Latest {
    date: Owned,
    created_at: Owned,
    id: Owned,
}

impl Latest {
    fn into_answer(self) -> LastExercise {
        LastExercise {
            session_id: self.id.into_text(),
            date: match self.date {
                Owned::Null => None,
                date => Some(date.into_text()),
            },
            created_at: self.created_at.into_text(),
        }
    }
}

/// A session in the file; text as in [`LastExercise`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Session {
    /// Its id.
    pub id: String,
    /// The time at which it was logged, RFC 3339 in UTC.
    pub created_at: String,
    /// The document as it was logged.
    pub document: String,
    /// Its duration in whole minutes, if it was recorded.
    pub duration_minutes: Option<i64>,
}

impl TrainingLogs {
    /// Opens the file at `path` and upgrades it to the current version; makes it if it does not
    /// exist.
    ///
    /// # Errors
    /// When the file must not be changed, cannot be written, or a step fails. The file then stays
    /// as it was, and a missing file stays missing.
    pub fn open(path: &Path) -> Result<TrainingLogs, Error> {
        TrainingLogs::open_with(path, Options::default())
    }

    /// The same with options, such as a strict upgrade.
    ///
    /// # Errors
    /// As [`TrainingLogs::open`].
    pub fn open_with(path: &Path, options: Options) -> Result<TrainingLogs, Error> {
        let mut migrator = Migrator::create(catalogue(), path, options)?;
        let report = migrator.upgrade()?;
        Ok(TrainingLogs {
            connection: migrator.into_connection(),
            report,
        })
    }

    /// Opens an existing file at the current version, without a migration.
    ///
    /// # Errors
    /// When the file is missing, is at a different version, or must not be changed.
    pub fn open_current(path: &Path, options: Options) -> Result<TrainingLogs, Error> {
        let mut migrator = Migrator::open(catalogue(), path, options)?;
        let version = migrator.version()?;
        if version != CURRENT_VERSION {
            refuse_newer(&migrator)?;
            return Err(error::not_current(version));
        }
        let report = migrator.upgrade()?;
        Ok(TrainingLogs {
            connection: migrator.into_connection(),
            report,
        })
    }

    /// Takes an open connection, and upgrades its database.
    ///
    /// # Errors
    /// When the database must not be changed, or a step fails.
    pub fn with_connection(
        connection: Connection,
        options: Options,
    ) -> Result<TrainingLogs, Error> {
        let mut migrator = Migrator::with_connection(catalogue(), connection, options);
        let report = migrator.upgrade()?;
        Ok(TrainingLogs {
            connection: migrator.into_connection(),
            report,
        })
    }

    /// The report of opening the file.
    pub fn report(&self) -> &Report {
        &self.report
    }

    /// The connection.
    pub fn connection(&self) -> &Connection {
        &self.connection
    }

    /// Logs a session and returns its id, a UUID of version 7. The session, its rows in the index
    /// and its metadata are written in one transaction.
    ///
    /// # Errors
    /// When the document cannot be read, the duration is negative, or the file cannot be written.
    /// Then nothing is written.
    pub fn log_session(&mut self, session: &NewSession) -> Result<String, Error> {
        Document::parse(&session.document).map_err(error::document_unreadable)?;
        if let Some(minutes) = session.duration_minutes.filter(|minutes| *minutes < 0) {
            return Err(error::negative_duration(minutes));
        }
        let id = Uuid::now_v7().to_string();
        let created_at = rfc3339(session.created_at.unwrap_or_else(Timestamp::now));
        let transaction = self
            .connection
            .transaction_with_behavior(TransactionBehavior::Immediate)?;
        // A different build may have migrated the file since it was opened.
        let version = transaction.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version != CURRENT_VERSION {
            return Err(error::not_current(version));
        }
        write_session(&transaction, CURRENT_VERSION, &id, &created_at, session)?;
        transaction.commit()?;
        Ok(id)
    }

    /// The latest session that has the exercise `name`, found by the index: latest by its date (a
    /// missing date is before all others), then by the time at which it was logged, then by its id.
    /// Names are compared exactly; an exercise without a name is called
    /// [`UNKNOWN`](crate::UNKNOWN).
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn last_exercise(&self, name: &str) -> Result<Option<LastExercise>, Error> {
        let mut statement = self.connection.prepare_cached(sql("last_exercise")?)?;
        let mut rows = statement.query([name])?;
        let mut latest: Option<Latest> = None;
        while let Some(row) = rows.next()? {
            let newest = latest.as_ref().map(|latest| latest.date.as_ref());
            if newest.is_some_and(|date| Ok(date) != row.get_ref(1)) {
                break;
            }
            let value = |index| row.get_ref(index).map(Owned::from);
            let session = Latest {
                date: value(1)?,
                created_at: value(2)?,
                id: value(0)?,
            };
            latest = latest.max(Some(session));
        }
        Ok(latest.map(Latest::into_answer))
    }

    /// The same result from a scan of all sessions, as before the index existed.
    ///
    /// # Errors
    /// As [`TrainingLogs::last_exercise`].
    pub fn last_exercise_by_scan(&self, name: &str) -> Result<Option<LastExercise>, Error> {
        let mut statement = self.connection.prepare_cached(sql("sessions_scan")?)?;
        let mut rows = statement.query([])?;
        let mut latest: Option<Latest> = None;
        while let Some(row) = rows.next()? {
            let Ok(document) = Document::read(row.get_ref(2)?) else {
                continue;
            };
            if !document.exercises.iter().any(|exercise| exercise == name) {
                continue;
            }
            let date = ValueRef::from(document.date.as_deref());
            let session = Latest {
                date: Owned::from(date),
                created_at: Owned::from(row.get_ref(1)?),
                id: Owned::from(row.get_ref(0)?),
            };
            latest = latest.max(Some(session));
        }
        Ok(latest.map(Latest::into_answer))
    }

    /// The sessions that were logged at or after `from` and before `to`, in order of time.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn sessions_between(&self, from: Timestamp, to: Timestamp) -> Result<Vec<Session>, Error> {
        let mut statement = self.connection.prepare_cached(sql("sessions_between")?)?;
        let (from, to) = (rfc3339(from), rfc3339(to));
        let rows = statement.query_map(named_params! { ":from": from, ":to": to }, session)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The sessions that took more than this many minutes, the longest first.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn sessions_longer_than(&self, minutes: i64) -> Result<Vec<Session>, Error> {
        let mut statement = self
            .connection
            .prepare_cached(sql("sessions_longer_than")?)?;
        let rows = statement.query_map(named_params! { ":minutes": minutes }, session)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// Refuses a file of a newer build with the engine's error: no step leads to a version that this
/// build does not know.
pub(crate) fn refuse_newer(migrator: &Migrator<'_>) -> Result<(), migrations::Error> {
    let version = migrator.version()?;
    if version > CURRENT_VERSION {
        migrator.plan_to(version)?;
    }
    Ok(())
}

/// The SQL of a query at the current version.
fn sql(name: &str) -> Result<&'static str, Error> {
    query(name, CURRENT_VERSION)
        .map(|query| query.sql)
        .ok_or_else(|| error::query_missing(name))
}

fn text(row: &Row<'_>, index: usize) -> rusqlite::Result<String> {
    Ok(Owned::from(row.get_ref(index)?).into_text())
}

fn session(row: &Row<'_>) -> rusqlite::Result<Session> {
    Ok(Session {
        id: text(row, 0)?,
        created_at: text(row, 1)?,
        document: text(row, 2)?,
        duration_minutes: row.get(3)?,
    })
}

/// The time with milliseconds and `Z`, so that the order of the texts is the order in time.
fn rfc3339(time: Timestamp) -> String {
    DateTimePrinter::new()
        .precision(Some(3))
        .timestamp_to_string(&time)
}
