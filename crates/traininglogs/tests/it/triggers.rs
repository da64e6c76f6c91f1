//! The writes of builds that do not know `exercises_index`, or the triggers that keep it up to
//! date.

use migrations::{Migrator, Options, Version};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, params};
use traininglogs::generate::{self, GeneratedSession};
use traininglogs::{NewSession, catalogue, exercise_id, inconsistencies, write_session};

use crate::at_version_1;

/// The version that adds the triggers.
const TRIGGERS: Version = 6;

/// The maximum depth of JSON in SQLite: <https://sqlite.org/json1.html>.
const DEEPEST: usize = 1000;

const INSERT: &str = "INSERT INTO training_sessions (id, created_at, raw_json) VALUES (?1, ?2, ?3)";

const TIME: &str = "2025-01-02T18:30:00Z";

/// Session, name and date of each row, in the order in which they were written.
type Rows = Vec<(rusqlite::types::Value, String, Option<String>)>;

fn rows(connection: &Connection) -> Rows {
    connection
        .prepare(
            "SELECT session_id, exercise_name, date_logged FROM exercises_index ORDER BY rowid",
        )
        .unwrap()
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap()
}

/// The depth of a document, if it is JSON.
fn depth(document: &str) -> usize {
    let (mut depth, mut deepest, mut string, mut escaped) = (0_usize, 0, false, false);
    for c in document.chars() {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = string,
            '"' => string = !string,
            '[' | '{' if !string => depth += 1,
            ']' | '}' if !string => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// A database of version 6 with a session that a build of version 1 wrote.
fn written(id: &str, document: &str) -> Connection {
    let connection = catalogue().build(TRIGGERS).unwrap();
    connection
        .execute(INSERT, params![id, TIME, document])
        .unwrap();
    connection
}

/// The inconsistencies in `exercises_index`; a build of version 1 writes no metadata either.
fn troubles(connection: &Connection) -> Vec<String> {
    let mut found = inconsistencies(connection, TRIGGERS).unwrap();
    found.retain(|trouble| trouble.contains("exercises_index"));
    found
}

/// The same sessions, with the rows that the code of version 2 makes.
fn by_code(sessions: &[GeneratedSession]) -> Connection {
    let mut migrator =
        Migrator::with_connection(catalogue(), at_version_1(sessions), Options::default());
    migrator.upgrade_to(TRIGGERS).unwrap();
    migrator.into_connection()
}

fn by_trigger(sessions: &[GeneratedSession]) -> Connection {
    let connection = catalogue().build(TRIGGERS).unwrap();
    for session in sessions {
        let row = params![session.id, session.created_at, session.raw_json];
        connection.execute(INSERT, row).unwrap();
    }
    connection
}

/// JSON in the shape of a document, with odd values in the parts that are read and in others. Lists
/// or objects under a key that is spelled with escapes are left out: there the view does not check
/// for half a surrogate pair.
fn odd_document() -> impl Strategy<Value = String> {
    let scalar = select(
        &[
            "null",
            "true",
            "7",
            "1e999",
            "-1e999",
            "0e999",
            r#""""#,
            r#""Squat""#,
            r#""1e999""#,
            r#""\ud800""#,
            r#""\udc00\ud800""#,
            r#""a\u0000\udfff""#,
            r#""\ud83c\udfcb""#,
            "\"\u{fffd}\"",
            r#""\ufffe\uffff""#,
            r#""\\ud800""#,
            r#""a\u0000b""#,
            r#""\\u0000""#,
        ][..],
    );
    let scalar = scalar.prop_map(str::to_owned);
    let key = select(
        &[
            "date",
            "exercises",
            "name",
            "notes",
            "",
            r"\ud800",
            r"name\u0000",
            "\u{fffd}",
            "a.b",
            "exercises[0]",
            "]",
            "[0].name",
        ][..],
    );
    let object = |value: BoxedStrategy<String>| {
        vec((key.clone(), value), 0..4).prop_map(|members| {
            let members: Vec<_> = members
                .iter()
                .map(|(key, value)| format!("\"{key}\":{value}"))
                .collect();
            format!("{{{}}}", members.join(","))
        })
    };
    let list = |value: BoxedStrategy<String>| {
        vec(value, 0..4).prop_map(|values| format!("[{}]", values.join(",")))
    };
    let any = scalar
        .clone()
        .prop_recursive(3, 12, 3, move |inner| {
            let inner = inner.boxed();
            let member = (select(&["name", "x", r"\udc00"][..]), inner.clone())
                .prop_map(|(key, value)| format!("{{\"{key}\":{value}}}"));
            let list = vec(inner, 0..3).prop_map(|values| format!("[{}]", values.join(",")));
            prop_oneof![member, list]
        })
        .boxed();
    let good = select(
        &[
            r#"{"name":"Squat"}"#,
            r#"{"n\u0061me":"\u0053quat","x":"\ud800"}"#,
            "{}",
        ][..],
    );
    let exercise = prop_oneof![
        6 => good.prop_map(str::to_owned),
        2 => object(any.clone()),
        1 => any.clone(),
    ];
    let exercises = list(exercise.boxed());
    let members = vec(
        prop_oneof![
            3 => exercises.prop_map(|list| format!("\"exercises\":{list}")),
            2 => (key.clone(), any).prop_map(|(key, value)| format!("\"{key}\":{value}")),
            1 => (select(&["date", r"d\u0061te", r"ex\u0065rcises"][..]), scalar)
                .prop_map(|(key, value)| format!("\"{key}\":{value}")),
        ],
        0..5,
    );
    members.prop_map(|members| format!("{{{}}}", members.join(",")))
}

proptest! {
    #![proptest_config(crate::cases())]

    /// For every document, the triggers write the same rows as the code, and refuse nothing.
    #[test]
    fn a_trigger_writes_what_the_code_writes(mut sessions in generate::sessions()) {
        sessions.retain(|session| depth(&session.raw_json) <= DEEPEST);
        let connection = by_trigger(&sessions);
        prop_assert_eq!(rows(&connection), rows(&by_code(&sessions)));
        prop_assert_eq!(troubles(&connection), [""; 0]);
    }

    #[test]
    fn a_trigger_reads_odd_documents_as_the_code_does(documents in vec(odd_document(), 1..20)) {
        let session = |(raw_json, number): (String, usize)| GeneratedSession {
            id: Some(format!("session {number}")),
            created_at: String::new(),
            raw_json,
            duration_minutes: None,
            user_id: None,
            device: None,
        };
        let sessions: Vec<_> = documents.into_iter().zip(0..).map(session).collect();
        let (connection, expected) = (by_trigger(&sessions), by_code(&sessions));
        for session in &sessions {
            let of = |connection: &Connection| -> Rows {
                let id = rusqlite::types::Value::from(session.id.clone().unwrap());
                let mut rows = rows(connection);
                rows.retain(|row| row.0 == id);
                rows
            };
            prop_assert_eq!(of(&connection), of(&expected), "{}", session.raw_json);
        }
    }

    /// Builds that write the rows themselves write each of them once, with their usual ids.
    #[test]
    fn rows_of_a_build_are_not_duplicated(
        sessions in generate::sessions(),
        version in 2..=TRIGGERS,
    ) {
        let connection = catalogue().build(TRIGGERS).unwrap();
        for session in sessions.iter().filter(|session| session.id.is_some()) {
            let (id, new) = (session.id.as_deref().unwrap(), session.to_new());
            write_session(&connection, version, id, &session.created_at, &new).unwrap();
        }
        prop_assert_eq!(troubles(&connection), [""; 0]);
        let count = "SELECT count(*) FROM exercises_index WHERE id LIKE '%/%'";
        let by_trigger: i64 = connection.query_row(count, [], |row| row.get(0)).unwrap();
        prop_assert_eq!(by_trigger, 0);
    }

    /// A build that only knows `training_sessions` changes, replaces or deletes a session.
    #[test]
    fn rows_follow_their_session(
        sessions in generate::sessions(),
        changes in vec((any::<prop::sample::Index>(), generate::session(), 0..5_u8), 0..6),
    ) {
        let connection = by_trigger(&sessions);
        for (index, other, how) in &changes {
            let Some(old) = sessions.get(index.index(sessions.len().max(1))) else { continue };
            let is_too_deep = |session: &GeneratedSession| depth(&session.raw_json) > DEEPEST;
            if is_too_deep(other) || sessions.iter().any(is_too_deep) {
                continue;
            }
            let set = |column: &str| {
                format!("UPDATE training_sessions SET {column} = ?2 WHERE id IS ?1")
            };
            let done = match how {
                0 => connection.execute(&set("raw_json"), params![old.id, other.raw_json]),
                1 => connection.execute(&set("created_at"), params![old.id, other.created_at]),
                2 => connection.execute(
                    &set("id").replace("UPDATE", "UPDATE OR REPLACE"),
                    params![old.id, other.id],
                ),
                3 => connection.execute(
                    &INSERT.replace("INSERT", "REPLACE"),
                    params![old.id, other.created_at, other.raw_json],
                ),
                _ => connection.execute("DELETE FROM training_sessions WHERE id IS ?1", [&old.id]),
            };
            done.unwrap();
            prop_assert_eq!(troubles(&connection), [""; 0], "{}", how);
        }
    }
}

const SQUAT: &str = r#"{"date":"2025-01-02","exercises":[{"name":"Squat"},{},{"name":"Squat"}]}"#;

#[test]
fn a_build_of_version_1_writes_sessions_alone() {
    let connection = written("a", SQUAT);
    let ids: Vec<String> = connection
        .prepare("SELECT id || ' ' || exercise_name FROM exercises_index ORDER BY rowid")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(ids, ["a/0 Squat", "a/1 Unknown", "a/2 Squat"]);
}

/// Without a trigger the tests above fail in its area; without the other triggers it works.
#[test]
fn each_trigger_is_needed() {
    let deeds = [
        (
            "session_logged",
            "INSERT INTO training_sessions (id, created_at, raw_json)
             SELECT 'b', created_at, raw_json FROM training_sessions",
        ),
        (
            "session_changed",
            "UPDATE training_sessions SET raw_json = '{}'",
        ),
        ("session_changed", "UPDATE training_sessions SET id = 'b'"),
        ("session_deleted", "DELETE FROM training_sessions"),
        (
            "exercise_logged",
            "INSERT INTO exercises_index
             SELECT usual, session_id, exercise_name, date_logged FROM exercises_index LIMIT 1",
        ),
    ];
    for (trigger, deed) in deeds {
        for planted in [false, true] {
            let connection = written("a", SQUAT);
            connection
                .pragma_update(None, "foreign_keys", false)
                .unwrap();
            if planted {
                connection
                    .execute_batch(&format!("DROP TRIGGER {trigger}"))
                    .unwrap();
            }
            let id = exercise_id(ValueRef::from("a"), ValueRef::from(TIME), 0);
            connection
                .execute_batch(&deed.replace("usual", &format!("'{id}'")))
                .unwrap();
            let found = troubles(&connection);
            assert_eq!(!found.is_empty(), planted, "{deed}: {found:?}");
        }
    }
}

/// Documents that are deeper than SQLite reads get no rows from a trigger, and nothing is refused;
/// builds that write rows themselves still do.
#[test]
fn what_sqlite_cannot_read_is_not_refused() {
    let deep = |depth: usize| {
        format!(
            r#"{{"exercises":[{{"name":"Squat","sets":{}{}}}]}}"#,
            "[".repeat(depth - 3),
            "]".repeat(depth - 3)
        )
    };
    assert_eq!(rows(&written("a", &deep(DEEPEST))).len(), 1);
    let connection = written("a", &deep(DEEPEST + 1));
    assert_eq!(troubles(&connection).len(), 1);
    let session = NewSession {
        document: deep(DEEPEST + 1),
        ..NewSession::default()
    };
    write_session(&connection, 5, "b", "", &session).unwrap();
    assert_eq!(rows(&connection).len(), 1);
    for odd in [
        rusqlite::types::Value::Blob(vec![0x0b]),
        "{}\0".to_owned().into(),
    ] {
        connection.execute(INSERT, params!["c", "", odd]).unwrap();
        connection
            .execute("DELETE FROM training_sessions WHERE id = 'c'", [])
            .unwrap();
    }
}
