//! What the crate promises, by topic.

mod command;
mod documents;
mod ids;
mod logging;
mod lookups;
mod refusals;
mod schemas;
mod shell;

use rusqlite::{Connection, params};
use traininglogs::generate::GeneratedSession;
use traininglogs::{catalogue, write_session};

/// A database in memory as a build of `version` leaves it after logging `sessions`. Sessions without
/// id are left out, because no build writes them.
fn written_at(version: u32, sessions: &[GeneratedSession]) -> Connection {
    let connection = catalogue().build(version).unwrap();
    for session in sessions {
        let Some(id) = &session.id else { continue };
        write_session(
            &connection,
            version,
            id,
            &session.created_at,
            &session.to_new(),
        )
        .unwrap();
    }
    connection
}

/// A database in memory at version 1 with all of `sessions`.
fn at_version_1(sessions: &[GeneratedSession]) -> Connection {
    let connection = catalogue().build(1).unwrap();
    for session in sessions {
        let row = params![session.id, session.created_at, session.raw_json];
        connection
            .execute(
                "INSERT INTO training_sessions (id, created_at, raw_json) VALUES (?1, ?2, ?3)",
                row,
            )
            .unwrap();
    }
    connection
}
