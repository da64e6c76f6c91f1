//! The ids of the rows in `exercises_index`.

use migrations::{Migrator, Options};
use proptest::prelude::*;
use rusqlite::Connection;
use rusqlite::types::ValueRef;
use traininglogs::{CURRENT_VERSION, catalogue, exercise_id, generate};
use uuid::Uuid;

use crate::at_version_1;

fn id(session: &str, created_at: &str, position: usize) -> Uuid {
    exercise_id(
        ValueRef::Text(session.as_bytes()),
        ValueRef::Text(created_at.as_bytes()),
        position,
    )
}

/// These ids are in every file that was ever migrated.
#[test]
fn ids_never_change() {
    let ids = [
        id("a", "2025-01-02T18:30:00Z", 0),
        id("a", "2025-01-02T18:30:00Z", 1),
        id("b", "2025-01-02T18:30:00.000Z", 0),
        id("a", "yesterday", 0),
    ];
    insta::assert_debug_snapshot!("ids", ids.map(|id| id.to_string()));
}

#[test]
fn the_layout_shows_whether_the_time_was_read() {
    let version = |created_at| id("a", created_at, 0).get_version_num();
    assert_eq!(version("2025-01-02T18:30:00+02:00"), 7);
    assert_eq!(version("1970-01-01T00:00:00Z"), 7);
    for unreadable in [
        "",
        "yesterday",
        "1969-12-31T23:59:59.999Z",
        "2025-01-02T18:30:00",
    ] {
        assert_eq!(version(unreadable), 5, "{unreadable}");
    }
    let blob = exercise_id(
        ValueRef::Text(b"a"),
        ValueRef::Blob(b"2025-01-02T18:30:00Z"),
        0,
    );
    assert_eq!(blob.get_version_num(), 5);
}

#[test]
fn a_blob_is_another_session_than_its_text() {
    let time = ValueRef::Text(b"2025-01-02T18:30:00Z");
    let (text, blob) = (ValueRef::Text(b"a"), ValueRef::Blob(b"a"));
    assert_ne!(exercise_id(text, time, 0), exercise_id(blob, time, 0));
}

/// Keys that no build writes, but that files may contain.
#[test]
fn odd_keys_are_indexed_with_their_type() {
    let connection = catalogue().build(1).unwrap();
    connection
        .execute_batch(
            r#"INSERT INTO training_sessions (id, created_at, raw_json) VALUES
                 (x'00ff', '2025-01-02T18:30:00Z', '{"exercises":[{"name":"Squat"}]}'),
                 ('', x'00', '{"exercises":[{"name":"Squat"}]}'),
                 (CAST(x'ff' AS TEXT), '', '{"exercises":[{"name":"Squat"}]}'),
                 (7, '', '{"exercises":[{"name":"Squat"}]}'),
                 (NULL, '', '{"exercises":[{"name":"Squat"}]}'),
                 ('blob', '', x'7b7d');"#,
        )
        .unwrap();
    let mut migrator = Migrator::with_connection(catalogue(), connection, Options::default());
    let report = migrator.upgrade().unwrap();
    let remarks: Vec<String> = report
        .skipped_rows
        .iter()
        .map(|remark| format!("{} {}: {}", remark.table, remark.key, remark.reason))
        .collect();
    assert_eq!(
        remarks,
        [
            "training_sessions rowid 5: its id is NULL",
            "training_sessions 'blob': its `raw_json` cannot be read: it is not text",
        ]
    );
    let connection = migrator.into_connection();
    let sessions = column(&connection, "SELECT quote(session_id) FROM exercises_index");
    assert_eq!(
        sessions,
        ["''", "'7'", "'\u{fffd}'", "X'00FF'"].map(str::to_owned)
    );
    let found = traininglogs::inconsistencies(&connection, CURRENT_VERSION).unwrap();
    assert_eq!(found, [""; 0]);
}

fn column(connection: &Connection, sql: &str) -> Vec<String> {
    let mut statement = connection.prepare(sql).unwrap();
    let rows = statement.query_map([], |row| {
        Ok(String::from_utf8_lossy(row.get_ref(0)?.as_bytes()?).into_owned())
    });
    let mut rows: Vec<String> = rows.unwrap().map(Result::unwrap).collect();
    rows.sort();
    rows
}

proptest! {
    #![proptest_config(crate::cases())]

    #[test]
    fn ids_ascend_with_time(a in 0..(1_u64 << 47), later in 1..(1_u64 << 40), first in 0..9_usize) {
        let time = |ms: u64| {
            jiff::Timestamp::from_millisecond(ms as i64).unwrap().to_string()
        };
        let b = a + later;
        prop_assert!(id("a", &time(a), first) < id("b", &time(b), 0));
        prop_assert!(id("a", &time(a), first).to_string() < id("b", &time(b), 0).to_string());
    }

    #[test]
    fn going_back_and_up_again_makes_the_same_rows(sessions in generate::sessions()) {
        let options = Options::default().accept_loss(true);
        let mut migrator = Migrator::with_connection(catalogue(), at_version_1(&sessions), options);
        let rows = |migrator: &Migrator<'_>| {
            let sql = "SELECT quote(id) || quote(session_id) || quote(exercise_name)
                       || quote(date_logged) FROM exercises_index";
            column(migrator.connection(), sql)
        };
        migrator.upgrade_to(2).unwrap();
        let before = rows(&migrator);
        migrator.rollback_to(1).unwrap();
        migrator.upgrade().unwrap();
        prop_assert_eq!(before, rows(&migrator));
    }
}
