//! When was an exercise done last: by reading the sessions, by the index of version 2, and by that of version 6, which is
//! the application's own lookup.
//!
//! The *scan* is the best that can be done without an index: newest first, until one session has the exercise. The index
//! of version 2 shows a trap: for a name that stands in half of the sessions SQLite sorts all rows of that name, and the
//! scan is thousands of times as fast. `SESSIONS=1000000` adds a size; at that one the scan takes seconds.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot be set up must stop"
)]

mod sessions;

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use migrations::{Backups, Migrator, Options};
use rusqlite::{Connection, OptionalExtension};
use sessions::{EXERCISES, file_of_version_1, sizes};
use traininglogs::{Document, TrainingLogs, catalogue, query};

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

/// The version before the index was replaced.
const BEFORE: u32 = 5;

/// Along `idx_session_created`: the sessions of the benchmark are logged on their dates.
const NEWEST_FIRST: &str = "SELECT id, raw_json FROM training_sessions ORDER BY created_at DESC";

fn options() -> Options {
    Options {
        backups: Backups::Off,
        check: false,
        ..Options::default()
    }
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

/// A file at the version before, which is taken to the current one when that was measured.
fn at_version_before(path: &Path, sessions: usize) -> Connection {
    file_of_version_1(path, sessions);
    let mut migrator = Migrator::open(catalogue(), path, options()).unwrap();
    migrator.upgrade_to(BEFORE).unwrap();
    migrator.into_connection()
}

fn last_exercise(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    for sessions in sizes(&SIZES) {
        let path = folder.path().join(format!("{sessions}.db"));
        let old = at_version_before(&path, sessions);
        let mut group = criterion.benchmark_group("last_exercise");
        group.sample_size(10);
        group.warm_up_time(Duration::from_millis(100));
        group.measurement_time(Duration::from_millis(500));
        let mut expected = Vec::new();
        for (exercise, name) in EXERCISES {
            let found = scan(&old, name);
            assert_eq!(found.is_none(), exercise == "absent");
            assert_eq!(found, by_version_2(&old, name));
            expected.push(found);
            let scan_id = BenchmarkId::new(format!("scan/{exercise}"), sessions);
            group.bench_function(scan_id, |bencher| {
                bencher.iter(|| scan(&old, black_box(name)));
            });
            let id = BenchmarkId::new(format!("v2/{exercise}"), sessions);
            group.bench_function(id, |bencher| {
                bencher.iter(|| by_version_2(&old, black_box(name)));
            });
        }
        drop(old);
        let logs = TrainingLogs::open_with(&path, options()).unwrap();
        for ((exercise, name), expected) in EXERCISES.into_iter().zip(expected) {
            assert_eq!(by_version_6(&logs, name), expected);
            let id = BenchmarkId::new(format!("v6/{exercise}"), sessions);
            group.bench_function(id, |bencher| {
                bencher.iter(|| by_version_6(&logs, black_box(name)));
            });
        }
        group.finish();
        drop(logs);
        std::fs::remove_file(&path).unwrap();
    }
}

criterion_group!(benches, last_exercise);
criterion_main!(benches);
