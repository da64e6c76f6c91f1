//! SQL of others reaches no other file, whichever way it comes in, and what is refused is never
//! `ok`.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use rusqlite::Connection;
use tempfile::TempDir;

use super::{check, rowsafe};

/// Statements that reach out: what they are, and their SQL. `{dir}` is the folder that must stay as
/// it is; in it are `victim.db` and `library.so`, and no `new.db`.
const REACHES: &[(&str, &str)] = &[
    (
        "a literal",
        "ATTACH '{dir}/victim.db' AS v; UPDATE v.s SET x = 'gone'",
    ),
    (
        "a new file",
        "ATTACH '{dir}/new.db' AS v; CREATE TABLE v.s (x)",
    ),
    (
        "joined",
        "ATTACH '{dir}/' || 'victim.db' AS v; UPDATE v.s SET x = 'gone'",
    ),
    (
        "joined, new",
        "ATTACH '{dir}/' || 'new.db' AS v; CREATE TABLE v.s (x)",
    ),
    (
        "after a name in memory",
        "ATTACH '' || '{dir}/victim.db' AS v; UPDATE v.s SET x = 'gone'",
    ),
    (
        "a cast",
        "ATTACH cast('{dir}/victim.db' AS text) AS v; UPDATE v.s SET x = 'gone'",
    ),
    (
        "a cast of a blob",
        "ATTACH cast(x'612e6462' AS text) AS v; CREATE TABLE v.s (x)",
    ),
    (
        "a query",
        "ATTACH (SELECT '{dir}/victim.db') AS v; UPDATE v.s SET x = 'gone'",
    ),
    (
        "a query, new",
        "ATTACH (SELECT '{dir}/new.db') AS v; CREATE TABLE v.s (x)",
    ),
    (
        "printf",
        "ATTACH printf('%s/victim.db', '{dir}') AS v; UPDATE v.s SET x = 'gone'",
    ),
    (
        "a condition",
        "ATTACH CASE WHEN 1 THEN '{dir}/victim.db' END AS v; DELETE FROM v.s",
    ),
    ("a parameter", "ATTACH ?1 AS v; CREATE TABLE v.s (x)"),
    (
        "a URI",
        "ATTACH 'file:{dir}/victim.db' AS v; UPDATE v.s SET x = 'gone'",
    ),
    (
        "a URI, joined",
        "ATTACH 'file:{dir}/' || 'victim.db?mode=rwc' AS v; DELETE FROM v.s",
    ),
    (
        "a name in double quotes",
        "ATTACH \"{dir}/victim.db\" AS v; UPDATE v.s SET x = 'gone'",
    ),
    (
        "DATABASE and a comment",
        "ATTACH /* x */ DATABASE '{dir}/victim.db' AS v; DELETE FROM v.s",
    ),
    ("VACUUM INTO", "VACUUM INTO '{dir}/new.db'"),
    ("VACUUM INTO, joined", "VACUUM INTO '{dir}/' || 'new.db'"),
    (
        "VACUUM INTO, a query",
        "VACUUM main INTO (SELECT '{dir}/new.db')",
    ),
    ("VACUUM INTO, a URI", "VACUUM INTO 'file:{dir}/new.db'"),
    (
        "csv",
        "CREATE VIRTUAL TABLE t USING csv(filename = '{dir}/victim.db')",
    ),
    (
        "zipfile",
        "CREATE VIRTUAL TABLE t USING zipfile('{dir}/new.db'); INSERT INTO t(name) VALUES ('a')",
    ),
    ("fsdir", "CREATE TABLE t AS SELECT name FROM fsdir('{dir}')"),
    (
        "readfile",
        "CREATE TABLE t AS SELECT readfile('{dir}/victim.db') AS x",
    ),
    ("writefile", "SELECT writefile('{dir}/new.db', 'x')"),
    ("edit", "SELECT edit('x', 'touch {dir}/new.db')"),
    (
        "load_extension",
        "SELECT load_extension('{dir}/library.so')",
    ),
    ("a log", "SELECT sqlite_log(1, 'x')"),
    (
        "a tokenizer by its pointer",
        "SELECT fts3_tokenizer('simple', x'0000000000000000')",
    ),
    (
        "a folder for temporary files",
        "PRAGMA temp_store_directory = '{dir}'",
    ),
    ("a folder for data", "PRAGMA data_store_directory = '{dir}'"),
    ("a lock file", "PRAGMA lock_proxy_file = '{dir}/new.db'"),
];

