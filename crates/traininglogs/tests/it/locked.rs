//! Other programs that have the file open, or were killed while they had it open.

use std::fs;
use std::process::Stdio;

use migrations::ErrorKind;
use rusqlite::{Connection, ErrorCode};
use traininglogs::{CURRENT_VERSION, TrainingLogs};

use crate::processes::{
    Ended, OtherProgram, Starter, assert_same, at_the_gate, beside, copy, file_of_version_1, start,
    version_of,
};
use crate::shell::Shell;

const SESSIONS: usize = 300;

/// A shell with `old.db` at version 1, and `reference.db`, which is the same upgraded.
fn shell(journal: &str) -> Shell {
    let mut shell = Shell::new();
    file_of_version_1(&shell.path("old.db"), SESSIONS, journal);
    copy(&shell.path("old.db"), &shell.path("reference.db"));
    assert_eq!(shell.run(&["--db", "reference.db", "migrate"]), 0);
    shell
}

fn upgrade(shell: &Shell) -> Starter {
    start(&["migrate"], &shell.path("old.db"))
}

/// All cases wait as long as the command waits, so they run at the same time.
#[test]
fn who_waits_in_vain_gets_an_error_and_changes_nothing() {
    let locks = [
        ("delete", "BEGIN"),
        ("delete", "BEGIN IMMEDIATE"),
        ("wal", "BEGIN IMMEDIATE"),
        ("delete", "BEGIN EXCLUSIVE"),
    ];
    let waiting: Vec<_> = locks
        .into_iter()
        .map(|(journal, begin)| {
            let shell = shell(journal);
            let path = shell.path("old.db");
            let before = fs::read(&path).unwrap();
            let mut other = OtherProgram::new(&path);
            assert_eq!(other.run(begin), "None");
            let count = other.run("SELECT count(*) FROM training_sessions");
            assert_eq!(count, "Some(Integer(300))");
            let starter = upgrade(&shell);
            (shell, before, other, starter)
        })
        .collect();
    for ((journal, begin), (shell, before, mut other, starter)) in locks.into_iter().zip(waiting) {
        let complaint = starter.wait().refused();
        let path = shell.path("old.db");
        let complaint = complaint.replace(&format!("`{}`: ", path.display()), "");
        let words = match begin {
            "BEGIN" => "the run cannot begin while another process is reading the file",
            "BEGIN EXCLUSIVE" if journal == "delete" => "another process has the file locked",
            _ => "another process is writing to the file",
        };
        assert!(
            complaint.starts_with(&format!("error: {words}\n")),
            "{complaint}"
        );
        assert!(
            complaint.contains("\nthe file is as it was\nhint: "),
            "{complaint}"
        );
        assert_eq!(other.run("COMMIT"), "None");
        other.close();
        assert!(before == fs::read(&path).unwrap(), "{journal}, {begin}");
        assert!(!beside(&path, "-journal").exists());
        upgrade(&shell).wait().done();
        assert_same(&path, &shell.path("reference.db"), begin);
    }
}

#[test]
fn a_reader_that_goes_is_waited_for() {
    let shell = shell("delete");
    let path = shell.path("old.db");
    let mut other = OtherProgram::new(&path);
    assert_eq!(other.run("BEGIN"), "None");
    other.run("SELECT count(*) FROM training_sessions");
    let starter = upgrade(&shell);
    // A writer that waits for readers blocks new ones, which shows that it waits.
    let newcomer = Connection::open(&path).unwrap();
    newcomer.busy_timeout(std::time::Duration::ZERO).unwrap();
    let turned_away = loop {
        match newcomer.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(())) {
            Ok(()) => std::thread::yield_now(),
            Err(error) => break error,
        }
    };
    assert_eq!(
        turned_away.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy)
    );
    assert_eq!(other.run("PRAGMA user_version"), "Some(Integer(1))");
    assert_eq!(other.run("COMMIT"), "None");
    let printed = starter.wait().done();
    assert!(printed.contains(&format!("version 1 to {CURRENT_VERSION}")));
    assert_same(&path, &shell.path("reference.db"), "the reader went");
}

#[test]
fn under_wal_nobody_waits_for_a_reader() {
    let shell = shell("wal");
    let path = shell.path("old.db");
    let mut other = OtherProgram::new(&path);
    assert_eq!(other.run("BEGIN"), "None");
    let sees = "SELECT count(*) FROM training_sessions";
    assert_eq!(other.run(sees), "Some(Integer(300))");
    upgrade(&shell).wait().done();
    // It still sees the file as at the start of its transaction.
    assert_eq!(other.run("PRAGMA user_version"), "Some(Integer(1))");
    assert!(
        other
            .run("SELECT count(*) FROM session_metadata")
            .contains("no such table")
    );
    assert_eq!(other.run("COMMIT"), "None");
    assert_eq!(
        other.run("SELECT count(*) FROM session_metadata"),
        "Some(Integer(300))"
    );
    other.close();
    assert_same(&path, &shell.path("reference.db"), "with a reader");
}

