//! Engines of other authors with faults everywhere: each engine that can damage a file is caught,
//! by its mistake.

use harness::crash_test::{CrashTest, Engine, SetupStats};
use migrations::Commit;
use rusqlite::Connection;
use simulator::{Claimed, Fault, Sampling};

use crate::note::{image, migrate};

/// An engine that looks at `user_version` and runs a script.
fn script(sql: &'static str) -> impl Fn(Connection) -> Claimed {
    move |connection| match version(&connection) {
        Ok(2) => Claimed::After,
        Ok(_) => match connection.execute_batch(sql) {
            Ok(()) => Claimed::After,
            Err(_) => Claimed::Unknown,
        },
        Err(_) => Claimed::Unknown,
    }
}

fn version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}

fn cut(engine: Engine<'_>, points: u64) -> Vec<SetupStats> {
    let image = image();
    let passage = CrashTest::new(&image, engine).unwrap();
    let sampling = Sampling {
        points,
        seeds: 4,
        seed: 1,
    };
    let all = passage.cut(&sampling).unwrap();
    for SetupStats { setup, stats } in &all {
        for failure in &stats.failures {
            let again = passage.repeat(*setup, failure).unwrap();
            assert_eq!(again.as_ref(), Some(&failure.message), "{setup}, {failure}");
        }
    }
    all
}

/// The problems as text, each with its setup and its fault.
fn wrong(all: &[SetupStats]) -> Vec<String> {
    let listed = |cuts: &SetupStats| {
        let failures = cuts.stats.failures.iter();
        failures
            .map(|failure| format!("{}, {failure}", cuts.setup))
            .collect::<Vec<_>>()
    };
    all.iter().flat_map(listed).collect()
}

fn passes(engine: Engine<'_>) {
    let all = cut(engine, 150);
    assert!(wrong(&all).is_empty(), "{}", wrong(&all).join("\n"));
    let looks: u64 = all.iter().map(|cuts| cuts.stats.looks).sum();
    let after: u64 = all.iter().map(|cuts| cuts.stats.after).sum();
    assert!(0 < after && after < looks, "both sides are seen");
}

fn caught(engine: Engine<'_>, words: &str) -> Vec<SetupStats> {
    let all = cut(engine, 90);
    let wrong = wrong(&all);
    let first: Vec<&String> = wrong.iter().take(4).collect();
    assert!(
        wrong.iter().any(|one| one.contains(words)),
        "not found: {words}
{first:#?}"
    );
    all
}

#[test]
fn this_engine_passes() {
    passes(&|connection| migrate(connection, 2, Commit::Run));
    passes(&|connection| migrate(connection, 3, Commit::Run));
}

#[test]
fn one_transaction_passes_whoever_wrote_it() {
    passes(&script(
        "BEGIN; ALTER TABLE note ADD COLUMN label TEXT; UPDATE note SET label = upper(body);
         PRAGMA user_version = 2; COMMIT",
    ));
    passes(&script(
        "SAVEPOINT run; ALTER TABLE note ADD COLUMN label TEXT; SAVEPOINT step;
         UPDATE note SET label = upper(body); RELEASE step; PRAGMA user_version = 2; RELEASE run",
    ));
}

#[test]
fn a_commit_for_each_step_passes_where_there_is_one_step() {
    passes(&|connection| migrate(connection, 2, Commit::PerStep));
    let engine = |connection| migrate(connection, 3, Commit::PerStep);
    caught(
        &engine,
        "it is not as before: column note.label is present, not missing",
    );
}

#[test]
fn a_version_stamped_outside_the_transaction_is_caught() {
    let engine = script(
        "BEGIN; ALTER TABLE note ADD COLUMN label TEXT; UPDATE note SET label = upper(body); COMMIT;
         PRAGMA user_version = 2",
    );
    caught(&engine, "column note.label is present, not missing");
}

#[test]
fn a_version_stamped_first_is_caught() {
    let engine = script(
        "PRAGMA user_version = 2;
         BEGIN; ALTER TABLE note ADD COLUMN label TEXT;
         UPDATE note SET label = upper(body); COMMIT",
    );
    caught(&engine, "user_version is 2, not 1");
}

#[test]
fn a_commit_for_each_statement_is_caught() {
    let engine = script(
        "ALTER TABLE note ADD COLUMN label TEXT; UPDATE note SET label = upper(body);
         PRAGMA user_version = 2",
    );
    caught(&engine, "neither before nor after");
}

#[test]
fn a_rebuild_that_copies_in_one_transaction_and_drops_in_another_is_caught() {
    let engine = script(
        "BEGIN; CREATE TABLE new (id INTEGER PRIMARY KEY, body TEXT NOT NULL, label TEXT);
         INSERT INTO new SELECT id, body, upper(body) FROM note; COMMIT;
         BEGIN; DROP TABLE note; ALTER TABLE new RENAME TO note; PRAGMA user_version = 2; COMMIT",
    );
    caught(&engine, "table new is present, not missing");
}

const FASTER: &str = "BEGIN; ALTER TABLE note ADD COLUMN label TEXT;
    UPDATE note SET label = upper(body); PRAGMA user_version = 2; COMMIT";

/// Nothing but a power cut finds it, and with it the file is lost.
#[test]
fn a_run_without_syncs_is_caught() {
    let engine = |connection: Connection| {
        let _ = connection.pragma_update(None, "synchronous", "OFF");
        script(FASTER)(connection)
    };
    let all = caught(&engine, "malformed");
    assert!(
        wrong(&all).iter().all(|one| one.contains("power loss")),
        "{:#?}",
        wrong(&all)
    );
}

/// Its journal is gone with the program, too: a full disk is enough.
#[test]
fn a_run_with_its_journal_in_memory_is_caught() {
    let engine = |connection: Connection| {
        let _ = connection.query_row("PRAGMA journal_mode = MEMORY", [], |_| Ok(()));
        script(FASTER)(connection)
    };
    caught(&engine, "malformed");
}

#[test]
fn an_error_that_is_swallowed_is_caught() {
    let engine = |connection: Connection| {
        let _ = script(
            "BEGIN; ALTER TABLE note ADD COLUMN label TEXT; UPDATE note SET label = upper(body);
             PRAGMA user_version = 2; COMMIT",
        )(connection);
        Claimed::After
    };
    caught(
        &engine,
        "the work reported success, but the file is as it was before",
    );
}

#[test]
fn an_error_after_the_commit_that_is_reported_as_a_failed_run_is_caught() {
    let engine = |connection: Connection| {
        let claimed = script(
            "BEGIN; ALTER TABLE note ADD COLUMN label TEXT; UPDATE note SET label = upper(body);
             PRAGMA user_version = 2; COMMIT; SELECT count(*) FROM note",
        )(connection);
        match claimed {
            Claimed::Unknown => Claimed::Before,
            claimed => claimed,
        }
    };
    let all = caught(
        &engine,
        "the work reported a failure, but the file contains the result",
    );
    let cuts = all.iter().filter(|cuts| cuts.stats.wrong > 0);
    let faults: Vec<Fault> = cuts.map(|cuts| cuts.stats.mode.fault).collect();
    assert!(
        faults.contains(&Fault::Interrupt) && faults.contains(&Fault::IoError),
        "{faults:?}"
    );
}