/// Statements of real histories that look like these and touch no file.
const KEEPS: &[(&str, &str)] = &[
    ("VACUUM", "VACUUM"),
    (
        "a database in memory",
        "ATTACH ':memory:' AS m; CREATE TABLE m.a (x); DETACH m",
    ),
    (
        "a temporary database",
        "ATTACH DATABASE '' AS m; CREATE TABLE m.a (x); DETACH m",
    ),
    ("journal mode", "PRAGMA journal_mode = WAL"),
    ("no journal", "PRAGMA journal_mode = OFF"),
    (
        "temporary files",
        "PRAGMA temp_store = FILE; CREATE TEMP TABLE a AS SELECT randomblob(100000) AS x; DROP \
            TABLE temp.a",
    ),
    (
        "full text",
        "CREATE VIRTUAL TABLE f USING fts5(x); INSERT INTO f VALUES ('a'); DROP TABLE f",
    ),
    ("ANALYZE", "ANALYZE; REINDEX"),
    (
        "recursion",
        "CREATE TABLE a AS WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i \
            < 9) SELECT i FROM n; DROP TABLE a",
    ),
    (
        "savepoints",
        "SAVEPOINT a; CREATE TABLE b (x); ROLLBACK TO a; RELEASE a",
    ),
    (
        "the name of a file in a string",
        "CREATE TABLE a AS SELECT 'ATTACH ''victim.db'' AS v' AS x; DROP TABLE a",
    ),
];

/// The contents of a folder: each path with its length, its bytes and when it was changed.
fn state(folder: &Path) -> Vec<(PathBuf, Vec<u8>, SystemTime)> {
    let mut found = Vec::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(path) = pending.pop() {
        let changed = fs::metadata(&path).unwrap().modified().unwrap();
        if path.is_dir() {
            pending.extend(
                fs::read_dir(&path)
                    .unwrap()
                    .map(|entry| entry.unwrap().path()),
            );
            found.push((path, Vec::new(), changed));
        } else {
            found.push((path.clone(), fs::read(&path).unwrap(), changed));
        }
    }
    found.sort();
    found
}

/// A folder with what a statement may reach for, and all ways in for `sql`.
fn folder(sql: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let victim = Connection::open(path.join("victim.db")).unwrap();
    victim
        .execute_batch("CREATE TABLE s (x); INSERT INTO s VALUES ('kept')")
        .unwrap();
    drop(victim);
    fs::write(path.join("library.so"), "no library").unwrap();
    let sql = sql.replace("{dir}", &path.display().to_string());
    let step = format!("CREATE TABLE own (id INTEGER PRIMARY KEY);\n{sql};\n");
    for home in ["hostile", "good"] {
        fs::create_dir(path.join(home)).unwrap();
    }
    fs::write(path.join("hostile/1_step.sql"), &step).unwrap();
    fs::write(
        path.join("good/1_step.sql"),
        "CREATE TABLE own2 (id INTEGER PRIMARY KEY);\n",
    )
    .unwrap();
    fs::write(path.join("hostile.sql"), &step).unwrap();
    fs::write(
        path.join("good.sql"),
        "CREATE TABLE own (id INTEGER PRIMARY KEY);\n",
    )
    .unwrap();
    folder
}

/// The ways in, as command lines.
const WAYS_IN: [&[&str]; 4] = [
    &["check", "hostile"],
    &["diff", "hostile.sql", "good.sql"],
    &["diff", "good.sql", "hostile.sql"],
    &["check", "good", "--base", "hostile.sql"],
];

