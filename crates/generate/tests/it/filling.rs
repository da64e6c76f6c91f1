//! The options of a generator.

use generate::{Generated, Profile, Unseeded};
use observe::Value;
use proptest::prelude::*;
use rusqlite::Connection;

use super::{PROFILES, made_by, put};

const LISTS: &str = "
    CREATE TABLE list (id INTEGER PRIMARY KEY, name TEXT UNIQUE);
    CREATE TABLE item (list_id INTEGER REFERENCES list(id), label TEXT, state TEXT NOT NULL
        DEFAULT '');";

fn values(made: &Generated, table: &str, column: &str) -> Vec<Value> {
    let rows = made
        .content
        .inserts
        .iter()
        .filter(|insert| insert.table == table);
    let cells = rows.flat_map(|insert| &insert.values);
    cells
        .filter(|(name, _)| name == column)
        .map(|(_, value)| value.clone())
        .collect()
}

#[test]
fn a_column_may_name_its_own_strategy() {
    let (connection, generator) = made_by(LISTS);
    let label = "[xy]{3}".prop_map(|text| Value::text(&text)).boxed();
    // References and keys still hold, whatever the strategy returns.
    let id = Just(Value::Integer(999)).boxed();
    let name = (0..3_i64).prop_map(|n| Value::text(&n.to_string())).boxed();
    let generator = generator
        .profile(Profile::Hostile)
        .column("Item", "LABEL", label)
        .column("item", "list_id", id)
        .column("list", "name", name);
    for seed in 0..20 {
        let made = generator.generate(seed);
        put(&connection, &made);
        for label in values(&made, "item", "label") {
            let Value::Text(text) = label else {
                panic!("{label}")
            };
            assert!(text.len() == 3 && text.iter().all(|byte| b"xy".contains(byte)));
        }
        assert!(
            made.hostile
                .iter()
                .all(|mark| !["label", "name"].contains(&mark.column.as_str()))
        );
        assert!(
            values(&made, "list", "name").len() <= 3,
            "there are three names"
        );
    }
}

#[test]
fn nulls_can_be_left_out() {
    let (_, generator) = made_by(LISTS);
    let with = |generator: &generate::Generator| {
        let all = (0..20).flat_map(|seed| generator.generate(seed).content.inserts);
        all.flat_map(|insert| insert.values)
            .filter(|(_, value)| *value == Value::Null)
            .count()
    };
    assert!(with(&generator) > 10);
    assert_eq!(with(&generator.without_nulls()), 0);
}

#[test]
fn rows_that_are_there_are_referred_to() {
    let (connection, _) = made_by(LISTS);
    connection
        .execute_batch("INSERT INTO list VALUES (7, 'seven'), (8, NULL)")
        .unwrap();
    let schema = schema::Schema::read(&connection).unwrap();
    let generator = generate::Generator::new(&schema, &connection).unwrap();
    let beside = generator.clone().only_empty().without_nulls();
    let mut used = Vec::new();
    for seed in 0..20 {
        let made = beside.generate(seed);
        put(&connection, &made);
        assert!(values(&made, "list", "id").is_empty());
        used.extend(values(&made, "item", "list_id"));
        put(&connection, &generator.generate(seed));
    }
    used.sort();
    used.dedup();
    assert_eq!(used, [Value::Integer(7), Value::Integer(8)]);
}

#[test]
fn keys_that_cannot_be_checked_can_be_left_unchecked() {
    let script =
        "CREATE TABLE orphan (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES nowhere(id));";
    let (_, generator) = made_by(script);
    let reason = "no such table: main.nowhere".to_owned();
    let table = "orphan".to_owned();
    assert_eq!(generator.generate(1).unseeded, [Unseeded { table, reason }]);
    let made = generator.foreign_keys(false).generate(1);
    assert!(made.unseeded.is_empty() && !made.content.inserts.is_empty());
}

#[test]
fn edges_come_up_and_are_marked() {
    let (connection, generator) = made_by(
        "CREATE TABLE t (a TEXT, i INTEGER, r REAL, b BLOB, n NUMERIC, u);
         CREATE TABLE s (a TEXT, i INTEGER, r REAL, b BLOB) STRICT;",
    );
    let generator = generator.profile(Profile::Hostile).rows(20);
    let mut why: Vec<&str> = Vec::new();
    for seed in 0..60 {
        let made = generator.generate(seed);
        why.extend(made.hostile.iter().map(|mark| mark.why));
        for mark in &made.hostile {
            assert_eq!(made.content.inserts[mark.insert].table, mark.table);
        }
        if seed < 5 {
            put(&connection, &made);
        }
    }
    why.sort_unstable();
    why.dedup();
    let expected = [
        "a NUL inside text",
        "a blob in a column of numbers",
        "a blob in a column of text",
        "a broken document",
        "a large number",
        "a line break inside text",
        "a negative nought",
        "a negative number",
        "a number at the edge",
        "an empty blob",
        "an infinite number",
        "leading or trailing whitespace",
        "empty text",
        "long blob",
        "long text",
        "text in a column of blobs",
        "text in a column of numbers",
        "text that looks like SQL",
        "text that looks like a number",
        "unusual characters",
    ];
    for edge in expected {
        let found = why
            .iter()
            .any(|why| why.trim_start_matches("a ") == edge.trim_start_matches("a "));
        assert!(found, "{edge} never came up: {why:?}");
    }
}

#[test]
fn a_trigger_that_never_ends_is_reported() {
    let (_, generator) = made_by(
        "CREATE TABLE endless (id INTEGER PRIMARY KEY);
         CREATE TRIGGER endless_bi BEFORE INSERT ON endless BEGIN
             SELECT count(*) FROM (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM
                 n) SELECT i FROM n);
         END;
         CREATE TABLE other (id INTEGER PRIMARY KEY);",
    );
    let made = generator.generate(1);
    let reason = "the row takes too long: a trigger may never end".to_owned();
    let table = "endless".to_owned();
    assert_eq!(made.unseeded, [Unseeded { table, reason }]);
    assert!(!made.content.inserts.is_empty());
}

#[test]
fn an_empty_schema_has_an_empty_database() {
    for temper in PROFILES {
        let (_, generator) = made_by("");
        assert_eq!(generator.profile(temper).generate(1), Generated::default());
    }
}

#[test]
fn cost_grows_in_proportion() {
    // The work of SQLite, not the time, which differs from machine to machine.
    let steps = |tables: usize| {
        let script: String = (0..tables)
            .map(|n| {
                let parent = if n == 0 {
                    String::new()
                } else {
                    format!(", p INTEGER REFERENCES t{}(id)", n - 1)
                };
                format!(
                    "CREATE TABLE t{n} (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE{parent});"
                )
            })
            .collect();
        let (connection, generator) = made_by(&script);
        let made = generator.generate(3);
        assert!(made.unseeded.is_empty());
        put(&connection, &made)
            .query_row("SELECT count(*) FROM t0", [], |row| row.get::<_, i64>(0))
            .unwrap();
        made.content.inserts.len()
    };
    let (some, many) = (steps(20), steps(200));
    assert!(
        many > some * 7 && many < some * 14,
        "{some} rows and {many} rows"
    );
}

#[test]
fn a_partly_described_database_is_filled_partly() {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(LISTS).unwrap();
    let schema = schema::Schema::read(&connection)
        .unwrap()
        .without_table("item");
    let generator = generate::Generator::new(&schema, &connection).unwrap();
    let made = generator.generate(1);
    assert!(
        made.content
            .inserts
            .iter()
            .all(|insert| insert.table == "list")
    );
}
