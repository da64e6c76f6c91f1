//! A golden database as text gives back what was dumped.

use harness::{dump, load, observe};
use rusqlite::Connection;

#[test]
fn a_dump_gives_back_the_same_observation() {
    let connection = Connection::open_in_memory().unwrap();
    connection
        .execute_batch(
            "CREATE TABLE \"odd ''name\" (\"a b\" TEXT, n NUMERIC, r REAL, b BLOB, any);
             CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT,
                v TEXT UNIQUE COLLATE NOCASE);
             CREATE TABLE keyed (k TEXT PRIMARY KEY, v) WITHOUT ROWID;
             CREATE TABLE made (a INTEGER, b INTEGER GENERATED ALWAYS AS (a * 2) STORED,
                c AS (a + 1));
             CREATE TABLE strict (i INTEGER, t TEXT) STRICT;
             CREATE INDEX partial ON counted(v) WHERE v > 'a';
             CREATE VIEW seen AS SELECT v FROM counted;
             CREATE TRIGGER noisy AFTER INSERT ON keyed BEGIN SELECT CASE WHEN 1 THEN 2 END; END;
             INSERT INTO \"odd ''name\" VALUES ('it''s', 1, 0.1, X'00FF', NULL);
             INSERT INTO \"odd ''name\" VALUES ('', -9223372036854775808, 9e999, X'', '00123');
             INSERT INTO \"odd ''name\"
                VALUES (CAST(X'6100620A' AS TEXT), '1e400', -9e999, 'text', 1.5),
                       (CAST(X'FFFE' AS TEXT), 9007199254740993, 1e-300, NULL, 2);
             DELETE FROM \"odd ''name\" WHERE n = 1;
             INSERT INTO counted (v) VALUES ('x'), ('y'), ('z'); DELETE FROM counted WHERE v = 'z';
             INSERT INTO keyed VALUES ('k', 1), ('j', x'01');
             INSERT INTO made (a) VALUES (3);
             INSERT INTO strict VALUES (1, 'one');
             PRAGMA user_version = 7; PRAGMA application_id = -5;",
        )
        .unwrap();
    let text = dump(&connection).unwrap();
    let again = load(&text).unwrap();
    assert_eq!(observe(&connection).unwrap(), observe(&again).unwrap());
    assert_eq!(dump(&again).unwrap(), text);
    let rowids = |connection: &Connection| -> Vec<i64> {
        let mut statement = connection
            .prepare("SELECT rowid FROM \"odd ''name\"")
            .unwrap();
        statement
            .query_map([], |row| row.get(0))
            .unwrap()
            .map(Result::unwrap)
            .collect()
    };
    assert_eq!(rowids(&again), rowids(&connection));
}

#[test]
fn one_is_not_one_point_nought() {
    let make = |value: &str| {
        load(&format!(
            "CREATE TABLE t (v); INSERT INTO t VALUES ({value});"
        ))
        .unwrap()
    };
    let see = |value: &str| observe(&make(value)).unwrap();
    assert_eq!(see("1"), see("1"));
    for (a, b) in [("1", "1.0"), ("'a'", "X'61'"), ("NULL", "''"), ("0", "'0'")] {
        assert_ne!(see(a), see(b), "{a} and {b}");
    }
}