#[test]
fn a_writer_that_goes_is_waited_for() {
    for journal in ["delete", "wal"] {
        let shell = shell(journal);
        let path = shell.path("old.db");
        let mut other = OtherProgram::new(&path);
        // The processes read the file while they wait, and a COMMIT has to wait for that in turn.
        assert!(
            !other
                .run("PRAGMA busy_timeout = 60000")
                .starts_with("error")
        );
        assert_eq!(other.run("BEGIN IMMEDIATE"), "None");
        let gate = at_the_gate(3, &["migrate"], &path);
        let change = "DELETE FROM training_sessions WHERE id = 'session 7'";
        assert_eq!(other.run(change), "None");
        let starters = gate.go();
        assert_eq!(other.run("COMMIT"), "None");
        let printed: Vec<String> = starters
            .into_iter()
            .map(|starter| starter.wait().done())
            .collect();
        let idle = printed
            .iter()
            .filter(|printed| printed.contains("nothing to do"));
        assert_eq!(idle.count(), 2, "{printed:?}");
        assert_eq!(
            other.run("SELECT count(*) FROM session_metadata"),
            "Some(Integer(299))"
        );
    }
}

/// A program is killed after its cache was too small for its changes: half of them are in the file,
/// and the journal has the former content.
#[test]
fn a_hot_journal_is_rolled_back_first() {
    let shell = shell("delete");
    let path = shell.path("old.db");
    let before = fs::read(&path).unwrap();
    let mut other = OtherProgram::new(&path);
    for sql in [
        "PRAGMA cache_size = 2",
        "BEGIN IMMEDIATE",
        "UPDATE training_sessions SET raw_json = 'half of a change'",
    ] {
        assert!(!other.run(sql).starts_with("error"), "{sql}");
    }
    other.kill();
    let journal = fs::read(beside(&path, "-journal")).unwrap();
    assert!(
        journal.starts_with(b"\xd9\xd5\x05\xf9\x20\xa1\x63\xd7"),
        "not hot"
    );
    assert!(before != fs::read(&path).unwrap(), "nothing was spilled");

    let by_library = shell.path("by_library.db");
    copy(&path, &by_library);
    let refused = shell.path("refused.db");
    copy(&path, &refused);

    upgrade(&shell).wait().done();
    assert!(!beside(&path, "-journal").exists());
    assert_same(&path, &shell.path("reference.db"), "by the command");

    let logs = TrainingLogs::open(&by_library).unwrap();
    assert_eq!((logs.report().from, logs.report().to), (1, CURRENT_VERSION));
    drop(logs);
    assert_same(&by_library, &shell.path("reference.db"), "by the library");

    // A command that refuses the file still rolls it back, and changes nothing else.
    let output = shell
        .command(&["--db", "refused.db", "migrate", "--from-version", "2"])
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let complaint = Ended::of(output).refused();
    assert!(complaint.contains("the file is at version 1, not 2"));
    assert!(before == fs::read(&refused).unwrap());
}

/// The same in WAL mode: the log has pages of a transaction that never ended.
#[test]
fn a_log_of_a_killed_process_is_passed_over() {
    let shell = shell("wal");
    let path = shell.path("old.db");
    let mut other = OtherProgram::new(&path);
    for sql in [
        "PRAGMA cache_size = 2",
        "BEGIN IMMEDIATE",
        "UPDATE training_sessions SET raw_json = 'half of a change'",
    ] {
        assert!(!other.run(sql).starts_with("error"), "{sql}");
    }
    other.kill();
    let log = fs::metadata(beside(&path, "-wal")).unwrap();
    assert!(log.len() > 0, "nothing was spilled");
    upgrade(&shell).wait().done();
    assert_same(&path, &shell.path("reference.db"), "after the kill");
}

/// A library that does not wait gets the same error, and the file can be upgraded later.
#[test]
fn a_library_that_does_not_wait_is_reported() {
    let shell = shell("delete");
    let path = shell.path("old.db");
    let mut other = OtherProgram::new(&path);
    assert_eq!(other.run("BEGIN IMMEDIATE"), "None");
    let options = migrations::Options::default().busy_timeout(std::time::Duration::ZERO);
    let error = TrainingLogs::open_with(&path, options).unwrap_err();
    assert_eq!(error.engine().unwrap().kind(), ErrorKind::Busy);
    assert_eq!(other.run("COMMIT"), "None");
    assert_eq!(version_of(&path), 1);
    TrainingLogs::open_with(&path, options).unwrap();
    assert_same(&path, &shell.path("reference.db"), "later");
}
