//! Printed content can be pasted: every value comes back with its type and bytes.

use generate::Profile;
use generate::{Content, Insert};
use observe::{Observation, Value};
use rusqlite::Connection;

use super::{made_by, put};

/// Runs the printed statements as the shell does: as text, without bound values.
fn paste(script: &str, sql: &str) -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(script).unwrap();
    // The shell leaves foreign keys off.
    connection
        .pragma_update(None, "foreign_keys", false)
        .unwrap();
    for statement in schema::sql::statements(sql) {
        connection.execute_batch(statement.text).unwrap();
    }
    connection
}

#[test]
fn every_value_comes_back() {
    let script = "CREATE TABLE v (value);";
    let texts = [
        "",
        "it's",
        "a\0b",
        "\0",
        "line\r\nbreak",
        "é",
        "e\u{301}",
        "\u{202e}abc",
        "\u{feff}",
        "\u{10ffff}",
        "\u{ffff}",
        "👩‍👩‍👧‍👦",
        "--",
        ";",
        "\u{85}",
        "\u{200b}",
        "00123",
    ];
    let reals: [f64; 12] = [
        0.0,
        -0.0,
        0.1,
        1e308,
        -1e308,
        f64::MAX,
        f64::MIN_POSITIVE,
        5e-324,
        f64::INFINITY,
        f64::NEG_INFINITY,
        1.0,
        1e19,
    ];
    let integers = [0, -1, i64::MAX, i64::MIN, (1 << 53) + 1];
    let mut values: Vec<Value> = texts.map(Value::text).into();
    values.extend(reals.map(|real| Value::Real(real.to_bits())));
    values.extend(integers.map(Value::Integer));
    values.extend([
        Value::Null,
        Value::Blob(Vec::new()),
        Value::Blob((0..=255).collect()),
        Value::Text(vec![0xff, 0xc0, 0x80]),
        Value::text(&"x\n".repeat(500_000)),
    ]);
    let row = |value: Value| Insert {
        table: "v".into(),
        values: vec![("value".into(), value)],
    };
    let content = Content {
        inserts: values.iter().cloned().map(row).collect(),
    };
    let pasted = paste(script, &content.to_sql());
    let mut statement = pasted
        .prepare("SELECT value FROM v ORDER BY rowid")
        .unwrap();
    let back: Vec<Value> = statement
        .query_map([], |row| row.get_ref(0).map(Value::from))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for (value, back) in values.iter().zip(&back) {
        assert!(value == back, "{value} came back as {back}");
    }
}

#[test]
fn whole_databases_come_back() {
    let script = "
        CREATE TABLE a (id INTEGER PRIMARY KEY, t TEXT, i INTEGER, r REAL, n NUMERIC, b BLOB, u);
        CREATE TABLE c (id INTEGER PRIMARY KEY AUTOINCREMENT, a INTEGER REFERENCES a(id), d
            INTEGER REFERENCES d(id));
        CREATE TABLE d (id INTEGER PRIMARY KEY, c INTEGER REFERENCES c(id));
        CREATE TABLE s (t TEXT, i INTEGER, r REAL, b BLOB, u ANY) STRICT;";
    let (connection, generator) = made_by(script);
    let generator = generator.profile(Profile::Hostile);
    for seed in 0..60 {
        let made = generator.generate(seed);
        let bound = put(&connection, &made);
        let pasted = paste(script, &made.content.to_sql());
        let (bound, pasted) = (
            Observation::read(&bound, None).unwrap(),
            Observation::read(&pasted, None).unwrap(),
        );
        assert_eq!(bound, pasted, "seed {seed}: {}", made.content.to_sql());
    }
}
