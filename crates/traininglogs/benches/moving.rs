//! Version 1 to 2: the rows of `exercises_index`, made by the engine, by SQL as other tools would
//! do it, and the floor.
//!
//! The *floor* copies the finished rows, in the order of their ids, and makes the index afterwards:
//! no way to write the same rows durably can be faster. All three check foreign keys: row by row in
//! *floor* and *sql*, before COMMIT in *engine*. *copy* is a backup alone. Compare ratios within
//! one run only; machines differ, and if other work keeps both of two cores busy, the engine's
//! second thread has no core. `SESSIONS=1000000` adds a size.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot be set up must stop"
)]

mod sessions;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use criterion::{BenchmarkId, Criterion, criterion_group};
use migrations::{Backups, Migrator, Options};
use rusqlite::Connection;
use sessions::{file_of_version_1, sizes};
use traininglogs::catalogue;

const SIZES: [usize; 2] = [10_000, 100_000];

/// The migration of a tool that knows only SQL: random ids, and the index before the rows.
const BY_SQL: &str = concat!(
    "BEGIN IMMEDIATE;",
    include_str!("moving.sql"),
    "PRAGMA user_version = 2; COMMIT;"
);

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

/// A way to bring a file from version 1 to 2.
type Way<'a> = &'a dyn Fn(&Path);

fn engine(path: &Path) {
    let options = Options::default().backups(Backups::Off).check(false);
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

/// The same with a backup first, which reads every page of the backup again.
fn engine_with_backup(path: &Path) {
    let mut migrator = Migrator::open(catalogue(), path, Options::default()).unwrap();
    let report = migrator.upgrade_to(2).unwrap();
    fs::remove_file(report.backup.unwrap()).unwrap();
}

/// A copy of the file by SQLite's backup API, durable, and nothing else.
fn copy(path: &Path) {
    let target = path.with_extension("backup");
    let connection = Connection::open(path).unwrap();
    connection
        .backup("main", &target, None::<fn(rusqlite::backup::Progress)>)
        .unwrap();
    fs::File::open(&target).unwrap().sync_all().unwrap();
    fs::remove_file(target).unwrap();
}

fn moving(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    let mut group = criterion.benchmark_group("moving");
    group.sample_size(10).warm_up_time(Duration::from_millis(1));
    for sessions in sizes(&SIZES) {
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
        let ways: [(&str, Way<'_>); 5] = [
            ("floor", &floor),
            ("engine", &engine),
            ("sql", &sql),
            ("copy", &copy),
            ("engine with backup", &engine_with_backup),
        ];
        for (name, work) in ways {
            group.bench_function(BenchmarkId::new(name, sessions), |bencher| {
                bencher.iter_custom(|times| (0..times).map(|_| timed(&old, work)).sum());
            });
        }
        print_memory(&old, sessions);
        fs::remove_file(&old).unwrap();
    }
    group.finish();
}

/// The variable that is set for a child process that migrates this file and prints its memory use.
const CHILD: &str = "MOVING_CHILD";

/// Prints the peak memory of a separate process with the engine's run, if the system reports it.
#[expect(clippy::print_stdout, reason = "what criterion does not measure")]
fn print_memory(old: &Path, sessions: usize) {
    let copy = old.with_extension("copy");
    fs::copy(old, &copy).unwrap();
    let output = Command::new(std::env::current_exe().unwrap())
        .env(CHILD, &copy)
        .output()
        .unwrap();
    fs::remove_file(&copy).unwrap();
    let peak = String::from_utf8_lossy(&output.stdout);
    println!("moving/peak memory/{sessions}  {}", peak.trim());
}

/// <https://man7.org/linux/man-pages/man5/proc_pid_status.5.html>
#[expect(clippy::print_stdout, reason = "the parent reads it")]
fn child(path: &Path) {
    engine(path);
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    println!("{}", peak.unwrap_or("the system does not report it").trim());
}

criterion_group!(benches, moving);

fn main() {
    match std::env::var_os(CHILD) {
        Some(path) => child(Path::new(&path)),
        None => {
            benches();
            Criterion::default().configure_from_args().final_summary();
        }
    }
}
