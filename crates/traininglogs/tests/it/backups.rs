//! Backups: taken, listed, restored, kept and deleted.

use std::fs;

use rusqlite::Connection;

use crate::shell::Shell;

const SESSION: &str = r#"{"date":"2025-01-02","exercises":[{"name":"Squat"}]}"#;
const VERSION_1: &str = include_str!("../../versions/0001_training_sessions/up.sql");

fn shell() -> Shell {
    let mut shell = Shell::new();
    assert_eq!(shell.run(&["init"]), 0);
    let log = ["log", "-", "--duration-minutes", "50"];
    assert_eq!(shell.run_with(&log, SESSION.as_bytes()), 0);
    shell
}

fn names(shell: &Shell) -> Vec<String> {
    let files = shell.files().into_keys();
    files
        .map(|path| path.file_name().unwrap().to_str().unwrap().to_owned())
        .collect()
}

#[test]
fn a_rollback_is_undone_by_its_backup() {
    let mut shell = shell();
    let there = fs::read(shell.path("traininglogs.db")).unwrap();
    assert_eq!(shell.run(&["backup"]), 0);
    assert_eq!(shell.run(&["rollback", "--to", "2", "--accept-loss"]), 0);
    assert_eq!(shell.run(&["status"]), 0);
    let newest = format!(
        "traininglogs.db.v{}.2.backup",
        traininglogs::CURRENT_VERSION
    );
    assert_eq!(shell.run(&["restore", &newest]), 0);
    assert_eq!(shell.run(&["last", "Squat"]), 0);
    assert_eq!(shell.run(&["status"]), 0);
    // The rollback is undone: the file has its former content.
    let connection = Connection::open(shell.path("traininglogs.db")).unwrap();
    let minutes: i64 = connection
        .query_row(
            "SELECT duration_minutes FROM training_sessions",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(minutes, 50);
    assert_eq!(
        there.len(),
        fs::read(shell.path("traininglogs.db")).unwrap().len()
    );
    insta::assert_snapshot!("restored", shell.transcript());
}

#[test]
fn what_cannot_be_restored_is_refused() {
    let mut shell = shell();
    shell.refuses(&["restore", "traininglogs.db.v9.backup"]);
    shell.refuses(&["restore", "traininglogs.db"]);
    shell.write(
        "diary.backup",
        "Dear diary, today I did squats. ".repeat(40),
    );
    shell.refuses(&["restore", "diary.backup"]);
    shell.database(
        "recipes.backup",
        "CREATE TABLE recipe (id INTEGER PRIMARY KEY);",
    );
    shell.refuses(&["restore", "recipes.backup"]);
    shell.write("empty.db", "");
    shell.refuses(&["--db", "empty.db", "backup"]);
    insta::assert_snapshot!("not_restored", shell.transcript());
}

/// The most urgent case: the file is damaged or missing.
#[test]
fn a_damaged_file_is_replaced_by_its_backup() {
    let mut shell = shell();
    assert_eq!(shell.run(&["backup"]), 0);
    let backup = format!("traininglogs.db.v{}.backup", traininglogs::CURRENT_VERSION);
    let path = shell.path("traininglogs.db");
    let mut bytes = fs::read(&path).unwrap();
    for byte in bytes.iter_mut().skip(4096) {
        *byte = 0xaa;
    }
    fs::write(&path, bytes).unwrap();
    shell.refuses(&["restore", &backup]);
    assert_eq!(shell.run(&["restore", &backup, "--no-backup"]), 0);
    assert_eq!(shell.run(&["last", "Squat"]), 0);
    // A file without its first bytes is not recognised; it must be moved away.
    fs::write(&path, "Dear diary, today I did squats. ".repeat(40)).unwrap();
    shell.refuses(&["restore", &backup, "--no-backup"]);
    fs::rename(&path, shell.path("damaged.db")).unwrap();
    assert_eq!(shell.run(&["restore", &backup]), 0);
    assert_eq!(shell.run(&["last", "Squat"]), 0);
    insta::assert_snapshot!("damaged", shell.transcript());
}

#[test]
fn as_many_stay_as_were_asked_for() {
    let mut shell = shell();
    assert_eq!(shell.run(&["rollback", "--to", "4", "--no-backup"]), 0);
    assert_eq!(names(&shell), ["traininglogs.db"]);
    for _ in 0..3 {
        assert_eq!(shell.run(&["backup"]), 0);
    }
    assert_eq!(names(&shell).len(), 4);
    assert_eq!(shell.run(&["backup", "--keep-backups", "2"]), 0);
    assert_eq!(names(&shell).len(), 3);
    assert_eq!(
        shell.run(&["rollback", "--to", "3", "--keep-backups", "1"]),
        0
    );
    assert_eq!(names(&shell).len(), 2);
    assert_eq!(shell.run(&["migrate", "--keep-backups", "1"]), 0);
    assert_eq!(
        names(&shell),
        ["traininglogs.db", "traininglogs.db.v3.backup"]
    );
    // Nothing to do, so no backup.
    assert_eq!(shell.run(&["migrate", "--keep-backups", "1"]), 0);
    assert_eq!(
        names(&shell),
        ["traininglogs.db", "traininglogs.db.v3.backup"]
    );
    for wrong in ["0", "-1", "many"] {
        let arguments = ["migrate", "--keep-backups", wrong];
        assert_eq!(
            shell.command(&arguments).output().unwrap().status.code(),
            Some(2)
        );
    }
}

#[test]
fn a_file_without_ledger_gets_one() {
    let mut shell = Shell::new();
    shell.database("old.db", VERSION_1);
    shell.refuses(&["--db", "old.db", "status"]);
    shell.refuses(&["--db", "old.db", "adopt", "--at", "2"]);
    shell.refuses(&["--db", "old.db", "adopt", "--at", "99"]);
    assert_eq!(shell.run(&["--db", "old.db", "adopt", "--at", "1"]), 0);
    shell.refuses(&["--db", "old.db", "adopt", "--at", "1"]);
    assert_eq!(shell.run(&["--db", "old.db", "status"]), 0);
    insta::assert_snapshot!("adopt", shell.transcript());
}

/// A backup is beside the target of a link, and its name is printed so that `restore` finds it.
#[cfg(unix)]
#[test]
fn a_link_leads_to_the_backups() {
    let mut shell = shell();
    fs::create_dir(shell.path("links")).unwrap();
    std::os::unix::fs::symlink("../traininglogs.db", shell.path("links/logs.db")).unwrap();
    assert_eq!(shell.run(&["--db", "links/logs.db", "backup"]), 0);
    assert_eq!(shell.run(&["--db", "links/logs.db", "status"]), 0);
    let transcript = shell.transcript();
    let shown = "[directory]/traininglogs.db.v[current].backup";
    assert_eq!(transcript.matches(shown).count(), 2, "{transcript}");
}

/// A backup includes the content of the WAL, which a plain copy loses.
#[test]
fn a_backup_has_what_is_in_the_wal() {
    let mut shell = shell();
    let path = shell.path("traininglogs.db");
    let connection = Connection::open(&path).unwrap();
    connection
        .pragma_update(None, "journal_mode", "wal")
        .unwrap();
    let insert =
        "INSERT INTO training_sessions (id, created_at, raw_json) VALUES ('new', '', '{}')";
    connection.execute(insert, []).unwrap();
    fs::copy(&path, shell.path("copy.db")).unwrap();
    assert_eq!(shell.run(&["backup"]), 0);
    let count = |name: &str| -> i64 {
        let connection = Connection::open(shell.path(name)).unwrap();
        let sql = "SELECT count(*) FROM training_sessions";
        connection.query_row(sql, [], |row| row.get(0)).unwrap()
    };
    let backup = format!("traininglogs.db.v{}.backup", traininglogs::CURRENT_VERSION);
    assert_eq!((count("copy.db"), count(&backup)), (1, 2));
}
