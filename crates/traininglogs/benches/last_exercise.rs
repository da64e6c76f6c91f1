//! The lookup of an exercise's last session: by a scan of the sessions, by the index of version 2,
//! and by that of version 6, which is the application's own lookup.
//!
//! *raw* is SQLite alone: one row from the index of version 6, without the session itself and
//! without a second session of that date. The *scan* is the best way without an index: newest
//! first, until a session has the exercise. The index of version 2 shows a trap: for a name that is
//! in half of the sessions, SQLite sorts all rows of that name, and the scan is thousands of times
//! as fast. `SESSIONS=1000000` adds a size; at that size the scan takes seconds.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot be set up must stop"
)]

mod sessions;

use std::cell::RefCell;
use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use migrations::{Backups, Migrator, Options};
use rusqlite::{Connection, OptionalExtension, Statement};
use sessions::{EXERCISES, file_of_version_1, sizes};
use traininglogs::{Document, TrainingLogs, catalogue, query};

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

/// The version before the index was replaced.
const BEFORE: u32 = 5;

/// In WAL mode a read takes fewer locks, and each lock is a system call: the larger part of a
/// lookup.
const JOURNALS: [&str; 2] = ["DELETE", "WAL"];

/// Along `idx_session_created`: the sessions of the benchmark are logged on their dates.
const NEWEST_FIRST: &str = "SELECT id, raw_json FROM training_sessions ORDER BY created_at DESC";

fn options() -> Options {
    Options::default().backups(Backups::Off).check(false)
}

fn to_version(path: &Path, version: u32) {
    let mut migrator = Migrator::open(catalogue(), path, options()).unwrap();
    migrator.upgrade_to(version).unwrap();
}

fn scan(connection: &Connection, name: &str) -> Option<String> {
    let mut statement = connection.prepare_cached(NEWEST_FIRST).unwrap();
    let mut rows = statement.query([]).unwrap();
    while let Some(row) = rows.next().unwrap() {
        let document = Document::read(row.get_ref(1).unwrap()).unwrap();
        if document.exercises.iter().any(|exercise| exercise == name) {
            return Some(row.get(0).unwrap());
        }
    }
    None
}

fn by_version_2(connection: &Connection, name: &str) -> Option<String> {
    let sql = query("last_exercise", BEFORE).unwrap().sql;
    let mut statement = connection.prepare_cached(sql).unwrap();
    let found = statement.query_row([name], |row| row.get(0));
    found.optional().unwrap()
}

fn by_version_6(logs: &TrainingLogs, name: &str) -> Option<String> {
    let found = logs.last_exercise(name).unwrap();
    found.map(|last| last.session_id)
}

/// The minimal work of SQLite: one row, from the index of version 6 alone, by a prepared statement.
const FROM_THE_INDEX: &str = "SELECT session_id FROM exercises_index WHERE exercise_name = ?1
    ORDER BY date_logged DESC LIMIT 1";

fn raw(statement: &mut Statement<'_>, name: &str) -> Option<String> {
    let found = statement.query_row([name], |row| row.get(0));
    found.optional().unwrap()
}

fn with_journal(path: &Path, journal: &str) -> Connection {
    let connection = Connection::open(path).unwrap();
    let mode = format!("PRAGMA journal_mode = {journal}");
    let now: String = connection.query_row(&mode, [], |row| row.get(0)).unwrap();
    assert!(now.eq_ignore_ascii_case(journal));
    connection
}

fn last_exercise(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    for sessions in sizes(&SIZES) {
        let path = folder.path().join(format!("{sessions}.db"));
        file_of_version_1(&path, sessions);
        to_version(&path, BEFORE);
        let expected = EXERCISES.map(|(exercise, name)| {
            let found = scan(&Connection::open(&path).unwrap(), name);
            assert_eq!(found.is_none(), exercise == "absent");
            found
        });
        let mut bench = |journal: &str, way: &str, run: &dyn Fn(&str) -> Option<String>| {
            let mut group = criterion.benchmark_group(format!("last_exercise/{journal}"));
            group.sample_size(10);
            group.warm_up_time(Duration::from_millis(100));
            group.measurement_time(Duration::from_millis(500));
            for ((exercise, name), expected) in EXERCISES.iter().zip(&expected) {
                // If several sessions have the newest date, *raw* takes any of them.
                let found = run(name);
                assert!(
                    found == *expected || way == "raw" && found.is_some() == expected.is_some()
                );
                let id = BenchmarkId::new(format!("{way}/{exercise}"), sessions);
                group.bench_function(id, |bencher| bencher.iter(|| run(black_box(name))));
            }
            group.finish();
        };
        for journal in JOURNALS {
            let connection = with_journal(&path, journal);
            bench(journal, "scan", &|name| scan(&connection, name));
            bench(journal, "v2", &|name| by_version_2(&connection, name));
        }
        to_version(&path, catalogue().current_version());
        for journal in JOURNALS {
            let connection = with_journal(&path, journal);
            let statement = RefCell::new(connection.prepare(FROM_THE_INDEX).unwrap());
            bench(journal, "raw", &|name| {
                raw(&mut statement.borrow_mut(), name)
            });
            let logs = TrainingLogs::open_with(&path, options()).unwrap();
            bench(journal, "v6", &|name| by_version_6(&logs, name));
        }
        std::fs::remove_file(&path).unwrap();
    }
}

criterion_group!(benches, last_exercise);
criterion_main!(benches);
