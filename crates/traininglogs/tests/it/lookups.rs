//! The lookups find the right sessions, and both ways to find the last exercise agree.

use std::collections::BTreeSet;

use migrations::Options;
use proptest::prelude::*;
use traininglogs::generate::{self, NAMES};
use traininglogs::{
    CURRENT_VERSION, Document, NewSession, Timestamp, TrainingLogs, inconsistencies, write_session,
};

use crate::{at_version_1, written_at};

/// Both ways give the same result for every name in the file, and for some others.
fn both_agree(logs: &TrainingLogs, documents: &[&str]) -> Result<(), TestCaseError> {
    let mut names: BTreeSet<String> = NAMES.iter().map(|name| (*name).to_owned()).collect();
    names.insert("never done".to_owned());
    for document in documents {
        let exercises = Document::parse(document).unwrap_or_default().exercises;
        names.extend(exercises.into_iter().map(|name| name.into_owned()));
    }
    for name in names {
        let by_index = logs.last_exercise(&name).unwrap();
        let by_scan = logs.last_exercise_by_scan(&name).unwrap();
        prop_assert_eq!(by_index, by_scan, "{}", name);
    }
    Ok(())
}

proptest! {
    #![proptest_config(crate::cases())]

    #[test]
    fn scan_and_index_agree(sessions in generate::sessions()) {
        let old = at_version_1(&sessions);
        let logs = TrainingLogs::with_connection(old, Options::default()).unwrap();
        let documents: Vec<&str> = sessions.iter().map(|session| &*session.raw_json).collect();
        both_agree(&logs, &documents)?;
        prop_assert_eq!(inconsistencies(logs.connection(), CURRENT_VERSION).unwrap(), [""; 0]);
    }

    #[test]
    fn what_any_build_wrote_is_consistent_after_the_upgrade(
        sessions in generate::sessions(),
        version in 1..=CURRENT_VERSION,
    ) {
        let connection = written_at(version, &sessions);
        prop_assert_eq!(inconsistencies(&connection, version).unwrap(), [""; 0]);
        let logs = TrainingLogs::with_connection(connection, Options::default()).unwrap();
        prop_assert_eq!(inconsistencies(logs.connection(), CURRENT_VERSION).unwrap(), [""; 0]);
        let documents: Vec<&str> = sessions.iter().map(|session| &*session.raw_json).collect();
        both_agree(&logs, &documents)?;
    }
}

fn logs() -> TrainingLogs {
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    TrainingLogs::with_connection(connection, Options::default()).unwrap()
}

#[test]
fn the_last_is_the_latest_by_date_then_time_then_id() {
    let squat = |date: &str| format!(r#"{{"date":{date},"exercises":[{{"name":"Squat"}}]}}"#);
    let logs = logs();
    // Each of these is later than all before it.
    let sessions = [
        ("z", "2025-03-01T00:00:00Z", "null"),
        ("a", "2025-01-01T00:00:00Z", r#""2025-01-01""#),
        ("b", "2025-01-01T00:00:00Z", r#""2025-01-01""#),
        ("0", "2025-01-02T00:00:00Z", r#""2025-01-01""#),
        ("1", "2024-01-01T00:00:00Z", r#""2025-01-02""#),
    ];
    for (id, created_at, date) in sessions {
        let session = NewSession {
            document: squat(date),
            ..NewSession::default()
        };
        write_session(logs.connection(), CURRENT_VERSION, id, created_at, &session).unwrap();
        let last = logs.last_exercise("Squat").unwrap().unwrap();
        assert_eq!((&*last.session_id, &*last.created_at), (id, created_at));
        assert_eq!(Some(last), logs.last_exercise_by_scan("Squat").unwrap());
    }
    assert_eq!(logs.last_exercise("squat").unwrap(), None);
}

#[test]
fn between_is_half_open() {
    let mut logs = logs();
    let time = |text: &str| text.parse::<Timestamp>().unwrap();
    let mut log = |created_at: &str| {
        let created_at = Some(time(created_at));
        let document = "{}".to_owned();
        logs.log_session(&NewSession {
            document,
            created_at,
            ..NewSession::default()
        })
        .unwrap();
    };
    log("2025-01-02T00:00:00Z");
    log("2025-01-01T23:59:59.999Z");
    log("2025-01-03T00:00:00Z");
    // RFC 3339 also allows whole seconds without a fraction.
    let plain = NewSession {
        document: "{}".to_owned(),
        ..NewSession::default()
    };
    for (id, created_at) in [("a", "2025-01-02T00:00:00Z"), ("b", "2025-01-03T00:00:00Z")] {
        write_session(logs.connection(), CURRENT_VERSION, id, created_at, &plain).unwrap();
    }
    let found = logs
        .sessions_between(time("2025-01-02T00:00:00Z"), time("2025-01-03T00:00:00Z"))
        .unwrap();
    let found: Vec<&str> = found.iter().map(|session| &*session.created_at).collect();
    assert_eq!(found, ["2025-01-02T00:00:00.000Z", "2025-01-02T00:00:00Z"]);
}

#[test]
fn longer_than_leaves_out_what_was_not_recorded() {
    let mut logs = logs();
    for duration_minutes in [None, Some(45), Some(90), Some(46)] {
        let document = "{}".to_owned();
        let session = NewSession {
            document,
            duration_minutes,
            ..NewSession::default()
        };
        logs.log_session(&session).unwrap();
    }
    let found = logs.sessions_longer_than(45).unwrap();
    let found: Vec<Option<i64>> = found
        .iter()
        .map(|session| session.duration_minutes)
        .collect();
    assert_eq!(found, [Some(90), Some(46)]);
}