#[test]
fn no_statement_reaches_another_file_on_any_way_in() {
    for (what, sql) in REACHES {
        let folder = folder(sql);
        let path = folder.path();
        let before = state(path);
        for arguments in WAYS_IN {
            let (code, text) = rowsafe(path, arguments);
            assert!(
                code.is_some_and(|code| code > 0),
                "{what}, {arguments:?}: {text}"
            );
            assert!(!text.contains("\nok: "), "{what}, {arguments:?}: {text}");
            // Where, and why: SQLite's own words only where it has no such thing at all.
            assert!(
                text.contains("hostile.sql:2") || text.contains("1_step.sql:2"),
                "{what}: {text}"
            );
            let why = [
                "which is not done here",
                "no such module",
                "no such table",
                "no such function",
                "is used instead",
            ];
            assert!(
                why.iter().any(|why| text.contains(why)),
                "{what}, {arguments:?}: {text}"
            );
            assert!(state(path) == before, "{what}, {arguments:?}");
        }
        let script = fs::read_to_string(path.join("hostile.sql")).unwrap();
        let error = harness::load(&script).unwrap_err().to_string();
        assert!(error.starts_with("line 2: "), "{what}: {error}");
        assert!(state(path) == before, "{what}, a fixture");
    }
}

#[test]
fn what_touches_no_file_runs_on_every_way_in() {
    for (what, sql) in KEEPS {
        let folder = folder(sql);
        let path = folder.path();
        let before = state(path);
        for arguments in WAYS_IN {
            let (code, text) = rowsafe(path, arguments);
            assert_eq!(code, Some(0), "{what}, {arguments:?}: {text}");
            assert!(state(path) == before, "{what}, {arguments:?}");
        }
    }
}

/// Nothing of a schema runs when it is compared, and what reads its rows is kept in as well.
#[test]
fn a_database_with_a_hostile_schema_reaches_no_other_file() {
    let folder = folder("SELECT 1");
    let path = folder.path();
    let made = Connection::open(path.join("schema.db")).unwrap();
    let dir = path.display();
    let mut script = format!(
        "CREATE TABLE own (id INTEGER PRIMARY KEY, x);
         CREATE VIEW loads AS SELECT load_extension('{dir}/library.so') AS x;
         CREATE VIEW lists AS SELECT * FROM fsdir('{dir}');
         CREATE VIEW logs AS SELECT sqlite_log(1, 'x') AS x;
         CREATE TRIGGER writes AFTER INSERT ON own BEGIN SELECT writefile('{dir}/new.db', 'x'); END;
         CREATE TRIGGER reads AFTER UPDATE ON own BEGIN SELECT readfile('{dir}/victim.db'); END;
         CREATE TRIGGER loads_it AFTER DELETE ON own BEGIN SELECT \
         load_extension('{dir}/library.so'); END;
         PRAGMA writable_schema = ON;\n"
    );
    for module in ["csv", "zipfile"] {
        script += &format!(
            "INSERT INTO sqlite_schema VALUES ('table', '{module}', '{module}', 0, \
             'CREATE VIRTUAL TABLE {module} USING {module}(''{dir}/new.db'')');\n"
        );
    }
    made.execute_batch(&script).unwrap();
    drop(made);
    fs::write(
        path.join("good/2_step.sql"),
        "INSERT INTO own (x) VALUES (1);\nUPDATE own SET x = 2;\nDELETE FROM own;\n",
    )
    .unwrap();
    let before = state(path);
    for arguments in [
        &["diff", "schema.db", "good.sql"][..],
        &["diff", "good.sql", "schema.db"],
        &["diff", "schema.db", "schema.db"],
        &["check", "good", "--base", "schema.db"],
    ] {
        let (code, text) = rowsafe(path, arguments);
        let expected = match arguments {
            ["diff", one, other] => i32::from(one != other),
            _ => 1,
        };
        assert_eq!(code, Some(expected), "{arguments:?}: {text}");
        assert!(!text.contains("\nok: "), "{arguments:?}: {text}");
        assert!(state(path) == before, "{arguments:?}");
    }
}

/// A refused statement fails its step with what it does, and the step counts as not tried even
/// where that finding is accepted.
#[test]
fn a_refused_statement_is_named_with_its_line_and_leaves_a_gap() {
    let folder = folder("ATTACH 'a' || '.db' AS v");
    let path = folder.path();
    let (code, text) = check(path, &["hostile"]);
    assert_eq!(code, Some(1), "{text}");
    insta::assert_snapshot!(text);
    let known = ["hostile", "--baseline", "known.toml"];
    let (code, text) = check(path, &[&known[..], &["--write-baseline"]].concat());
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = check(path, &known);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.ends_with("; not fully tried: `1_step`\n"), "{text}");
    let (code, text) = check(path, &[&known[..], &["--allow-gaps"]].concat());
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("\nincomplete: "), "{text}");
}
