//! When was an exercise done last: by reading every session, and by the index.
//!
//! Each session has five exercises. The *common* one stands in every second session, the *rare* one in
//! one session of the file, and the *absent* one in none.

#![expect(
    clippy::unwrap_used,
    reason = "a benchmark that cannot be set up must stop"
)]

use std::hint::black_box;
use std::path::Path;
use std::time::Duration;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use rusqlite::{Connection, params};
use traininglogs::{TrainingLogs, catalogue, query};

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];

const EXERCISES: [(&str, &str); 3] = [
    ("common", "Squat"),
    ("rare", "Atlas Stone"),
    ("absent", "Never Done"),
];

/// What fills the sessions beside the exercises that are looked up.
const OTHERS: [&str; 12] = [
    "Bench Press",
    "Deadlift",
    "Overhead Press",
    "Row",
    "Pull-up",
    "Dip",
    "Lunge",
    "Front Squat",
    "Leg Press",
    "Curl",
    "Plank",
    "Hip Thrust",
];

fn exercise(name: &str, session: usize) -> String {
    let kg = 40 + session % 80;
    format!(
        r#"{{"name":"{name}","sets":[{{"reps":5,"kg":{kg}}},{{"reps":5,"kg":{kg}}},{{"reps":8,"kg":{kg}}}]}}"#
    )
}

fn document(date: &str, session: usize, sessions: usize) -> String {
    let mut names: Vec<&str> = (0..5)
        .map(|nth| OTHERS[(session * 5 + nth * 7) % OTHERS.len()])
        .collect();
    if session.is_multiple_of(2) {
        names[0] = EXERCISES[0].1;
    }
    if session == sessions / 2 {
        names[1] = EXERCISES[1].1;
    }
    let exercises: Vec<String> = names.iter().map(|name| exercise(name, session)).collect();
    format!(
        r#"{{"date":"{date}","exercises":[{}],"notes":"felt good"}}"#,
        exercises.join(",")
    )
}

/// A file with so many sessions, one every four hours, written as a build of version 1 wrote them and
/// then upgraded.
fn build(path: &Path, sessions: usize) -> TrainingLogs {
    let version_1 = catalogue().cut_at(1).unwrap();
    let mut migrator =
        migrations::Migrator::create(&version_1, path, migrations::Options::default()).unwrap();
    migrator.upgrade().unwrap();
    let mut connection: Connection = migrator.into_connection();
    let transaction = connection.transaction().unwrap();
    let mut insert = transaction
        .prepare(query("log_session", 1).unwrap().sql)
        .unwrap();
    for session in 0..sessions {
        let seconds = 1_262_304_000 + session as i64 * 4 * 3600;
        let created_at = jiff::Timestamp::from_second(seconds).unwrap().to_string();
        let id = uuid::Uuid::from_u128(session as u128).to_string();
        let document = document(&created_at[..10], session, sessions);
        insert.execute(params![id, created_at, document]).unwrap();
    }
    drop(insert);
    transaction.commit().unwrap();
    drop(connection);
    TrainingLogs::open(path).unwrap()
}

fn last_exercise(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().unwrap();
    for sessions in SIZES {
        let logs = build(&folder.path().join(format!("{sessions}.db")), sessions);
        let mut group = criterion.benchmark_group("last_exercise");
        group.sample_size(10);
        group.warm_up_time(Duration::from_millis(100));
        group.measurement_time(Duration::from_millis(500));
        for (exercise, name) in EXERCISES {
            let found = logs.last_exercise(name).unwrap();
            assert_eq!(found.is_none(), exercise == "absent");
            assert_eq!(found, logs.last_exercise_by_scan(name).unwrap());
            group.bench_function(
                BenchmarkId::new(format!("scan/{exercise}"), sessions),
                |bencher| bencher.iter(|| logs.last_exercise_by_scan(black_box(name)).unwrap()),
            );
            group.bench_function(
                BenchmarkId::new(format!("index/{exercise}"), sessions),
                |bencher| bencher.iter(|| logs.last_exercise(black_box(name)).unwrap()),
            );
        }
        group.finish();
    }
}

criterion_group!(benches, last_exercise);
criterion_main!(benches);
