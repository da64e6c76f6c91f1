//! `plan --sql`: a script with the same result as the engine's run.

use std::fs;
use std::process::{Command, Stdio};

use rusqlite::Connection;
use traininglogs::{CURRENT_VERSION, inconsistencies};

use crate::shell::Shell;

const SESSION: &str = r#"{"date":"2025-01-02","exercises":[{"name":"Squat"},{"name":"Row"}]}"#;

/// A shell with a file of `version` that contains two sessions, one of them with further data.
fn at(version: u32) -> Shell {
    let mut shell = Shell::new();
    assert_eq!(shell.run(&["init"]), 0);
    for more in [&[][..], &["--duration-minutes", "50", "--user", "ann"]] {
        let arguments = [&["log", "-"], more].concat();
        assert_eq!(shell.run_with(&arguments, SESSION.as_bytes()), 0);
    }
    go_back(&mut shell, version);
    shell
}

fn go_back(shell: &mut Shell, version: u32) {
    let version = version.to_string();
    let arguments = ["rollback", "--to", &version, "--accept-loss", "--no-backup"];
    assert_eq!(shell.run(&arguments), 0);
}

/// The script that `plan --sql` prints, without any other output.
fn script(shell: &Shell, target: u32) -> String {
    let before = shell.files();
    let output = shell
        .command(&["plan", "--sql", "--to", &target.to_string()])
        .output()
        .unwrap();
    assert!(before == shell.files());
    let complaint = String::from_utf8(output.stderr).unwrap();
    assert!(output.status.success(), "{complaint}");
    String::from_utf8(output.stdout).unwrap()
}

/// The whole content of the file, except the time and origin of its migrations.
fn content(shell: &Shell, name: &str) -> Vec<String> {
    let connection = Connection::open(shell.path(name)).unwrap();
    let mut lines = Vec::new();
    for pragma in ["user_version", "application_id"] {
        let value: i64 = connection
            .pragma_query_value(None, pragma, |row| row.get(0))
            .unwrap();
        lines.push(format!("{pragma} {value}"));
    }
    let mut tables = connection
        .prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type, name")
        .unwrap();
    let tables = tables
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?)))
        .unwrap()
        .collect::<Result<Vec<(String, String)>, _>>()
        .unwrap();
    for (name, sql) in tables {
        if sql.starts_with("CREATE TABLE") {
            let mut rows = connection
                .prepare(&format!("SELECT * FROM {name}"))
                .unwrap();
            let columns: Vec<String> = rows.column_names().into_iter().map(str::to_owned).collect();
            let mut rows = rows.query([]).unwrap();
            while let Some(row) = rows.next().unwrap() {
                // Origin and time, and values that only a run can compute.
                let kept = columns.iter().filter(|column| {
                    !column.starts_with("applied_") && *column != "schema_fingerprint"
                });
                let values = kept.map(|c| format!("{c} {:?}", row.get_ref(c.as_str()).unwrap()));
                lines.push(format!("{name}: {}", values.collect::<Vec<_>>().join(", ")));
            }
        }
        lines.push(sql);
    }
    lines
}

#[test]
fn a_script_does_what_the_command_does() {
    let last = CURRENT_VERSION;
    let up = (2..last).flat_map(|from| (from + 1..=last).map(move |to| (from, to)));
    let down = (1..=last).flat_map(|from| (0..from).map(move |to| (from, to)));
    for (from, to) in up.chain(down).chain([(0, 1)]) {
        let mut shell = at(from);
        let sql = script(&shell, to);
        fs::copy(shell.path("traininglogs.db"), shell.path("script.db")).unwrap();
        let connection = Connection::open(shell.path("script.db")).unwrap();
        connection.execute_batch(&sql).unwrap();
        drop(connection);

        if to > from {
            let target = to.to_string();
            assert_eq!(shell.run(&["migrate", "--to", &target, "--no-backup"]), 0);
        } else {
            go_back(&mut shell, to);
        }
        assert_eq!(
            content(&shell, "script.db"),
            content(&shell, "traininglogs.db"),
            "{from} to {to}"
        );
        // The engine accepts the result, and continues with it, up and back.
        let before = fs::read(shell.path("script.db")).unwrap();
        if to == last {
            assert_eq!(shell.run(&["--db", "script.db", "migrate"]), 0);
            assert_eq!(shell.run(&["--db", "script.db", "last", "Squat"]), 0);
            assert!(before == fs::read(shell.path("script.db")).unwrap());
        }
        let back = [
            "--db",
            "script.db",
            "rollback",
            "--to",
            "0",
            "--accept-loss",
        ];
        assert_eq!(shell.run(&back), 0);
        assert_eq!(shell.run(&["--db", "script.db", "migrate"]), 0);
        let connection = Connection::open(shell.path("script.db")).unwrap();
        assert!(inconsistencies(&connection, last).unwrap().is_empty());
    }
}

