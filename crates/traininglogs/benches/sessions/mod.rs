//! Files of version 1 with many sessions, as its builds wrote them. Each session has five
//! exercises. The *common* one is in every second session, the *rare* one in a single session of
//! the file, and the *absent* one in none.

use std::path::Path;

use migrations::{Migrator, Options};
use rusqlite::{Connection, params};
use traininglogs::{catalogue, query};

pub(crate) const EXERCISES: [(&str, &str); 3] = [
    ("common", "Squat"),
    ("rare", "Atlas Stone"),
    ("absent", "Never Done"),
];

/// The sizes to measure, in sessions: `usual`, and those in the environment variable `SESSIONS`,
/// separated by commas.
pub(crate) fn sizes(usual: &[usize]) -> Vec<usize> {
    let more = std::env::var("SESSIONS").unwrap_or_default();
    let words = more.split(',').filter(|word| !word.is_empty());
    let more = words.map(|word| word.trim().parse().unwrap());
    let mut sizes: Vec<usize> = usual.iter().copied().chain(more).collect();
    sizes.dedup();
    sizes
}

/// The other exercises of the sessions.
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
    let set = |reps: u8| format!(r#"{{"reps":{reps},"kg":{kg}}}"#);
    let sets = [set(5), set(5), set(8)].join(",");
    format!(r#"{{"name":"{name}","sets":[{sets}]}}"#)
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

/// A file of version 1 with this many sessions, one every four hours.
pub(crate) fn file_of_version_1(path: &Path, sessions: usize) {
    let version_1 = catalogue().cut_at(1).unwrap();
    let mut migrator = Migrator::create(&version_1, path, Options::default()).unwrap();
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
}
