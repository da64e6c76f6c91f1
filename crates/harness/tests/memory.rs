//! Refused memory at each request. This is a separate program, because SQLite accepts a different
//! allocator only before its first use.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

#[path = "it/note.rs"]
mod note;

use harness::crash_test::{CrashTest, Engine, SetupStats};
use migrations::Commit;
use rusqlite::{Connection, ErrorCode};
use simulator::{self, Claimed, Device, Fault, FaultPlan, Machine, Repeat, Sampling};

/// All faults by refused memory.
fn cut(engine: Engine<'_>) -> Vec<SetupStats> {
    assert!(simulator::watch_memory());
    let image = note::image();
    let passage = CrashTest::new(&image, engine).unwrap();
    let cuts = passage.cut_by(&[Fault::NoMemory], &Sampling::exhaustive(0));
    let cuts = cuts.unwrap();
    assert_eq!(cuts.len(), 4, "two journal modes, once and for ever");
    cuts
}

fn wrong(cuts: &[SetupStats]) -> Vec<String> {
    let failures = cuts.iter().flat_map(|cuts| &cuts.stats.failures);
    failures.map(ToString::to_string).collect()
}

/// An engine that runs one script and then a second one, unless they ran before; an error is passed
/// to `or`.
fn scripts(
    first: &'static str,
    second: &'static str,
    or: fn(&Connection, rusqlite::Error) -> Result<(), rusqlite::Error>,
) -> impl Fn(Connection) -> Claimed {
    move |connection| {
        let version = connection.pragma_query_value(None, "user_version", |row| row.get(0));
        let done = version.and_then(|version: i64| {
            if version == 2 {
                return Ok(());
            }
            connection
                .execute_batch(first)
                .or_else(|error| or(&connection, error))?;
            connection.execute_batch(second)
        });
        done.map_or(Claimed::Unknown, |()| Claimed::After)
    }
}

#[test]
fn the_engine_leaves_before_or_after() {
    let cuts = cut(&|connection| note::migrate(connection, 2, Commit::Run));
    assert_eq!(wrong(&cuts), Vec::<String>::new());
    for cuts in &cuts {
        assert_eq!(cuts.stats.tried, cuts.stats.of, "{cuts:?}");
        assert!(cuts.stats.of > 500, "{cuts:?}");
    }
    let once = cuts
        .iter()
        .filter(|cuts| cuts.stats.mode.repeat == Repeat::Once);
    assert!(
        once.map(|cuts| cuts.stats.after).sum::<u64>() > 0,
        "some of it SQLite can do without"
    );
}

/// Planted: an engine that takes refused memory for "the column exists already" stamps a step that
/// did not run.
#[test]
fn who_goes_on_without_memory_is_caught() {
    let engine = scripts(
        "BEGIN; ALTER TABLE note ADD COLUMN label TEXT; UPDATE note SET label = upper(body);",
        "PRAGMA user_version = 2; COMMIT;",
        |_, _| Ok(()),
    );
    let wrong = wrong(&cut(&engine));
    assert!(
        wrong
            .iter()
            .any(|wrong| wrong.contains("neither before nor after")),
        "{wrong:?}"
    );
}

/// Near miss: an engine that rolls back first, and reports the failure.
#[test]
fn who_rolls_back_without_memory_passes() {
    let engine = scripts(
        "BEGIN; ALTER TABLE note ADD COLUMN label TEXT; UPDATE note SET label = upper(body);",
        "PRAGMA user_version = 2; COMMIT;",
        |connection, error| {
            if !connection.is_autocommit() {
                connection.execute_batch("ROLLBACK")?;
            }
            Err(error)
        },
    );
    assert_eq!(wrong(&cut(&engine)), Vec::<String>::new());
}

/// Planted: the stamp is outside the transaction.
#[test]
fn who_stamps_after_the_commit_is_caught() {
    let engine = scripts(
        "BEGIN; ALTER TABLE note ADD COLUMN label TEXT;
         UPDATE note SET label = upper(body); COMMIT;",
        "PRAGMA user_version = 2",
        |_, error| Err(error),
    );
    let wrong = wrong(&cut(&engine));
    assert!(!wrong.is_empty());
}

#[test]
fn only_the_thread_that_asked_is_refused_and_only_until_the_machine_is_gone() {
    assert!(simulator::watch_memory());
    let machine = Machine::new(Device::default()).unwrap();
    let connection = machine.connect("one.db").unwrap();
    machine.inject(FaultPlan::nth(1, Fault::NoMemory).forever());
    let refused = connection
        .execute_batch("CREATE TABLE t (a); CREATE TABLE u (a)")
        .unwrap_err();
    assert_eq!(refused.sqlite_error_code(), Some(ErrorCode::OutOfMemory));
    let elsewhere = std::thread::spawn(|| Connection::open_in_memory()?.execute_batch(STEP_ALONE));
    elsewhere.join().unwrap().unwrap();
    drop((connection, machine));
    Connection::open_in_memory()
        .unwrap()
        .execute_batch(STEP_ALONE)
        .unwrap();
}

const STEP_ALONE: &str = "CREATE TABLE t (a); CREATE INDEX i ON t (a)";
