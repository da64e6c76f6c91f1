//! An older build can go back: a program whose catalogue ends at version 3, with files of the
//! current version.

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;

use migrations::{Entry, LEDGER_TABLE};
use rusqlite::Connection;
use traininglogs::{CURRENT_VERSION, inconsistencies};

use crate::processes::{Ended, assert_same, copy, example, file_of_version_1};
use crate::shell::Shell;

const SESSIONS: usize = 300;

fn older_build(shell: &Shell, arguments: &[&str]) -> Ended {
    let mut command = example("build_of_version_3");
    command.current_dir(shell.path("")).args(arguments);
    Ended::of(command.output().unwrap())
}

fn older_build_refuses(shell: &Shell, arguments: &[&str]) -> String {
    let before = databases(shell);
    let complaint = older_build(shell, arguments).refused();
    assert!(before == databases(shell), "{arguments:?} changed a file");
    complaint
}

/// Every file with its bytes, except backups, which may be taken before the command finds nothing
/// to do.
fn databases(shell: &Shell) -> BTreeMap<PathBuf, Option<Vec<u8>>> {
    let mut files = shell.files();
    files.retain(|path, _| path.extension() != Some("backup".as_ref()));
    files
}

/// A shell with a file at the current version, whose sessions have no further data.
fn shell() -> Shell {
    let mut shell = Shell::new();
    file_of_version_1(&shell.path("logs.db"), SESSIONS, "delete");
    assert_eq!(shell.run(&["--db", "logs.db", "migrate"]), 0);
    shell
}

fn sql(shell: &Shell, sql: &str) {
    let connection = Connection::open(shell.path("logs.db")).unwrap();
    assert_eq!(connection.execute(sql, []).unwrap(), 1, "{sql}");
}

