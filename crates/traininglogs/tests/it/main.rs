//! Tests of the crate, by topic.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod backups;
mod command;
mod documents;
mod ids;
mod json;
mod killed;
mod locked;
mod logging;
mod lookups;
mod names;
mod older_build;
mod operating;
mod processes;
mod refusals;
#[path = "../../../../xtask/tests/samples/mod.rs"]
mod samples;
mod schemas;
mod scripts;
mod shell;
mod starters;
mod triggers;
mod untrusted;

use proptest::prelude::ProptestConfig;
use proptest::test_runner::RngSeed;
use rusqlite::{Connection, params};
use traininglogs::generate::GeneratedSession;
use traininglogs::{catalogue, write_session};

/// The same cases in every run, so that a failure is reproducible; `PROPTEST_RNG_SEED` and
/// `PROPTEST_CASES` change them.
fn cases() -> ProptestConfig {
    let mut config = ProptestConfig::default();
    if config.rng_seed == RngSeed::Random {
        config.rng_seed = RngSeed::Fixed(1);
    }
    config
}

/// A database in memory that a build of `version` leaves after logging `sessions`. Sessions without
/// an id are left out, because no build writes them.
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
