//! The content of a file, its name and arguments cannot forge the command's output.

use migrations::escape::is_unsafe;
use rusqlite::{Connection, params};

use crate::shell::Shell;

/// Every control character except NUL, which ends an argument, characters that mislead a reader,
/// and lines that the command prints or that a CI system obeys.
fn evil() -> String {
    let controls: String = ('\u{1}'..=' ').chain('\u{7f}'..='\u{9f}').collect();
    let marks = "\u{200b}\u{200e}\u{202e}\u{2028}\u{2029}\u{2066}\u{feff}\u{ad}\u{e0041}";
    let lines = "\n::error::forged\r\n  ::stop-commands::x\nbackups: forged\nok: forged\n\
                 ##[error]x\nerror: forged";
    format!("{controls}{marks}{lines}é漢字")
}

/// Checks everything that was printed for one command.
fn check(arguments: &[&str], text: &str) {
    let raw = text.chars().find(|c| *c != '\n' && is_unsafe(*c));
    assert_eq!(raw, None, "{arguments:?}: {text}");
    for line in text.lines() {
        let start = line.trim_start();
        let forged = start.starts_with("::") || line.contains("##[") || line.contains("##vso[");
        assert!(!forged, "{arguments:?}: {line}");
        for words in ["backups: forged", "ok: forged", "error: forged"] {
            assert!(!start.starts_with(words), "{arguments:?}: {line}");
        }
    }
}

/// A file with a foreign ledger, schema, rows and name.
fn file(shell: &Shell, name: &str) {
    let evil = evil();
    let path = shell.path(name);
    let file = Connection::open(&path).unwrap();
    let table = format!("\"{}\"", evil.replace('"', "\"\""));
    file.execute_batch(&format!(
        "CREATE TABLE {table} ({table} TEXT DEFAULT 1); CREATE INDEX \"i{}\" ON {table} ({table})",
        &evil
    ))
    .unwrap();
    let sql = "UPDATE schema_migrations SET name = ?1, applied_by = ?1, applied_at = ?1";
    file.execute(sql, [&evil]).unwrap();
    let sql = "INSERT INTO training_sessions (id, created_at, raw_json) VALUES (?1, ?1, ?1)";
    file.execute(sql, [&evil]).unwrap();
    let sql = "INSERT INTO exercises_index (id, session_id, exercise_name, date_logged)
               VALUES (?1, ?1, ?1, ?1)";
    file.execute(sql, [&evil]).unwrap();
    file.execute(
        "INSERT INTO session_metadata (session_id, user_id) VALUES (?1, ?1)",
        [&evil],
    )
    .unwrap();
}

/// A step that this build does not know, with a foreign way back.
fn newer(shell: &Shell, name: &str) {
    let file = Connection::open(shell.path(name)).unwrap();
    let evil = evil();
    let back = format!(
        "SELECT 1;\n-- {}\nDROP TABLE nothing;",
        evil.replace('\n', "\n-- ")
    );
    let digest = migrations::digest(&back);
    file.execute(
        "CREATE TEMP TABLE one AS SELECT * FROM schema_migrations
         WHERE version = (SELECT max(version) FROM schema_migrations)",
        [],
    )
    .unwrap();
    file.execute(
        "UPDATE one SET version = version + 1, name = ?1, down_sql = ?2, down_digest = ?3,
         down_loses = ?1",
        params![evil, back, digest],
    )
    .unwrap();
    file.execute_batch("INSERT INTO schema_migrations SELECT * FROM one")
        .unwrap();
    let version: i64 = file
        .query_row("SELECT max(version) FROM schema_migrations", [], |row| {
            row.get(0)
        })
        .unwrap();
    file.pragma_update(None, "user_version", version).unwrap();
}

