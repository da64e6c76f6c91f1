//! `rowsafe diff` as a person runs it.

use std::fs;
use std::path::Path;
use std::process::Command;

use rusqlite::Connection;
use tempfile::TempDir;

const OLD: &str = "CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL, label TEXT);\n\
                   CREATE INDEX note_body ON note (body);\n";
const NEW: &str = "CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL CHECK (body <> \
    ''), title TEXT);\n\
                   CREATE TABLE tag (name TEXT PRIMARY KEY) WITHOUT ROWID;\n";

fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join(name);
        if name.ends_with(".db") {
            Connection::open(path).unwrap().execute_batch(text).unwrap();
        } else {
            fs::write(path, text).unwrap();
        }
    }
    folder
}

/// Runs `diff` in `folder`: its exit code, and what it prints on both.
fn diff(folder: &Path, arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_rowsafe"))
        .arg("diff")
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    let text = String::from_utf8(text).unwrap();
    (output.status.code().unwrap(), text)
}

#[test]
fn a_database_and_a_script_are_compared() {
    let folder = folder(&[("old.db", OLD), ("new.sql", NEW)]);
    let (code, text) = diff(folder.path(), &["old.db", "new.sql"]);
    insta::assert_snapshot!(text);
    assert_eq!(code, 1);
    let declared = [
        "old.db",
        "new.sql",
        "--rename",
        "note.label=title",
        "--ignore-table",
        "tag",
    ];
    let (code, text) = diff(folder.path(), &declared);
    insta::assert_snapshot!(text);
    assert_eq!(code, 1);
    let (_, text) = diff(
        folder.path(),
        &["old.db", "new.sql", "--rename", "nosuch=other"],
    );
    assert!(
        text.ends_with("hint: `--rename nosuch=other` matches no table or column\n"),
        "{text}"
    );
}

#[test]
fn the_same_schema_is_told_whatever_its_text() {
    let other =
        "create table \"note\" (\n  id integer primary key, -- the rowid\n  body text not null\n);
                 ALTER TABLE note ADD COLUMN label text; CREATE INDEX note_body ON note(body ASC);
                 INSERT INTO note VALUES (1, 'a', NULL);";
    let folder = folder(&[("old.sql", OLD), ("other.db", other)]);
    let (code, text) = diff(folder.path(), &["old.sql", "other.db"]);
    assert_eq!(
        (code, &*text),
        (0, "`old.sql` and `other.db` have the same schema\n")
    );
    let (code, text) = diff(folder.path(), &["other.db", "old.sql", "--format", "json"]);
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(code, 0);
    assert_eq!(document["changes"], serde_json::json!([]));
    assert_eq!(document["fingerprints"][0], document["fingerprints"][1]);
}

#[test]
fn changes_are_given_as_json() {
    let folder = folder(&[("old.sql", OLD), ("new.sql", NEW)]);
    let (code, text) = diff(folder.path(), &["old.sql", "new.sql", "--format=json"]);
    let document: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(code, 1);
    let changes = document["changes"].as_array().unwrap();
    let index = changes
        .iter()
        .find(|change| change["object"] == "index")
        .unwrap();
    assert_eq!(
        (&index["kind"], &index["name"]),
        (&"drop".into(), &"note_body".into())
    );
    assert_ne!(document["fingerprints"][0], document["fingerprints"][1]);
}

#[test]
fn columns_in_another_order_count_unless_told_otherwise() {
    let folder = folder(&[
        ("a.sql", "CREATE TABLE t (a, b);"),
        ("b.sql", "CREATE TABLE t (b, a);"),
    ]);
    let (code, text) = diff(folder.path(), &["a.sql", "b.sql"]);
    assert_eq!(code, 1, "{text}");
    let (code, _) = diff(folder.path(), &["a.sql", "b.sql", "--ignore-column-order"]);
    assert_eq!(code, 0);
}

/// A dump of the shell writes virtual tables so.
#[test]
fn a_dump_with_a_virtual_table_is_read() {
    let dump = "PRAGMA foreign_keys=OFF;\nBEGIN TRANSACTION;\nPRAGMA writable_schema=ON;
        INSERT INTO sqlite_schema(type,name,tbl_name,rootpage,sql)VALUES('table','words','words',0,
            'CREATE VIRTUAL TABLE words USING fts5(text)');
        CREATE TABLE IF NOT EXISTS 'words_data'(id INTEGER PRIMARY KEY, block BLOB);
        CREATE TABLE IF NOT EXISTS 'words_idx'(segid, term, pgno, PRIMARY KEY(segid, term)) \
        WITHOUT ROWID;
        CREATE TABLE IF NOT EXISTS 'words_content'(id INTEGER PRIMARY KEY, c0);
        CREATE TABLE IF NOT EXISTS 'words_docsize'(id INTEGER PRIMARY KEY, sz BLOB);
        CREATE TABLE IF NOT EXISTS 'words_config'(k PRIMARY KEY, v) WITHOUT ROWID;
        INSERT INTO words_data VALUES(1,X'');\nINSERT INTO words_data VALUES(10,X'00000000000000');
        INSERT INTO words_config VALUES('version',4);
        PRAGMA writable_schema=OFF;\nCOMMIT;\n";
    let made = "CREATE VIRTUAL TABLE words USING fts5(text);";
    let folder = folder(&[("dump.sql", dump), ("made.db", made)]);
    let (code, text) = diff(folder.path(), &["dump.sql", "made.db"]);
    assert_eq!(code, 0, "{text}");
}

