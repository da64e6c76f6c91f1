//! Version 1 to 2: the rows of `exercises_index`, by the engine, by SQL as other tools would do it, and the floor.
//!
//! The *floor* copies the finished rows, in the order of their ids, and makes the index afterwards: what nobody
//! can be faster than who writes the same rows durably. Read the ratios within one run; machines differ.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot be set up must stop"
)]

mod sessions;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use migrations::{Backups, Migrator, Options};
use rusqlite::Connection;
use sessions::file_of_version_1;
use traininglogs::catalogue;

const SIZES: [usize; 2] = [10_000, 100_000];

/// What a tool does that knows SQL alone: random ids, and the index before the rows.
const BY_SQL: &str = "BEGIN IMMEDIATE;
    CREATE TABLE exercises_index (
        id TEXT PRIMARY KEY,
        session_id TEXT NOT NULL,
        exercise_name TEXT NOT NULL,
        date_logged TEXT,
        FOREIGN KEY(session_id) REFERENCES training_sessions(id)
    );
    CREATE INDEX idx_exercises_name ON exercises_index(exercise_name);
    INSERT INTO exercises_index
        SELECT lower(hex(randomblob(16))), s.id, json_extract(e.value, '$.name'), json_extract(s.raw_json, '$.date')
        FROM training_sessions AS s, json_each(s.raw_json, '$.exercises') AS e;
    PRAGMA user_version = 2;
    COMMIT;";

const FLOOR: &str = "BEGIN IMMEDIATE;
    CREATE TABLE exercises_index (
        id TEXT PRIMARY KEY,
        session_id TEXT NOT NULL,
        exercise_name TEXT NOT NULL,
        date_logged TEXT,
        FOREIGN KEY(session_id) REFERENCES training_sessions(id)
    );
    INSERT INTO exercises_index SELECT * FROM done.exercises_index ORDER BY rowid;
    CREATE INDEX idx_exercises_name ON exercises_index(exercise_name);
    PRAGMA user_version = 2;
    COMMIT;";

/// What brings a file from version 1 to 2.
type Way<'a> = &'a dyn Fn(&Path);

fn engine(path: &Path) {
    let options = Options {
        backups: Backups::Off,
        check: false,
        ..Options::default()
    };
    let mut migrator = Migrator::open(catalogue(), path, options).unwrap();
    migrator.upgrade_to(2).unwrap();
}

fn sql(path: &Path) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(BY_SQL).unwrap();
}

/// The time of `work` on a copy of `old`, without the copying.
fn timed(old: &Path, work: impl Fn(&Path)) -> Duration {
    let copy = old.with_extension("copy");
    fs::copy(old, &copy).unwrap();
    fs::File::open(&copy).unwrap().sync_all().unwrap();
    let begun = Instant::now();
    work(&copy);
    let elapsed = begun.elapsed();
    fs::remove_file(&copy).unwrap();
    elapsed
}

fn moving(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let mut group = criterion.benchmark_group("moving");
    group.sample_size(10).warm_up_time(Duration::from_millis(1));
    for sessions in SIZES {
        let old = folder.path().join(format!("{sessions}.db"));
        file_of_version_1(&old, sessions);
        let done: PathBuf = folder.path().join("done.db");
        fs::copy(&old, &done).unwrap();
        engine(&done);
        let floor = |path: &Path| {
            let connection = Connection::open(path).unwrap();
            connection
                .execute("ATTACH ?1 AS done", [done.to_string_lossy()])
                .unwrap();
            connection.execute_batch(FLOOR).unwrap();
        };
        let ways: [(&str, Way<'_>); 3] = [("floor", &floor), ("engine", &engine), ("sql", &sql)];
        for (name, work) in ways {
            group.bench_function(BenchmarkId::new(name, sessions), |bencher| {
                bencher.iter_custom(|times| (0..times).map(|_| timed(&old, work)).sum());
            });
        }
    }
    group.finish();
}

criterion_group!(benches, moving);
criterion_main!(benches);