#[test]
fn nothing_that_is_printed_can_be_forged() {
    let evil = evil();
    let name = evil.replace('/', "");
    let mut shell = Shell::new();
    assert_eq!(shell.run(&["init"]), 0);
    std::fs::copy(shell.path("traininglogs.db"), shell.path(&name)).unwrap();
    assert_eq!(shell.run(&["--db", "old.db", "init"]), 0);
    assert_eq!(shell.run(&["--db", "new.db", "init"]), 0);
    assert_eq!(shell.run(&["--db", "drifted.db", "init"]), 0);
    file(&shell, "drifted.db");
    newer(&shell, "new.db");
    let rows = Connection::open(shell.path("old.db")).unwrap();
    for sql in [
        "INSERT INTO training_sessions (id, created_at, raw_json) VALUES (?1, ?1, ?1)",
        "INSERT INTO exercises_index (id, session_id, exercise_name, date_logged)
         VALUES (?1, ?1, ?1, ?1)",
        "INSERT INTO session_metadata (session_id, user_id) VALUES (?1, ?1)",
    ] {
        rows.execute(sql, [&evil]).unwrap();
    }
    drop(rows);
    let document = serde_json::json!({ "exercises": [{ "name": evil }], "date": evil });
    shell.write("session.json", document.to_string());
    shell.write(&format!("{name}.json"), "[1, 2");
    let odd = format!("{name}.json");
    let commands: &[&[&str]] = &[
        // A name.
        &["--db", &name, "status"],
        &["--db", &name, "init"],
        &["--db", &name, "rollback", "--to", "1"],
        &["--db", &name, "backup"],
        &["--db", &name, "migrate"],
        &["--db", &name, "plan"],
        &["--db", &name, "repair"],
        &["--db", &name, "log", &odd],
        &["--db", &name, "adopt", "--at", "1"],
        &["--db", &name, "restore", &odd],
        &["--db", &name, "restore", &name],
        &["--db", &format!("{name}2"), "status"],
        &["--db", &format!("{name}2"), "migrate"],
        &["--db", &format!("{name}/x"), "init"],
        &["--db", &format!("none{name}/x"), "init"],
        &["--db", &format!("file:{name}"), "init"],
        &["--db", &format!("{name}/"), "init"],
        &["--db", &odd, "status"],
        &["restore", &odd],
        &["log", &format!("none{name}")],
        &["last", &evil],
        &[&evil],
        &["last", &evil, &evil],
        &["rollback", "--to", &evil],
        // Rows.
        &["log", "session.json"],
        &["last", &evil],
        &["--db", "old.db", "last", &evil],
        &["--db", "old.db", "plan", "--to", "1", "--rehearse"],
        &["--db", "old.db", "rollback", "--to", "1"],
        &["--db", "old.db", "rollback", "--to", "1", "--accept-loss"],
        &["--db", "old.db", "migrate", "--dry-run"],
        &["--db", "old.db", "migrate", "--strict"],
        &["--db", "old.db", "migrate"],
        // A schema and a ledger.
        &["--db", "drifted.db", "status"],
        &["--db", "drifted.db", "plan", "--to", "1"],
        &["--db", "drifted.db", "plan", "--to", "1", "--sql"],
        &[
            "--db",
            "drifted.db",
            "rollback",
            "--to",
            "1",
            "--accept-loss",
        ],
        &["--db", "drifted.db", "plan", "--to", "1", "--rehearse"],
        // A stored way back.
        &["--db", "new.db", "status"],
        &["--db", "new.db", "migrate"],
        &["--db", "new.db", "plan", "--to", "1"],
        &["--db", "new.db", "plan", "--to", "1", "--sql"],
        &["--db", "new.db", "plan", "--to", "1", "--rehearse"],
        &["--db", "new.db", "rollback", "--to", "1", "--accept-loss"],
    ];
    let mut seen = String::new();
    for format in ["text", "json"] {
        for command in commands {
            let mut arguments = vec!["--format", format];
            arguments.extend(*command);
            let output = shell.command(&arguments).output().unwrap();
            assert!(
                output.status.code().is_some_and(|code| code < 6),
                "{arguments:?}"
            );
            let [out, err] =
                [output.stdout, output.stderr].map(|text| String::from_utf8(text).unwrap());
            if format == "json" {
                assert!(err.is_empty(), "{arguments:?}: {err}");
                let _: serde_json::Value = serde_json::from_str(&out).unwrap();
                check(command, &out);
            } else {
                check(command, &format!("{out}{err}"));
                seen.push_str(&out);
                seen.push_str(&err);
            }
        }
    }
    // Harmless characters are readable, and the others were in the file.
    assert!(seen.matches("é漢字").count() > 40, "{seen}");
    assert!(
        seen.contains(r"\u{1b}") && seen.contains(r"\u{202e}") && seen.contains(r"\n\u{3a}:")
            || seen.contains(r"\n::error::forged"),
        "{seen}"
    );
}
