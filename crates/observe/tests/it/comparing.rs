//! Differences between two files of any size.

use std::path::Path;

use observe::{LedgerTable, Observation, compare, differences};
use rusqlite::Connection;

fn database(script: &str) -> Connection {
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(script).unwrap();
    connection
}

/// The messages of the differences after `change`.
fn after(script: &str, change: &str) -> Vec<String> {
    let (before, after) = (database(script), database(script));
    after.execute_batch(change).unwrap();
    let found = compare(&before, &after, None).unwrap().found;
    // The streaming comparison must find the same differences as two observations.
    let same =
        Observation::read(&before, None).unwrap() == Observation::read(&after, None).unwrap();
    assert_eq!(found.is_empty(), same, "{found:?}");
    found
        .iter()
        .map(|one| format!("{}: {}", one.object, one.message()))
        .collect()
}

#[test]
fn a_column_that_is_not_there_is_null_and_not_its_own_name() {
    let before = database("CREATE TABLE pet (id INTEGER PRIMARY KEY, weight REAL)");
    let after = database("CREATE TABLE pet (id INTEGER PRIMARY KEY); INSERT INTO pet VALUES (1)");
    let schema = schema::Schema::read(&before).unwrap();
    let rows = observe::read_rows(&after, &schema, schema.table("pet").unwrap()).unwrap();
    assert_eq!(
        rows.rows,
        [[observe::Value::Integer(1), observe::Value::Null]]
    );
}

const FILES: &str = "
    CREATE TABLE keyed (id INTEGER PRIMARY KEY, a TEXT, b);
    CREATE TABLE bag (a, b);
    CREATE TABLE pair (x TEXT, y TEXT, v BLOB, PRIMARY KEY (x, y)) WITHOUT ROWID;
    CREATE TABLE loose (k TEXT PRIMARY KEY, v TEXT);
    CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT);
    CREATE TABLE article (title TEXT);
    CREATE VIRTUAL TABLE article_fts USING fts5(title, content='article');
    INSERT INTO keyed VALUES (1, 'one', 1), (2, 'two', 2.0), (3, 'three', NULL);
    INSERT INTO bag VALUES (1, 1), (1, 1), (2, NULL), (NULL, NULL), (NULL, NULL);
    INSERT INTO pair VALUES ('a', 'b', x'00'), ('a', 'c', x'01');
    INSERT INTO loose VALUES (NULL, 'x'), (NULL, 'x'), (NULL, 'y'), ('k', 'z');
    INSERT INTO counted VALUES (5);
    INSERT INTO article (rowid, title) VALUES (3, 'first'), (9, 'second');
    INSERT INTO article_fts (rowid, title) SELECT rowid, title FROM article;
    PRAGMA user_version = 3;";

#[test]
fn nothing_differs_in_equal_files() {
    assert!(after(FILES, "").is_empty());
    // The order of rows in a file, and their positions in it, do not count.
    let moved = "CREATE TEMP TABLE kept AS SELECT * FROM bag; DELETE FROM bag;
                 INSERT INTO bag SELECT * FROM kept ORDER BY rowid DESC;
                 UPDATE keyed SET a = a || ''";
    assert!(after(FILES, moved).is_empty());
    let without_search = FILES.replace("INSERT INTO article ", "-- ");
    assert!(after(&without_search, "VACUUM").is_empty());
    // VACUUM changes the rowids of the rows to which the search table refers.
    let renumbered = after(FILES, "VACUUM");
    assert!(
        renumbered.iter().any(|line| line.starts_with("article: ")),
        "{renumbered:?}"
    );
}

#[test]
fn every_difference_is_reported() {
    let changes = [
        "UPDATE keyed SET b = 1.0 WHERE id = 1",
        "UPDATE keyed SET a = CAST(a AS BLOB), b = 'x' WHERE id = 2",
        "DELETE FROM keyed WHERE id = 3",
        "INSERT INTO keyed VALUES (4, 'four', 4)",
        "DELETE FROM bag WHERE rowid = 1",
        "INSERT INTO bag VALUES (NULL, NULL)",
        "UPDATE pair SET v = NULL WHERE y = 'c'",
        "UPDATE loose SET v = 'y' WHERE rowid = 1",
        "DELETE FROM counted; UPDATE sqlite_sequence SET seq = 7",
        "PRAGMA user_version = 4",
        "CREATE INDEX bag_a ON bag(a)",
        "DROP TABLE bag",
        "UPDATE article SET rowid = 4 WHERE rowid = 3; \
         INSERT INTO article_fts(article_fts) VALUES ('rebuild')",
    ];
    let messages: String = changes
        .iter()
        .map(|change| format!("{change}\n    {}\n", after(FILES, change).join("\n    ")))
        .collect();
    insta::assert_snapshot!(messages);
}

