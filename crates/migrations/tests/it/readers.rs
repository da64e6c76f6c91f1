//! A reader of the file that does not end.

use std::time::{Duration, Instant};

use migrations::{
    Backfill, BoxError, Catalogue, ErrorKind, Made, Migrator, Options, Outcome, SkippedRows,
    Source, StepFn,
};
use rusqlite::Connection;

use crate::support::*;

const TIMEOUT: Duration = Duration::from_millis(300);

/// The time that a run may take beyond the wait; with a reader it once waited for each page.
const SLACK: Duration = Duration::from_secs(1);

const BACKFILL: Backfill<'_> = Backfill {
    from: "SELECT id, body FROM note ORDER BY id",
    into: "copy",
    columns: &["note", "text"],
};

fn copied(note: &Source<'_>, made: &mut Made<'_>) -> Result<(), BoxError> {
    made.row(&[note.get(0), note.get(1)])
}

const COPY: StepFn = StepFn {
    name: "copy",
    preflight: |_, _| Ok(()),
    apply: |connection: &Connection, skipped: &mut SkippedRows| {
        BACKFILL.run(connection, skipped, copied)
    },
};

/// A step that writes more pages than the cache of a connection holds, as SQL and by a function.
fn writers() -> [Catalogue; 2] {
    let update = step("0002_long", "UPDATE note SET body = body || body;", "");
    let fill = step(
        "0002_copy",
        "CREATE TABLE copy (note, text);",
        "DROP TABLE copy;",
    );
    [update, fill.with_code(COPY)].map(|second| catalogue(vec![note_step(), second]))
}

fn options() -> Options {
    plain().busy_timeout(TIMEOUT)
}

/// A file of version 1 with more rows than fit into a cache.
fn large(catalogue: &Catalogue, journal: &str) -> File {
    let file = File::at(catalogue, 1);
    let connection = file.raw();
    connection
        .query_row(&format!("PRAGMA journal_mode = {journal}"), [], |_| Ok(()))
        .unwrap();
    connection
        .execute_batch(
            "WITH RECURSIVE n (id) AS (SELECT 1 UNION ALL SELECT id + 1 FROM n WHERE id < 60000)
             INSERT INTO note SELECT id, printf('%.100c', 'x') FROM n",
        )
        .unwrap();
    drop(connection);
    file
}

/// A connection inside a transaction that has read.
fn reader(file: &File) -> Connection {
    let reader = file.raw();
    reader.busy_timeout(Duration::ZERO).unwrap();
    reader.execute_batch("BEGIN").unwrap();
    assert!(value::<i64>(&reader, "SELECT count(*) FROM note") > 0);
    reader
}

fn names(file: &File) -> Vec<String> {
    let entries = std::fs::read_dir(file.directory.path()).unwrap();
    let mut names: Vec<String> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

/// Without a WAL the run is impossible. It fails in time, leaves no lock, and new readers are
/// admitted.
#[test]
fn an_idle_reader_is_reported_in_time() {
    for journal in ["DELETE", "TRUNCATE", "PERSIST"] {
        for catalogue in writers() {
            let file = large(&catalogue, journal);
            let (before, beside) = (file.bytes(), names(&file));
            let reader = reader(&file);
            let mut migrator = Migrator::open(&catalogue, &file.path, options()).unwrap();
            for _ in 0..2 {
                let since = Instant::now();
                let error = migrator.upgrade().unwrap_err();
                let waited = since.elapsed();
                assert_eq!(
                    error.kind(),
                    ErrorKind::Busy,
                    "{journal}: {}",
                    error.report()
                );
                assert_eq!(error.outcome(), Outcome::RolledBack);
                assert!(waited < TIMEOUT + SLACK, "{journal}: {waited:?}");
                // Nobody is excluded, neither from reading nor from preparing a write.
                let other = self::reader(&file);
                drop(other);
                let other = file.raw();
                other.busy_timeout(Duration::ZERO).unwrap();
                other.execute_batch("BEGIN IMMEDIATE; ROLLBACK").unwrap();
            }
            let mode = "PRAGMA main.locking_mode";
            assert_eq!(value::<String>(migrator.connection(), mode), "normal");
            drop(reader);
            assert_eq!(file.bytes(), before);
            assert_eq!(names(&file), beside, "{journal}");
            assert_eq!(migrator.upgrade().unwrap().to, 2, "{journal}");
            let rows: i64 = file.value("SELECT count(*) FROM note");
            assert_eq!(rows, 60_000);
        }
    }
}

/// With a WAL, no run waits for readers.
#[test]
fn with_a_wal_a_reader_holds_up_nothing() {
    for catalogue in writers() {
        let file = large(&catalogue, "WAL");
        let reader = reader(&file);
        let report = file.migrator_with(&catalogue, options()).upgrade().unwrap();
        assert_eq!(report.to, 2);
        assert_eq!(value::<i64>(&reader, "PRAGMA user_version"), 1);
    }
}

/// Successive waits are added up, even if each ends before the timeout.
#[test]
fn the_timeout_is_for_the_whole_run() {
    let [catalogue, _] = writers();
    let file = large(&catalogue, "DELETE");
    let writer = file.raw();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    let mut migrator = Migrator::open(&catalogue, &file.path, options()).unwrap();
    let reader = reader(&file);
    let since = Instant::now();
    let waited = std::thread::scope(|scope| {
        let run = scope.spawn(|| migrator.upgrade().unwrap_err());
        std::thread::sleep(TIMEOUT / 2);
        writer.execute_batch("ROLLBACK").unwrap();
        let error = run.join().unwrap();
        assert_eq!(error.kind(), ErrorKind::Busy);
        since.elapsed()
    });
    assert!(waited < TIMEOUT + SLACK, "{waited:?}");
    // The connection has its own timeout again.
    let timeout: u64 = value::<u32>(migrator.connection(), "PRAGMA busy_timeout").into();
    assert_eq!(Duration::from_millis(timeout), TIMEOUT);
    drop(reader);
    assert_eq!(migrator.upgrade().unwrap().to, 2);
}

/// The application's own locking mode stays, with the lock that it keeps.
#[test]
fn a_connection_that_keeps_its_locks_goes_on_keeping_them() {
    let [catalogue, _] = writers();
    let file = large(&catalogue, "DELETE");
    let connection = file.raw();
    let mode = "PRAGMA main.locking_mode";
    let set = format!("{mode} = EXCLUSIVE");
    connection.query_row(&set, [], |_| Ok(())).unwrap();
    let mut migrator = Migrator::with_connection(&catalogue, connection, options());
    assert_eq!(migrator.upgrade().unwrap().to, 2);
    assert_eq!(value::<String>(migrator.connection(), mode), "exclusive");
    let other = file.raw();
    other.busy_timeout(Duration::ZERO).unwrap();
    other
        .execute_batch("BEGIN; SELECT count(*) FROM note")
        .unwrap_err();
}
