//! The command as a user runs it.

use std::fmt::Write as _;
use std::io;
use std::process::Stdio;

use crate::shell::Shell;

const VERSION_1: &str = include_str!("../../versions/0001_training_sessions/up.sql");

fn document(day: usize, exercises: &[&str]) -> String {
    let exercises: Vec<String> = exercises
        .iter()
        .map(|name| format!(r#"{{"name":"{name}"}}"#))
        .collect();
    format!(
        r#"{{"date":"2025-01-{day:02}","exercises":[{}]}}"#,
        exercises.join(",")
    )
}

#[test]
fn the_whole_story() {
    let mut shell = Shell::new();
    assert_eq!(shell.run(&["init"]), 0);
    assert_eq!(shell.run(&["init"]), 0);
    for day in 1..=9 {
        let exercises = if day % 3 == 0 {
            ["Squat", "Row"]
        } else {
            ["Deadlift", "Row"]
        };
        shell.write("session.json", document(day, &exercises));
        assert_eq!(shell.run(&["log", "session.json"]), 0);
    }
    let last = document(10, &["Bench Press"]);
    let arguments = [
        "log",
        "-",
        "--duration-minutes",
        "50",
        "--user",
        "ann",
        "--device",
        "watch",
    ];
    assert_eq!(shell.run_with(&arguments, last.as_bytes()), 0);
    assert_eq!(shell.run(&["last", "Squat"]), 0);
    shell.refuses(&["rollback", "--to", "1"]);
    assert_eq!(shell.run(&["rollback", "--to", "1", "--accept-loss"]), 0);
    assert_eq!(shell.run(&["status"]), 0);
    shell.refuses(&["last", "Squat"]);
    shell.refuses(&["init"]);
    shell.refuses(&["migrate", "--from-version", "2"]);
    assert_eq!(shell.run(&["migrate", "--from-version", "1"]), 0);
    assert_eq!(shell.run(&["last", "Squat"]), 0);
    assert_eq!(shell.run(&["migrate"]), 0);
    assert_eq!(shell.run(&["status"]), 0);
    insta::assert_snapshot!("the_whole_story", shell.transcript());
}

#[test]
fn a_file_without_ledger_is_adopted() {
    let mut shell = Shell::new();
    let rows = r#"
        INSERT INTO training_sessions VALUES
          ('a', '2024-05-01T10:00:00Z', '{"date":"2024-05-01","exercises":[{"name":"Squat"}]}'),
          ('b', '2024-05-02T10:00:00Z', '{"date":"2024-05-02","exercises":["Squat"]}'),
          ('it''s', '2024-05-03T10:00:00Z', 'squats, five of them');"#;
    shell.database("old.db", &format!("{VERSION_1}{rows}"));
    shell.refuses(&["--db", "old.db", "migrate"]);
    shell.refuses(&["--db", "old.db", "migrate", "--from-version", "2"]);
    shell.refuses(&[
        "--db",
        "old.db",
        "migrate",
        "--from-version",
        "1",
        "--strict",
        "--no-backup",
    ]);
    let before = shell.files();
    assert_eq!(
        shell.run(&[
            "--db",
            "old.db",
            "migrate",
            "--from-version",
            "1",
            "--to",
            "2",
            "--dry-run"
        ]),
        0
    );
    assert!(before == shell.files());
    assert_eq!(
        shell.run(&["--db", "old.db", "migrate", "--from-version", "1"]),
        0
    );
    assert_eq!(shell.run(&["--db", "old.db", "last", "Squat"]), 0);
    assert_eq!(shell.run(&["--db", "old.db", "status"]), 0);
    insta::assert_snapshot!("adopted", shell.transcript());
}

#[test]
fn plans_write_nothing() {
    let mut shell = Shell::new();
    assert_eq!(shell.run(&["init"]), 0);
    assert_eq!(shell.run(&["rollback", "--to", "3"]), 0);
    shell.write("session.json", document(1, &["Squat"]));
    let before = shell.files();
    assert_eq!(shell.run(&["plan", "--to", "4"]), 0);
    assert_eq!(shell.run(&["migrate", "--to", "4", "--dry-run"]), 0);
    assert_eq!(shell.run(&["plan", "--to", "2"]), 0);
    assert_eq!(shell.run(&["plan", "--to", "3"]), 0);
    shell.refuses(&["plan", "--to", "99"]);
    shell.refuses(&["migrate", "--to", "2"]);
    shell.refuses(&["migrate", "--to", "2", "--dry-run"]);
    shell.refuses(&["rollback", "--to", "4"]);
    assert_eq!(shell.run(&["rollback", "--to", "3"]), 0);
    assert!(before == shell.files());
    insta::assert_snapshot!("plans", shell.transcript());
}

#[test]
fn going_back_names_the_rows_at_risk() {
    let mut shell = Shell::new();
    assert_eq!(shell.run(&["init"]), 0);
    shell.write("session.json", document(1, &["Squat"]));
    for minutes in ["30", "40"] {
        assert_eq!(
            shell.run(&["log", "session.json", "--duration-minutes", minutes]),
            0
        );
    }
    assert_eq!(shell.run(&["rollback", "--to", "3"]), 0);
    assert_eq!(shell.run(&["plan", "--to", "2", "--rehearse"]), 0);
    shell.refuses(&["rollback", "--to", "2"]);
    insta::assert_snapshot!("at_risk", shell.transcript());
}

/// A file in WAL mode has rows that a plain copy lacks; the rehearsal's copy must have them.
#[test]
fn a_dry_run_reads_a_file_under_wal() {
    let mut shell = Shell::new();
    assert_eq!(shell.run(&["init"]), 0);
    assert_eq!(shell.run(&["rollback", "--to", "1"]), 0);
    let connection = rusqlite::Connection::open(shell.path("traininglogs.db")).unwrap();
    connection
        .pragma_update(None, "journal_mode", "wal")
        .unwrap();
    connection
        .execute(
            "INSERT INTO training_sessions VALUES ('a', '', 'broken')",
            [],
        )
        .unwrap();
    assert_eq!(shell.run(&["migrate", "--dry-run"]), 0);
    assert!(
        shell
            .transcript()
            .contains("left as it is: training_sessions 'a'")
    );
}

/// Many processes may start at once; none fails.
#[test]
fn many_make_the_file_at_once() {
    let shell = Shell::new();
    let children: Vec<_> = (0..8)
        .map(|_| {
            shell
                .command(&["init"])
                .stdout(Stdio::null())
                .spawn()
                .unwrap()
        })
        .collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let mut shell = shell;
    assert_eq!(shell.run(&["status"]), 0);
    assert!(
        shell
            .transcript()
            .contains("version [current] of [current]: up to date")
    );
}

/// An empty file counts as missing.
#[test]
fn an_empty_file_is_filled() {
    let mut shell = Shell::new();
    shell.write("traininglogs.db", "");
    assert_eq!(shell.run(&["status"]), 0);
    assert_eq!(shell.run(&["migrate", "--dry-run"]), 0);
    assert_eq!(
        shell.files().values().next().unwrap().as_deref(),
        Some(&b""[..])
    );
    assert_eq!(shell.run(&["init"]), 0);
}

#[test]
fn a_closed_pipe_is_no_error() {
    let mut shell = Shell::new();
    assert_eq!(shell.run(&["init"]), 0);
    for arguments in [
        &["status"][..],
        &["plan", "--to", "1"],
        &["rollback", "--to", "1"],
    ] {
        let (reader, writer) = io::pipe().unwrap();
        drop(reader);
        let output = shell.command(arguments).stdout(writer).output().unwrap();
        let complaints = String::from_utf8(output.stderr).unwrap();
        assert!(
            output.status.success() && complaints.is_empty(),
            "{complaints}"
        );
    }
    assert_eq!(shell.run(&["migrate", "--from-version", "1"]), 0);
    assert!(shell.transcript().contains("version 1 to [current]"));
}

#[test]
fn a_command_line_that_makes_no_sense_is_reported() {
    let shell = Shell::new();
    for arguments in [
        &[][..],
        &["rollback"],
        &["migrate", "--to", "five"],
        &["log", "-", "--duration-minutes", "-5"],
    ] {
        assert_eq!(
            shell.command(arguments).output().unwrap().status.code(),
            Some(2)
        );
    }
    assert!(shell.files().is_empty());
}

#[test]
fn a_comment_in_a_kept_step_is_repaired() {
    let mut shell = Shell::new();
    assert_eq!(shell.run(&["init"]), 0);
    assert_eq!(shell.run(&["repair"]), 0);
    // As if a build with a different comment had written the ledger.
    let file = rusqlite::Connection::open(shell.path("traininglogs.db")).unwrap();
    let changed = file
        .execute(
            "UPDATE schema_migrations SET down_sql = '-- older words' || char(10) || down_sql
             WHERE version = 4",
            [],
        )
        .unwrap();
    assert_eq!(changed, 1);
    assert_eq!(shell.run(&["repair"]), 0);
    assert_eq!(shell.run(&["migrate"]), 0);
    let text = shell.transcript();
    assert!(
        text.contains("recorded again: 0004_session_created_index/down.sql"),
        "{text}"
    );
    assert!(text.contains("there is nothing to do"), "{text}");
}

/// The work is done before its result is printed; a full disk for the output is no reason to report
/// a failure of the work.
#[cfg(target_os = "linux")]
#[test]
fn output_that_cannot_be_written_is_reported() {
    let mut shell = Shell::new();
    assert_eq!(shell.run(&["init"]), 0);
    let full = std::fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    shell.write("session.json", document(1, &["Squat"]));
    let mut printed = String::new();
    let verbs: [&[&str]; 10] = [
        &["backup"],
        &["rollback", "--to", "1"],
        &["plan"],
        &["migrate"],
        &["migrate"],
        &["log", "session.json"],
        &["last", "Squat"],
        &["repair"],
        &["init"],
        &["--db", "other.db", "init"],
    ];
    for format in ["text", "json"] {
        for arguments in verbs {
            let mut arguments = arguments.to_vec();
            arguments.extend(["--format", format]);
            let full = full.try_clone().unwrap();
            let output = shell.command(&arguments).stdout(full).output().unwrap();
            assert_eq!(output.status.code(), Some(5), "{arguments:?}");
            let complaint = String::from_utf8(output.stderr).unwrap();
            let mut lines = complaint.lines();
            let first = "error: the result could not be printed; the work itself is done";
            assert_eq!(lines.next(), Some(first));
            assert!(lines.next().unwrap().starts_with("  because: "));
            let _ = writeln!(
                printed,
                "{}: {}",
                arguments.join(" "),
                lines.next().unwrap()
            );
            let hint = lines.next().unwrap();
            assert!(hint.starts_with("hint: see `traininglogs ") && hint.ends_with("status`"));
        }
    }
    insta::assert_snapshot!("output_that_cannot_be_written", shell.normalize(&printed));
    // All work was done.
    assert_eq!(shell.run(&["--db", "other.db", "last", "Squat"]), 1);
    assert_eq!(shell.run(&["last", "Squat"]), 0);
    // An error stays the same error; without standard output it is on standard error.
    for format in ["text", "json"] {
        let full = full.try_clone().unwrap();
        let arguments = ["rollback", "--to", "99", "--format", format];
        let output = shell.command(&arguments).stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert!(complaint.starts_with("error: "), "{complaint}");
    }
    let output = shell.command(&["--help"]).stdout(full).output().unwrap();
    assert_eq!(output.status.code(), Some(5));
}
