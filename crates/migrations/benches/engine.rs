//! The cost of the engine compared with SQLite itself: opening an up-to-date file, and applying
//! many small steps. Compare the ratios within one run; machines differ.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot be set up must stop"
)]

mod many;

use std::hint::black_box;
use std::path::{Path, PathBuf};
use std::time::Duration;

use criterion::{BatchSize, BenchmarkId, Criterion, SamplingMode, criterion_group, criterion_main};
use many::{TABLES, steps};
use migrations::{Catalogue, Migrator, Options, digest};
use rusqlite::{Connection, params};
use tempfile::TempDir;

const STEPS: [u32; 3] = [10, 100, 1_000];

fn catalogue(count: u32, tables: u32) -> Catalogue {
    Catalogue::new(steps(count, tables)).unwrap()
}

fn options() -> Options {
    Options::default().allow_undocumented(true)
}

struct File {
    _directory: TempDir,
    path: PathBuf,
}

fn file(journal: &str) -> File {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("bench.db");
    let connection = Connection::open(&path).unwrap();
    let mode = format!("PRAGMA journal_mode = {journal}");
    connection.query_row(&mode, [], |_| Ok(())).unwrap();
    File {
        _directory: directory,
        path,
    }
}

fn user_version(connection: &Connection) -> i64 {
    connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .unwrap()
}

fn first_select(connection: &Connection) -> i64 {
    let sql = "SELECT count(*) FROM t1";
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

fn opened<'a>(catalogue: &'a Catalogue, path: &Path) -> Migrator<'a> {
    let mut migrator = Migrator::open(catalogue, path, options()).unwrap();
    assert!(migrator.upgrade().unwrap().steps.is_empty());
    migrator
}

fn opening(criterion: &mut Criterion) {
    for journal in ["DELETE", "WAL"] {
        let mut group = criterion.benchmark_group(format!("opening/{journal}"));
        group
            .warm_up_time(Duration::from_millis(200))
            .measurement_time(Duration::from_secs(1));
        for steps in STEPS {
            let catalogue = catalogue(steps, TABLES);
            let file = file(journal);
            let path = &file.path;
            Migrator::open(&catalogue, path, options())
                .unwrap()
                .upgrade()
                .unwrap();
            let mut bench = |name: &str, run: &mut dyn FnMut() -> i64| {
                group.bench_function(BenchmarkId::new(name, steps), |bencher| {
                    bencher.iter(|| black_box(run()));
                });
            };
            bench("raw", &mut || {
                user_version(&Connection::open(path).unwrap())
            });
            bench("raw and a SELECT", &mut || {
                let connection = Connection::open(path).unwrap();
                user_version(&connection) + first_select(&connection)
            });
            bench("header only", &mut || {
                let opened = Migrator::open_by_header(&catalogue, path, options()).unwrap();
                i64::from(opened.unwrap().connection().is_autocommit())
            });
            bench("engine and a SELECT", &mut || {
                first_select(opened(&catalogue, path).connection())
            });
        }
        group.finish();
    }
}

/// All steps and a ledger like the engine's in one transaction: the lower limit for a program that
/// syncs as much. A run of the engine syncs at `EXTRA`, whatever the connection's setting; the
/// default of SQLite is `FULL`.
fn by_hand(path: &Path, count: u32, synchronous: &str) {
    let mut connection = Connection::open(path).unwrap();
    connection
        .pragma_update(None, "synchronous", synchronous)
        .unwrap();
    let transaction = connection.transaction().unwrap();
    transaction
        .execute_batch(
            "CREATE TABLE schema_migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL, \
             up_digest TEXT NOT NULL,
                down_sql TEXT, down_loses TEXT NOT NULL, down_digest TEXT NOT NULL, applied_at \
                TEXT NOT NULL,
                applied_by TEXT NOT NULL, up_sql TEXT)",
        )
        .unwrap();
    for step in steps(count, count) {
        let (version, up, down) = (step.version(), step.up(), step.down_sql().unwrap());
        transaction.execute_batch(up).unwrap();
        let mut insert = transaction
            .prepare_cached(
                "INSERT INTO schema_migrations VALUES (?1, ?2, ?3, ?4, '', ?5, ?6, 'by hand', ?7)",
            )
            .unwrap();
        let name = format!("t{version}");
        let now = "2025-01-02T18:30:00.000Z";
        insert
            .execute(params![
                version,
                name,
                digest(up),
                down,
                digest(down),
                now,
                up
            ])
            .unwrap();
    }
    transaction
        .pragma_update(None, "user_version", count)
        .unwrap();
    transaction.commit().unwrap();
}

fn applying(criterion: &mut Criterion) {
    for journal in ["DELETE", "WAL"] {
        let mut group = criterion.benchmark_group(format!("applying/{journal}"));
        group
            .sample_size(10)
            .sampling_mode(SamplingMode::Flat)
            .warm_up_time(Duration::from_millis(200))
            .measurement_time(Duration::from_secs(1));
        for steps in [100, 1_000] {
            for (name, synchronous) in [("raw", "EXTRA"), ("raw at FULL", "FULL")] {
                group.bench_function(BenchmarkId::new(name, steps), |bencher| {
                    let run = |file: File| by_hand(&file.path, steps, synchronous);
                    bencher.iter_batched(|| file(journal), run, BatchSize::PerIteration);
                });
            }
            group.bench_function(BenchmarkId::new("engine", steps), |bencher| {
                let run = |file: File| {
                    let catalogue = catalogue(steps, steps);
                    let mut migrator = Migrator::open(&catalogue, &file.path, options()).unwrap();
                    migrator.upgrade().unwrap();
                };
                bencher.iter_batched(|| file(journal), run, BatchSize::PerIteration);
            });
        }
        group.finish();
    }
}

criterion_group!(benches, opening, applying);
criterion_main!(benches);