#[test]
fn an_older_build_refuses_goes_back_and_the_current_one_comes_again() {
    let mut shell = shell();
    copy(&shell.path("logs.db"), &shell.path("reference.db"));

    let complaint = older_build_refuses(&shell, &["open", "logs.db"]);
    let complaint = complaint.replace(&format!("version {CURRENT_VERSION},"), "version [current],");
    insta::assert_snapshot!(complaint, @"
    error: the file is at version [current], this build knows versions up to 3
    the file is as it was
    hint: update the application
    hint: or go back with this build: `rollback --to 3`
    ");
    let log = [
        "log",
        "logs.db",
        "of version 3",
        r#"{"exercises":[{"name":"Dip"}]}"#,
    ];
    older_build_refuses(&shell, &log);

    // The older build does not know that the next upgrade makes these rows again.
    let complaint = older_build_refuses(&shell, &["rollback", "logs.db"]);
    insta::assert_snapshot!("an_undeclared_loss_on_the_way_back", complaint);
    let back = ["rollback", "logs.db", "--accept-loss"];
    assert_eq!(
        older_build(&shell, &back).done(),
        format!("version {CURRENT_VERSION} back to 3\n")
    );
    let opened = older_build(&shell, &["open", "logs.db"]).done();
    assert_eq!(opened, format!("version 3, {SESSIONS} sessions\n"));
    assert_eq!(shell.run(&["--db", "logs.db", "migrate"]), 0);
    assert_same(&shell.path("logs.db"), &shell.path("reference.db"), "again");

    // The sessions that the older build logs in between are there after the upgrade, as if they
    // were logged now.
    older_build(&shell, &back).done();
    older_build(&shell, &log).done();
    assert_eq!(shell.run(&["--db", "logs.db", "migrate"]), 0);
    assert_eq!(shell.run(&["--db", "logs.db", "last", "Dip"]), 0);
    assert!(shell.transcript().contains("of version 3"));
    let connection = Connection::open(shell.path("logs.db")).unwrap();
    let found = inconsistencies(&connection, CURRENT_VERSION).unwrap();
    assert!(found.is_empty(), "{found:?}");
    let sessions: i64 = connection
        .query_row("SELECT count(*) FROM training_sessions", [], |row| {
            row.get(0)
        })
        .unwrap();
    assert_eq!(usize::try_from(sessions).unwrap(), SESSIONS + 1);
}

#[test]
fn an_older_build_asks_before_it_loses_what_it_does_not_know() {
    let mut shell = shell();
    sql(
        &shell,
        "UPDATE session_metadata SET user_id = 'ann' WHERE session_id = 'session 7'",
    );
    let complaint = older_build_refuses(&shell, &["rollback", "logs.db"]);
    insta::assert_snapshot!(complaint, @"
    error: the run would lose data that no later upgrade brings back:
      session_metadata.user_id: 1 row (session_id 'session 7')
    the file is as it was
    hint: look at `plan`, then consent with `--accept-loss`; a backup is taken first
    ");
    older_build(&shell, &["rollback", "logs.db", "--accept-loss"]).done();
    older_build(&shell, &["open", "logs.db"]).done();
    assert_eq!(shell.run(&["--db", "logs.db", "migrate"]), 0);
    let connection = Connection::open(shell.path("logs.db")).unwrap();
    let found = inconsistencies(&connection, CURRENT_VERSION).unwrap();
    assert!(found.is_empty(), "{found:?}");
}

/// An older build detects any change to the stored way back.
#[test]
fn an_older_build_does_not_trust_a_way_back_that_was_tampered_with() {
    let more = "down_sql || ' DELETE FROM training_sessions;'";
    let tampering = [
        (5, format!("down_sql = {more}")),
        (5, "down_sql = ''".to_owned()),
        (5, "down_sql = NULL".to_owned()),
        (
            4,
            "down_sql = replace(down_sql, 'session', 'sessions')".to_owned(),
        ),
        // The ledger no longer lists the loss.
        (5, "down_loses = ''".to_owned()),
        (5, "down_digest = replace(down_digest, '0', '1')".to_owned()),
        // A step that the build knows, with a digest that fits.
        (3, format!("down_sql = {more}, down_digest = 'fits'")),
        (3, "up_digest = 'another'".to_owned()),
    ];
    let shell = shell();
    copy(&shell.path("logs.db"), &shell.path("as_it_was.db"));
    for (version, change) in tampering {
        fs::copy(shell.path("as_it_was.db"), shell.path("logs.db")).unwrap();
        sql(
            &shell,
            &format!("UPDATE {LEDGER_TABLE} SET {change} WHERE version = {version}"),
        );
        make_digest_fit(&shell);
        for arguments in [
            &["rollback", "logs.db"][..],
            &["rollback", "logs.db", "--accept-loss"],
            &["open", "logs.db"],
        ] {
            let complaint = older_build_refuses(&shell, arguments);
            let said = complaint.contains("does not match its digest")
                || complaint.contains("is not what was applied to this file");
            assert!(said, "{version}, {change}: {complaint}");
        }
    }
}

/// Replaces `fits` with the right digest.
fn make_digest_fit(shell: &Shell) {
    let connection = Connection::open(shell.path("logs.db")).unwrap();
    let mut statement = connection
        .prepare(
            "SELECT version, down_sql, down_loses FROM schema_migrations
             WHERE down_digest = 'fits'",
        )
        .unwrap();
    let rows: Vec<(u32, Option<String>, String)> = statement
        .query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    for (version, down, loses) in rows {
        let digest = Entry::digest_of_back(down.as_deref(), &loses);
        connection
            .execute(
                "UPDATE schema_migrations SET down_digest = ?1 WHERE version = ?2",
                (digest, version),
            )
            .unwrap();
    }
}

/// A forged digest does not permit more than a step may do.
#[test]
fn a_stored_way_back_may_do_no_more_than_a_step() {
    let shell = shell();
    copy(&shell.path("logs.db"), &shell.path("as_it_was.db"));
    let outside = shell.path("outside.db");
    for (statement, word) in [
        (
            format!("ATTACH '{}' AS outside", outside.display()),
            "ATTACH",
        ),
        ("PRAGMA writable_schema = ON".to_owned(), "PRAGMA"),
        ("COMMIT".to_owned(), "COMMIT"),
        (
            "UPDATE schema_migrations SET down_sql = NULL".to_owned(),
            "ledger",
        ),
        ("DELETE FROM sqlite_schema".to_owned(), "sqlite_schema"),
    ] {
        fs::copy(shell.path("as_it_was.db"), shell.path("logs.db")).unwrap();
        let quoted = statement.replace('\'', "''");
        sql(
            &shell,
            &format!(
                "UPDATE {LEDGER_TABLE} SET down_sql = down_sql || '{quoted};', down_digest = 'fits'
                 WHERE version = {CURRENT_VERSION}"
            ),
        );
        make_digest_fit(&shell);
        for consent in [
            &["rollback", "logs.db"][..],
            &["rollback", "logs.db", "--accept-loss"],
        ] {
            let complaint = older_build_refuses(&shell, consent);
            assert!(
                complaint.contains("may not") && complaint.contains(word),
                "{statement}: {complaint}"
            );
        }
        assert!(!outside.exists());
    }
}
