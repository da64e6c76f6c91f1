// The properties that hold for any text in `sqlite_schema.sql`. Included by the fuzz target, and by
// the tests of the crate, which run it on mutated seeds with the stable compiler.

use rusqlite::Connection;
use schema::{Comparison, Schema, diff};

/// Stores `text` as the statement of a table, an index, a trigger, a view and a virtual table, once
/// without SQLite parsing it and once with, and reads both.
pub(super) fn check(text: &[u8]) {
    let unseen = objects();
    let _ = unseen.execute("UPDATE sqlite_schema SET sql = CAST(?1 AS TEXT)", [text]);
    let unseen = read(&unseen);

    // As its own `CREATE` statement, if it is one.
    let made = Connection::open_in_memory().expect("memory");
    let mut seen = None;
    if let Ok(text) = std::str::from_utf8(text) {
        for statement in schema::sql::statements(text).into_iter().take(16) {
            let word = statement.text.trim_start().get(..6).unwrap_or_default();
            if ["create", "alter ", "drop t"]
                .iter()
                .any(|own| word.eq_ignore_ascii_case(own))
            {
                let _ = made.execute_batch(statement.text);
            }
        }
        let _ = schema::sql::canonical(text);
        seen = read(&made);
    }
    if let (Some(one), Some(other)) = (&unseen, &seen) {
        compare(one, other);
    }
}

fn objects() -> Connection {
    let conn = Connection::open_in_memory().expect("memory");
    conn.execute_batch(
        "CREATE TABLE t(a INT, b TEXT);
         CREATE INDEX i ON t(a);
         CREATE VIEW v AS SELECT 1;
         CREATE TRIGGER g DELETE ON t BEGIN SELECT 1; END;
         PRAGMA writable_schema = ON;",
    )
    .expect("a schema");
    conn
}

fn read(conn: &Connection) -> Option<Schema> {
    let schema = Schema::read(conn).ok()?;
    assert_eq!(diff(&schema, &schema), []);
    let listing = schema.to_string();
    let again = Schema::read(conn).expect("what was read once is read again");
    assert_eq!(again.fingerprint(), schema.fingerprint());
    assert_eq!(again.to_string(), listing);
    Some(schema)
}

fn compare(one: &Schema, other: &Schema) {
    let changes = diff(one, other);
    assert_eq!(changes.is_empty(), one.fingerprint() == other.fingerprint());
    assert_eq!(changes.is_empty(), diff(other, one).is_empty());
    let comparison = Comparison::new(one, other);
    for change in changes.iter().chain(&comparison.changes()) {
        assert!(!change.to_string().contains('\n'));
    }
}
