//! Objects that only the application registers, and statements that act otherwise on a file.

use std::fs;
use std::path::Path;

use tempfile::TempDir;

use super::check;

/// A folder `m` with these files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("m")).unwrap();
    for (name, text) in files {
        fs::write(folder.path().join("m").join(name), text).unwrap();
    }
    folder
}

fn run(path: &Path, layout: &str, more: &[&str]) -> (Option<i32>, String) {
    check(path, &[&["m", "--layout", layout], more].concat())
}

#[test]
fn a_collation_of_the_application_is_a_gap_and_later_steps_are_checked() {
    let folder = folder(&[
        (
            "1_make.sql",
            "CREATE TABLE tag (name TEXT PRIMARY KEY COLLATE bycase, used INTEGER NOT NULL);\n",
        ),
        ("2_fill.sql", "INSERT INTO tag VALUES (char(97), 1);\n"),
        ("3_lose.sql", "DELETE FROM tag;\n"),
    ]);
    let path = folder.path();
    let (code, text) = run(path, "plain", &["--to", "2"]);
    assert_eq!(code, Some(2), "{text}");
    let gap = "\n  gap: 1_make.sql:1: `bycase` is a collation that the application registers; \
               BINARY is used instead, and the option `stub-collation` accepts or replaces it\n";
    assert_eq!(text.matches("registers").count(), 1, "{text}");
    assert!(text.contains(gap), "{text}");
    assert!(!text.contains("step-fails"), "{text}");
    assert_eq!(
        run(path, "plain", &["--to", "2", "--allow-gaps"]).0,
        Some(0)
    );
    let (code, text) = run(path, "plain", &["--to=2", "--stub-collation=bycase=nocase"]);
    assert_eq!(code, Some(0), "{text}");
    let (_, text) = run(path, "plain", &["--stub-collation=bycase=binary"]);
    assert!(text.contains("rows-lost"), "{text}");
}

#[test]
fn a_collation_in_a_rebuild_is_no_obstacle() {
    let folder = folder(&[
        (
            "0001_init.sql",
            "CREATE TABLE deck(id INTEGER PRIMARY KEY, name TEXT NOT NULL COLLATE unicase);\n\
             CREATE UNIQUE INDEX deck_name ON deck(name);\n",
        ),
        (
            "0002_col.sql",
            "CREATE TABLE deck2(id INTEGER PRIMARY KEY, name TEXT NOT NULL COLLATE unicase, k \
             TEXT);\nINSERT INTO deck2(id,name) SELECT id, \'gone\'||id FROM deck;\nDROP TABLE \
             deck;\nALTER TABLE deck2 RENAME TO deck;\nCREATE UNIQUE INDEX deck_name ON \
             deck(name);\n",
        ),
    ]);
    let (code, text) = run(folder.path(), "sqlx", &["--notes"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("`unicase` is a collation"), "{text}");
    assert!(text.contains("values-changed  deck.name"), "{text}");
    assert!(!text.contains("step-fails"), "{text}");
}

#[test]
fn a_function_may_return_the_value_of_an_expression() {
    let folder = folder(&[
        (
            "1_make.sql",
            "CREATE TABLE note (id INTEGER PRIMARY KEY, slug TEXT NOT NULL);\n",
        ),
        (
            "2_slug.sql",
            "UPDATE note SET slug = slug(slug, 1);\nCREATE TABLE t (n CHECK (n = \'Ab1\'));\n\
             INSERT INTO t VALUES (slug(\'A\', 1));\n",
        ),
    ]);
    let path = folder.path();
    let (code, text) = run(path, "plain", &[]);
    assert_eq!(code, Some(2), "{text}");
    let skipped = "2_slug.sql:1: the statement fails on NULL, which `slug` returns here";
    assert!(text.contains(skipped), "{text}");
    let (code, text) = run(
        path,
        "plain",
        &["--stub-function", "slug/2=?1 || \'b\' || ?2"],
    );
    assert_eq!(code, Some(0), "{text}");
    let wrong = ["--stub-function", "slug/2=?1 || \'c\'"];
    let (code, text) = run(path, "plain", &wrong);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("CHECK constraint failed"), "{text}");
}

#[test]
fn a_module_is_an_ordinary_table_and_its_supplier_is_named() {
    let folder = folder(&[
        (
            "1_make.sql",
            "CREATE VIRTUAL TABLE vec USING vec0(id integer primary key, e float[4]);\n\
             CREATE VIRTUAL TABLE words USING fts5(body, tokenize = \'stems 2\');\n",
        ),
        (
            "2_rename.sql",
            "ALTER TABLE vec RENAME TO vectors;\nINSERT INTO vectors (id, e) VALUES (1, \'[1]\');\n\
             SELECT * FROM vectors WHERE e MATCH \'[1]\';\n",
        ),
    ]);
    let path = folder.path();
    let (code, text) = run(path, "plain", &[]);
    assert_eq!(code, Some(2), "{text}");
    for gap in [
        "1_make.sql:1: `vec0` is a module from sqlite-vec that the application registers; an \
         ordinary table",
        "1_make.sql:2: `stems` is a tokenizer that the application registers; `unicode61` is used",
        "2_rename.sql:3: the statement fails on the ordinary table that is used instead of the \
         virtual table `vectors`",
    ] {
        assert_eq!(text.matches(gap).count(), 1, "{gap}\n{text}");
    }
    assert!(!text.contains("step-fails"), "{text}");
    let declared = ["--stub-module=vec0", "--stub-module=stems", "--to=1"];
    assert_eq!(run(path, "plain", &declared).0, Some(0));
}

#[test]
fn wal_in_a_transaction_is_an_error_with_the_remedy_of_the_tool() {
    let sql = "PRAGMA journal_mode = WAL;\nCREATE TABLE a(id INTEGER PRIMARY KEY);\n";
    let dbmate =
        |mark: &str| format!("-- migrate:up{mark}\n{sql}\n-- migrate:down{mark}\nDROP TABLE a;\n");
    let name = "20240101000000_init.sql";
    let inside = folder(&[(name, &dbmate(""))]);
    let (code, text) = run(inside.path(), "dbmate", &[]);
    assert_eq!(code, Some(1), "{text}");
    for part in [
        "error    step-fails  journal_mode  20240101000000_init.sql:2\n",
        "cannot change into wal mode from within a transaction",
        "write `transaction:false` after `-- migrate:up`",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let outside = folder(&[(name, &dbmate(" transaction:false"))]);
    let (code, text) = run(outside.path(), "dbmate", &[]);
    assert_eq!(code, Some(0), "{text}");
}
