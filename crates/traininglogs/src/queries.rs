//! Every statement that the application runs, with the versions for which it works.
//!
//! Each names its columns, so that a new column in a later version does not change it.

use migrations::Access::{Reads, Writes};
use migrations::{Query, Version};

/// All queries. If the SQL depends on the version, a name occurs once for each form, and the
/// versions of the forms do not overlap.
pub static QUERIES: &[Query] = &[
    Query {
        name: "log_session",
        sql: "INSERT INTO training_sessions (id, created_at, raw_json)
              VALUES (:id, :created_at, :raw_json)",
        since: 1,
        until: Some(2),
        access: Writes,
    },
    Query {
        name: "log_session",
        sql: "INSERT INTO training_sessions (id, created_at, raw_json, duration_minutes)
              VALUES (:id, :created_at, :raw_json, :duration_minutes)",
        since: 3,
        until: None,
        access: Writes,
    },
    Query {
        name: "log_exercise",
        sql: "INSERT INTO exercises_index (id, session_id, exercise_name, date_logged)
              VALUES (:id, :session_id, :exercise_name, :date_logged)",
        since: 2,
        until: None,
        access: Writes,
    },
    Query {
        name: "log_metadata",
        sql: "INSERT INTO session_metadata (session_id, user_id, device)
              VALUES (:session_id, :user_id, :device)",
        since: 5,
        until: None,
        access: Writes,
    },
    // A session without an id has no rows in the index either, because they could not refer to it.
    Query {
        name: "sessions_scan",
        sql: "SELECT id, created_at, raw_json FROM training_sessions WHERE id IS NOT NULL",
        since: 1,
        until: None,
        access: Reads,
    },
    // Descending, NULL comes last: https://sqlite.org/datatype3.html#sort_order
    Query {
        name: "last_exercise",
        sql: "SELECT s.id, e.date_logged, s.created_at
              FROM exercises_index AS e JOIN training_sessions AS s ON s.id = e.session_id
              WHERE e.exercise_name = :exercise_name
              ORDER BY e.date_logged DESC, s.created_at DESC, s.id DESC LIMIT 1",
        since: 2,
        until: Some(5),
        access: Reads,
    },
    // In the order of the index, so that nothing is sorted. The caller reads the sessions of the
    // newest date, which are few, and takes the latest of them.
    Query {
        name: "last_exercise",
        sql: "SELECT s.id, e.date_logged, s.created_at
              FROM exercises_index AS e JOIN training_sessions AS s ON s.id = e.session_id
              WHERE e.exercise_name = :exercise_name ORDER BY e.date_logged DESC",
        since: 6,
        until: None,
        access: Reads,
    },
    Query {
        name: "sessions_between",
        sql: "SELECT id, created_at, raw_json FROM training_sessions
              WHERE created_at >= :from AND created_at < :to ORDER BY created_at, id",
        since: 1,
        until: Some(2),
        access: Reads,
    },
    Query {
        name: "sessions_between",
        sql: "SELECT id, created_at, raw_json, duration_minutes FROM training_sessions
              WHERE created_at >= :from AND created_at < :to ORDER BY created_at, id",
        since: 3,
        until: None,
        access: Reads,
    },
    Query {
        name: "sessions_longer_than",
        sql: "SELECT id, created_at, raw_json, duration_minutes FROM training_sessions
              WHERE duration_minutes > :minutes
              ORDER BY duration_minutes DESC, created_at DESC, id DESC",
        since: 3,
        until: None,
        access: Reads,
    },
];

/// The form of the query `name` for `version`, if it has one.
pub fn query(name: &str, version: Version) -> Option<&'static Query> {
    QUERIES
        .iter()
        .find(|query| query.name == name && query.good_for(version))
}