#[test]
fn nothing_is_written_beside_a_database() {
    let folder = folder(&[("a.sql", OLD)]);
    let odd = folder.path().join("50% off? #1.db");
    for journal in ["DELETE", "WAL"] {
        let script = format!("PRAGMA journal_mode = {journal}; DROP TABLE IF EXISTS note; {OLD}");
        Connection::open(&odd)
            .unwrap()
            .execute_batch(&script)
            .unwrap();
        let before = fs::read(&odd).unwrap();
        let (code, text) = diff(folder.path(), &["a.sql", "50% off? #1.db"]);
        assert_eq!(code, 0, "{text}");
        assert_eq!(fs::read(&odd).unwrap(), before);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "{journal}");
    }
    // Changes that are only in the log are seen, too.
    let writer = Connection::open(&odd).unwrap();
    writer.execute_batch("CREATE TABLE late (x)").unwrap();
    let (code, text) = diff(folder.path(), &["a.sql", "50% off? #1.db"]);
    assert_eq!(code, 1);
    assert!(text.contains("ADD TABLE late"), "{text}");
}

#[test]
fn unreadable_input_is_an_error() {
    let folder = folder(&[
        ("good.sql", OLD),
        ("typo.sql", "CREATE TABLE a (x);\n\n  CREATE TABEL b (y);\n"),
        (
            "other.sql",
            "ATTACH 'stolen.db' AS s; CREATE TABLE s.t (x);",
        ),
        ("code.sql", "SELECT load_extension('evil');"),
        ("noise.sql", "CREATE\0TABLE"),
        ("cut.db", ""),
    ]);
    let magic = b"SQLite format 3\0 and then nothing of the kind, for more than a hundred bytes, \
        which is the \
                  length of a header, so that it is read";
    fs::write(folder.path().join("torn.db"), magic).unwrap();
    let mut printed = String::new();
    for name in [
        "typo.sql",
        "other.sql",
        "code.sql",
        "noise.sql",
        "torn.db",
        "nowhere.db",
        ".",
    ] {
        let (code, text) = diff(folder.path(), &["good.sql", name]);
        assert_eq!(code, 2, "{name}: {text}");
        printed.push_str(&text);
        printed.push('\n');
    }
    insta::assert_snapshot!(printed);
    assert!(!folder.path().join("stolen.db").exists());
    // A file of no bytes is an empty database, and an empty script.
    let (code, _) = diff(folder.path(), &["cut.db", "good.sql"]);
    assert_eq!(code, 1);
    let (code, _) = diff(folder.path(), &["good.sql"]);
    assert_eq!(code, 2, "a command line that makes no sense");
}

/// A name is the name of a file, whatever SQLite would make of it, and whether it is text or not.
#[test]
fn any_name_is_the_name_of_a_file() {
    let names = [
        ":memory:",
        "file:a.db",
        "a?mode=memory",
        "a#b",
        "50%41.db",
        " ",
        "a\\b",
        "é",
    ];
    let mut names: Vec<std::ffi::OsString> = names.iter().map(std::ffi::OsString::from).collect();
    #[cfg(target_os = "linux")]
    {
        use std::os::unix::ffi::OsStringExt;
        names.push(std::ffi::OsString::from_vec(b"a\xff.db".to_vec()));
    }
    for name in names {
        let folder = folder(&[("old.db", OLD), ("old.sql", OLD)]);
        fs::rename(folder.path().join("old.db"), folder.path().join(&name)).unwrap();
        for (other, code) in [("old.sql", 0), ("none.sql", 2)] {
            let output = Command::new(env!("CARGO_BIN_EXE_rowsafe"))
                .arg("diff")
                .args([&name, &std::ffi::OsString::from(other)])
                .current_dir(folder.path())
                .output()
                .unwrap();
            assert_eq!(output.status.code(), Some(code), "{name:?} {output:?}");
        }
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 2, "{name:?}");
    }
}
