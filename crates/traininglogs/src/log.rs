//! Writes a session as a build of each version does.

use migrations::Version;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, ToSql};

use crate::Timestamp;
use crate::document::Document;
use crate::error::{self, Error};
use crate::exercises::exercise_id;
use crate::queries::query;

/// A session to be logged.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewSession {
    /// The document, stored as it is.
    pub document: String,
    /// The time at which it was logged; `None` for now.
    pub created_at: Option<Timestamp>,
    /// Its duration in whole minutes.
    pub duration_minutes: Option<i64>,
    /// The person who trained, as the application names them.
    pub user_id: Option<String>,
    /// The source that logged the session, such as `watch`.
    pub device: Option<String>,
}

/// Writes a session as a build of `version` does, with exactly the declared queries of that
/// version. So the index gets its rows from version 2 on, the duration is stored from version 3 on,
/// user and device from version 5 on.
///
/// `created_at` of `session` is ignored, so that a session can be written with any text as its
/// time. A document that cannot be read gets no rows in the index, as in an upgrade.
///
/// The caller opens the transaction; without one, an error may leave the session half written.
///
/// # Errors
/// When the file is not at `version`, has a session with this id, or cannot be written.
pub fn write_session(
    connection: &Connection,
    version: Version,
    id: &str,
    created_at: &str,
    session: &NewSession,
) -> Result<(), Error> {
    if query("log_session", version).is_none() {
        return Err(error::nothing_to_log_into(version));
    }
    let run = |name, values: &[(&str, &dyn ToSql)]| run(connection, version, name, values);
    run(
        "log_session",
        &[
            (":id", &id),
            (":created_at", &created_at),
            (":raw_json", &session.document),
            (":duration_minutes", &session.duration_minutes),
        ],
    )?;
    let text = ValueRef::Text;
    if let Ok(document) = Document::parse(&session.document) {
        for (position, name) in document.exercises.iter().enumerate() {
            let row = exercise_id(text(id.as_bytes()), text(created_at.as_bytes()), position);
            run(
                "log_exercise",
                &[
                    (":id", &row.to_string()),
                    (":session_id", &id),
                    (":exercise_name", name),
                    (":date_logged", &document.date),
                ],
            )?;
        }
    }
    run(
        "log_metadata",
        &[
            (":session_id", &id),
            (":user_id", &session.user_id),
            (":device", &session.device),
        ],
    )
}

/// Runs the query if `version` has it, with those of `values` that its form for `version` needs.
fn run(
    connection: &Connection,
    version: Version,
    name: &str,
    values: &[(&str, &dyn ToSql)],
) -> Result<(), Error> {
    let Some(query) = query(name, version) else {
        return Ok(());
    };
    let mut statement = connection.prepare_cached(query.sql)?;
    for (parameter, value) in values {
        if let Some(index) = statement.parameter_index(parameter)? {
            statement.raw_bind_parameter(index, value)?;
        }
    }
    statement.raw_execute()?;
    Ok(())
}
