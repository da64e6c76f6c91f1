//! Logging a session: in one transaction, or not at all.

use migrations::{Migrator, Options};
use traininglogs::{
    CURRENT_VERSION, NewSession, TrainingLogs, catalogue, inconsistencies, write_session,
};

const SQUAT: &str = r#"{"date":"2025-01-02","exercises":[{"name":"Squat"},{"name":"Squat"}]}"#;

fn squat() -> NewSession {
    NewSession {
        document: SQUAT.to_owned(),
        ..NewSession::default()
    }
}

fn logs() -> TrainingLogs {
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    TrainingLogs::with_connection(connection, Options::default()).unwrap()
}

fn count(logs: &TrainingLogs, table: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {table}");
    logs.connection()
        .query_row(&sql, [], |row| row.get(0))
        .unwrap()
}

#[test]
fn a_session_gets_its_rows() {
    let mut logs = logs();
    let id = logs.log_session(&squat()).unwrap();
    assert_eq!(uuid::Uuid::parse_str(&id).unwrap().get_version_num(), 7);
    assert_eq!(count(&logs, "exercises_index"), 2);
    assert_eq!(
        inconsistencies(logs.connection(), CURRENT_VERSION).unwrap(),
        [""; 0]
    );
    let created_at = logs.last_exercise("Squat").unwrap().unwrap().created_at;
    assert!(
        created_at.len() == 24 && created_at.ends_with('Z'),
        "{created_at}"
    );
}

#[test]
fn what_fails_half_way_leaves_nothing() {
    for table in ["training_sessions", "exercises_index", "session_metadata"] {
        let mut logs = logs();
        let fault = format!(
            "CREATE TEMP TRIGGER fault AFTER INSERT ON main.{table}
             BEGIN SELECT RAISE(FAIL, 'planted'); END;"
        );
        logs.connection().execute_batch(&fault).unwrap();
        let error = logs.log_session(&squat()).unwrap_err();
        assert!(error.report().contains("planted"), "{}", error.report());
        for table in ["training_sessions", "exercises_index", "session_metadata"] {
            assert_eq!(count(&logs, table), 0, "{table}");
        }
        logs.connection()
            .execute_batch("DROP TRIGGER temp.fault")
            .unwrap();
        logs.log_session(&squat()).unwrap();
    }
}

#[test]
fn what_makes_no_sense_is_refused() {
    let mut logs = logs();
    let broken = NewSession {
        document: r#"{"exercises":[5]}"#.to_owned(),
        ..squat()
    };
    let negative = NewSession {
        duration_minutes: Some(-5),
        ..squat()
    };
    let reports = [broken, negative].map(|new| logs.log_session(&new).unwrap_err().report());
    insta::assert_snapshot!("refused_sessions", reports.concat());
    assert_eq!(count(&logs, "training_sessions"), 0);
}

/// A different process may change the file's version while this one has it open.
#[test]
fn a_file_that_was_rolled_back_meanwhile_is_not_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("traininglogs.db");
    let mut logs = TrainingLogs::open(&path).unwrap();
    Migrator::open(catalogue(), &path, Options::default())
        .unwrap()
        .rollback_to(1)
        .unwrap();
    let error = logs.log_session(&squat()).unwrap_err();
    assert_eq!(error.kind(), traininglogs::ErrorKind::WrongVersion);
    assert_eq!(count(&logs, "training_sessions"), 0);
    assert!(TrainingLogs::open_current(&path, Options::default()).is_err());
    assert_eq!(TrainingLogs::open(&path).unwrap().report().from, 1);
}

#[test]
fn there_is_nothing_to_log_into_at_version_0() {
    let connection = catalogue().build(0).unwrap();
    let error = write_session(&connection, 0, "a", "", &squat()).unwrap_err();
    let report = error
        .report()
        .replace(&format!("1 to {CURRENT_VERSION}"), "1 to [current]");
    insta::assert_snapshot!("version_0", report);
}

#[test]
fn old_builds_wrote_what_cannot_be_read() {
    for version in 1..=CURRENT_VERSION {
        let connection = catalogue().build(version).unwrap();
        let broken = NewSession {
            document: "{".to_owned(),
            ..NewSession::default()
        };
        write_session(&connection, version, "a", "yesterday", &broken).unwrap();
        assert_eq!(inconsistencies(&connection, version).unwrap(), [""; 0]);
    }
}

#[test]
fn inconsistencies_are_found() {
    let planted = [
        "DELETE FROM exercises_index WHERE date_logged IS NOT NULL",
        "UPDATE exercises_index SET exercise_name = 'Press'",
        "INSERT INTO exercises_index (id, session_id, exercise_name) VALUES ('x', 'a', 'Squat')",
        "DROP TRIGGER session_changed; \
         UPDATE training_sessions SET created_at = '2025-01-02T18:30:01Z'",
        "DELETE FROM session_metadata",
        "INSERT INTO session_metadata (session_id) VALUES ('b')",
        "INSERT INTO training_sessions (id, created_at, raw_json) VALUES ('c', '', '{')",
    ];
    let mut text = String::new();
    for sql in planted {
        let connection = catalogue().build(CURRENT_VERSION).unwrap();
        let session = NewSession {
            document: r#"{"date":"2025-01-02","exercises":[{"name":"Squat"}]}"#.to_owned(),
            ..NewSession::default()
        };
        let time = "2025-01-02T18:30:00Z";
        write_session(&connection, CURRENT_VERSION, "a", time, &session).unwrap();
        connection
            .pragma_update(None, "foreign_keys", false)
            .unwrap();
        connection.execute_batch(sql).unwrap();
        let found = inconsistencies(&connection, CURRENT_VERSION).unwrap();
        assert!(!found.is_empty(), "{sql}");
        text.push_str(&format!("{sql}\n  {}\n", found.join("\n  ")));
    }
    insta::assert_snapshot!("inconsistencies", text);
}