#[test]
fn a_script_as_it_is_printed() {
    let mut shell = at(3);
    let start = shell.transcript().len();
    assert_eq!(shell.run(&["plan", "--sql", "--to", "4"]), 0);
    assert_eq!(shell.run(&["plan", "--sql", "--to", "2"]), 0);
    assert_eq!(shell.run(&["plan", "--sql", "--to", "3"]), 0);
    go_back(&mut shell, 1);
    shell.refuses(&["plan", "--sql"]);
    insta::assert_snapshot!("scripts", &shell.transcript()[start..]);
}

/// On a file at a different version it fails before it writes.
#[test]
fn a_script_checks_where_the_file_is() {
    let mut shell = at(3);
    let sql = script(&shell, 5);
    go_back(&mut shell, 2);
    let before = shell.files();
    let run = |what: &str| {
        let connection = Connection::open(shell.path("traininglogs.db")).unwrap();
        let error = connection.execute_batch(&sql).unwrap_err().to_string();
        assert_eq!(error, format!("CHECK constraint failed: {what}"));
    };
    run("the file is at version 3");
    assert!(before == shell.files());
    shell.database("traininglogs.db", "PRAGMA user_version = 3");
    run("the ledger ends at version 3");
    shell.database("traininglogs.db", "DELETE FROM schema_migrations");
    run("the ledger ends at version 3");
}

/// A row whose parent goes meanwhile stops the script; one whose parent was missing before does
/// not.
#[test]
fn a_script_checks_foreign_keys() {
    let shell = at(4);
    let orphan = "INSERT INTO exercises_index VALUES ('x', 'nobody', 'Squat', NULL);";
    shell.database(
        "traininglogs.db",
        &format!("PRAGMA foreign_keys = OFF; {orphan}"),
    );
    let sql = script(&shell, 5);
    let more = sql.replace(
        "PRAGMA user_version = 5;",
        "DELETE FROM training_sessions; PRAGMA user_version = 5;",
    );
    assert_ne!(sql, more);
    let connection = Connection::open(shell.path("traininglogs.db")).unwrap();
    let error = connection.execute_batch(&more).unwrap_err().to_string();
    let said = "CHECK constraint failed: no row lost the row that it points at";
    assert_eq!(error, said);
    drop(connection);
    let connection = Connection::open(shell.path("traininglogs.db")).unwrap();
    connection.execute_batch(&sql).unwrap();
}

/// Runs the script with the `sqlite3` shell, if the machine has one.
#[test]
fn a_script_runs_in_the_shell_of_sqlite() {
    let shell = at(2);
    fs::write(shell.path("up.sql"), script(&shell, CURRENT_VERSION)).unwrap();
    let run = || {
        let script = fs::File::open(shell.path("up.sql")).unwrap();
        let mut command = Command::new("sqlite3");
        command.current_dir(shell.path("")).arg("-bail");
        let command = command.arg("traininglogs.db").stdin(script);
        command.stderr(Stdio::null()).status()
    };
    let Ok(status) = run() else { return };
    assert!(status.success());
    let mut shell = shell;
    assert_eq!(shell.run(&["last", "Squat"]), 0);
    // A second run is refused, and nothing is written.
    let before = shell.files();
    let script = fs::File::open(shell.path("up.sql")).unwrap();
    let mut command = Command::new("sqlite3");
    command.current_dir(shell.path("")).arg("-bail");
    let command = command.arg("traininglogs.db").stdin(script);
    let status = command.stderr(Stdio::null()).status().unwrap();
    assert!(!status.success());
    assert!(before == shell.files());
}