#[test]
fn of_many_rows_the_first_few_are_shown() {
    let script = "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT, b TEXT);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
        INSERT INTO t SELECT i, 'a' || i, 'b' FROM n;";
    let messages = after(
        script,
        "UPDATE t SET b = 'c' WHERE id > 100; UPDATE t SET a = NULL WHERE id = 7; \
         DELETE FROM t WHERE id % 100 = 0",
    );
    assert_eq!(
        messages
            .iter()
            .filter(|line| line.starts_with("t.b"))
            .count(),
        5,
        "{messages:#?}"
    );
    let rest = |part: &str| messages.iter().any(|line| line.ends_with(part));
    // 900 rows after the first 100, of which nine are deleted.
    assert!(rest("; 886 more rows like this"), "{messages:#?}");
    assert!(rest("; 5 more rows like this"), "{messages:#?}");
    assert!(
        messages.contains(&"t.a, id 7: before 'a7', after NULL".to_owned()),
        "{messages:#?}"
    );
}

/// The differences between the ledgers of two files with one recorded migration each.
fn ledgers_differ(before: [&str; 3], after: [&str; 3]) -> Vec<String> {
    let [old, new] = [before, after].map(|entry| {
        let connection =
            database("CREATE TABLE history (name TEXT, digest TEXT, down TEXT, at TEXT)");
        let [name, digest, down] = entry;
        let insert = "INSERT INTO history VALUES (?1, ?2, ?3, random())";
        connection.execute(insert, [name, digest, down]).unwrap();
        let ledger = LedgerTable {
            name: "history",
            columns: &["name", "digest", "down"],
        };
        Observation::read(&connection, Some(ledger)).unwrap()
    });
    let found = differences(&old, &new, &[]);
    let lines = found.iter();
    lines
        .map(|difference| format!("{}: {}", difference.object, difference.message()))
        .collect()
}

#[test]
fn ledgers_are_compared_in_full_and_shown_in_short() {
    let digest = "0123456789abcdef".repeat(4);
    let same = ["note", &digest, "DROP TABLE note"];
    assert!(ledgers_differ(same, same).is_empty());

    let other = "fedcba9876543210".repeat(4);
    assert_eq!(
        ledgers_differ(same, ["note", &other, "DROP TABLE note"]),
        ["ledger: before note 01234567 DROP TABLE note, after note fedcba98 DROP TABLE note"]
    );

    // Only the end of a long text differs, which the short form does not show.
    let end = format!("{}!", digest.strip_suffix('f').unwrap());
    assert_eq!(
        ledgers_differ(same, ["note", &end, "DROP TABLE note"]),
        [format!(
            "ledger: before note {digest} DROP TABLE note, after note {end} DROP TABLE note"
        )]
    );
    let [a, b] = ["a", "b"].map(|last| format!("{}{last}", "name ".repeat(20)));
    assert_eq!(
        ledgers_differ([&a, &digest, ""], [&b, &digest, ""]).len(),
        1
    );
}

/// Set for the child process that measures itself, because other tests of this binary would be
/// counted, too.
const MEASURED: &str = "HARNESS_MEASURE_COMPARE";

#[test]
#[cfg(target_os = "linux")]
fn memory_does_not_grow_with_the_file() {
    use std::process::Command;
    if std::env::var_os(MEASURED).is_none() {
        let name = "observing::memory_does_not_grow_with_the_file";
        let mut own = Command::new(std::env::current_exe().unwrap());
        let status = own
            .args([name, "--exact", "--nocapture"])
            .env(MEASURED, "1")
            .status();
        assert!(status.unwrap().success());
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let (old, new) = (folder.path().join("old.db"), folder.path().join("new.db"));
    // Each file is larger than the memory limit for both.
    make_large(&old, 48);
    std::fs::copy(&old, &new).unwrap();
    let (old, new) = (
        Connection::open(old).unwrap(),
        Connection::open(new).unwrap(),
    );
    let rows: i64 = old
        .query_row("SELECT count(*) FROM note", [], |row| row.get(0))
        .unwrap();
    assert!(compare(&old, &new, None).unwrap().found.is_empty());
    new.execute("UPDATE note SET label = 'other'", []).unwrap();
    let found = compare(&old, &new, None).unwrap().found;
    let rest = format!("; {} more rows like this", rows - 5);
    assert!(
        found.last().unwrap().message().ends_with(&rest),
        "{found:?}"
    );
    let peak = peak_memory();
    println!("{rows} rows, peak {peak} kB");
    assert!(peak < 32 * 1024, "{peak} kB");
}

/// A table with a key and one without, with this many megabytes.
fn make_large(path: &Path, megabytes: usize) {
    let connection = Connection::open(path).unwrap();
    let sql = format!(
        "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
         CREATE TABLE note (id INTEGER PRIMARY KEY, label TEXT, body BLOB);
         CREATE TABLE event (at INTEGER, body BLOB);
         BEGIN;
         WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {megabytes} * 512)
         INSERT INTO note SELECT i, 'label ' || i, zeroblob(1000) FROM n;
         INSERT INTO event SELECT id % 100, body FROM note;
         COMMIT"
    );
    connection.execute_batch(&sql).unwrap();
}

#[cfg(target_os = "linux")]
fn peak_memory() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
