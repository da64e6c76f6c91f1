//! Failing databases shrink to the smallest one that fails.

use generate::{Generated, Generator, Profile};
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};
use rusqlite::Connection;

use super::{made_by, put};

/// The smallest database in which `sql` finds something, and the number of tested candidates.
fn smallest(script: &str, temper: Profile, sql: &str) -> (Generated, usize) {
    let (connection, generator) = made_by(script);
    shrink(&connection, &generator.profile(temper), sql)
}

fn shrink(connection: &Connection, generator: &Generator, sql: &str) -> (Generated, usize) {
    let config = Config {
        cases: 200,
        failure_persistence: None,
        max_shrink_iters: 4_000,
        ..Config::default()
    };
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &[7; 32]);
    let asked = std::cell::Cell::new(0);
    let result =
        TestRunner::new_with_rng(config, rng).run(&generator.strategy().unwrap(), |made| {
            asked.set(asked.get() + 1);
            // `put` panics on an invalid database.
            let database = put(connection, &made);
            let broken: bool = database
                .query_row(&format!("SELECT EXISTS ({sql})"), [], |row| row.get(0))
                .unwrap();
            prop_assert!(!broken);
            Ok(())
        });
    match result {
        Err(TestError::Fail(_, made)) => {
            let database = put(connection, &made);
            let broken: bool = database
                .query_row(&format!("SELECT EXISTS ({sql})"), [], |row| row.get(0))
                .unwrap();
            assert!(broken, "the result fails itself: {}", made.content.to_sql());
            (made, asked.get())
        }
        other => panic!("nothing was found: {other:?}"),
    }
}

const SHOP: &str = "
    CREATE TABLE customer (id INTEGER PRIMARY KEY, name TEXT NOT NULL, email TEXT NOT NULL UNIQUE);
    CREATE TABLE \"order\" (
        id INTEGER PRIMARY KEY, customer_id INTEGER NOT NULL REFERENCES customer(id),
        gift_for INTEGER REFERENCES customer(id), state TEXT NOT NULL CHECK (state IN ('cart',
            'paid', 'sent'))
    );
    CREATE TABLE line (
        order_id INTEGER NOT NULL REFERENCES \"order\"(id) ON DELETE CASCADE, n INTEGER NOT NULL,
        price REAL NOT NULL CHECK (price > 0), note TEXT, PRIMARY KEY (order_id, n)
    ) WITHOUT ROWID;
    CREATE TABLE unrelated (id INTEGER PRIMARY KEY AUTOINCREMENT, v TEXT NOT NULL);
    CREATE TABLE setting (k TEXT PRIMARY KEY, v TEXT);";

#[test]
fn one_row_with_its_parents_is_left() {
    let (made, asked) = smallest(
        SHOP,
        Profile::Plain,
        "SELECT 1 FROM line WHERE price > 100.0 AND note IS NOT NULL",
    );
    insta::assert_snapshot!(made.content.to_sql());
    assert!(asked < 400, "asked {asked} times");
}

#[test]
fn a_length_is_found() {
    let sql = "SELECT 1 FROM unrelated WHERE length(v) > 3 AND v <> lower(v)";
    let (made, _) = smallest(SHOP, Profile::Plain, sql);
    insta::assert_snapshot!(made.content.to_sql());
}

#[test]
fn a_hostile_value_that_matters_is_marked() {
    let (made, _) = smallest(
        SHOP,
        Profile::Hostile,
        "SELECT 1 FROM setting WHERE typeof(v) = 'text' AND instr(v, char(0)) > 0",
    );
    insta::assert_snapshot!(made.content.to_sql());
    let marks: Vec<String> = made.hostile.iter().map(ToString::to_string).collect();
    assert_eq!(marks, ["`setting.v` holds a NUL inside text"]);
}

#[test]
fn a_hostile_value_that_does_not_matter_goes() {
    let (made, _) = smallest(
        SHOP,
        Profile::Hostile,
        "SELECT 1 FROM setting WHERE v IS NOT NULL",
    );
    assert!(made.hostile.is_empty(), "{:?}", made.hostile);
    insta::assert_snapshot!(made.content.to_sql());
}

#[test]
fn two_rows_that_matter_together_stay() {
    let sql = "SELECT 1 FROM \"order\" a JOIN \"order\" b ON a.customer_id = b.customer_id AND
                   a.id < b.id
               WHERE a.state = 'sent' AND b.gift_for IS NOT NULL";
    let (made, _) = smallest(SHOP, Profile::Plain, sql);
    insta::assert_snapshot!(made.content.to_sql());
}

#[test]
fn circles_shrink_to_one_round() {
    let script = "
        CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL, team INTEGER NOT NULL
            REFERENCES team(id));
        CREATE TABLE team (id INTEGER PRIMARY KEY, lead INTEGER NOT NULL REFERENCES person(id));
        CREATE TABLE node (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES node(id), v TEXT);";
    let (made, _) = smallest(script, Profile::Plain, "SELECT 1 FROM team");
    insta::assert_snapshot!(made.content.to_sql());
    let (made, _) = smallest(
        script,
        Profile::Plain,
        "SELECT 1 FROM node a JOIN node b ON a.parent = b.id JOIN node c ON b.parent = c.id",
    );
    insta::assert_snapshot!(made.content.to_sql());
}

#[test]
fn a_strategy_of_the_application_says_what_is_simpler() {
    let (connection, generator) = made_by(SHOP);
    let own = (10..1000_i64)
        .prop_map(|n| observe::Value::text(&format!("v{n}")))
        .boxed();
    let generator = generator.column("setting", "v", own);
    let (made, _) = shrink(
        &connection,
        &generator,
        "SELECT 1 FROM setting WHERE CAST(substr(v, 2) AS INTEGER) >= 123",
    );
    insta::assert_snapshot!(made.content.to_sql());
}

#[test]
fn search_tables_and_marks_shrink() {
    let script = "
        CREATE TABLE article (title TEXT NOT NULL, body TEXT);
        CREATE VIRTUAL TABLE article_fts USING fts5(title, body, content='article');
        CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT);";
    let (made, _) = smallest(
        script,
        Profile::Plain,
        "SELECT 1 FROM article_fts WHERE article_fts MATCH 'paris'",
    );
    insta::assert_snapshot!(made.content.to_sql());
    let (made, _) = smallest(
        script,
        Profile::Plain,
        "SELECT 1 FROM sqlite_sequence WHERE seq > (SELECT max(id) FROM counted)",
    );
    insta::assert_snapshot!(made.content.to_sql());
}
