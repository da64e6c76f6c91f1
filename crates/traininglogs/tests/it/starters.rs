//! Concurrent starts: eight processes of the command start at the same moment.

use rusqlite::Connection;
use traininglogs::{CURRENT_VERSION, inconsistencies};

use crate::processes::{OtherProgram, assert_same, at_the_gate, copy, file_of_version_1};
use crate::shell::Shell;

const STARTERS: usize = 8;
const ROUNDS: usize = 10;

/// `before` is the file before the round: `None` for none.
fn rounds(verb: &str, before: Option<(usize, &str)>, made: &str) {
    let mut shell = Shell::new();
    if let Some((sessions, journal)) = before {
        match sessions {
            0 => shell.database("old.db", &format!("PRAGMA journal_mode = {journal}")),
            _ => file_of_version_1(&shell.path("old.db"), sessions, journal),
        }
        copy(&shell.path("old.db"), &shell.path("reference.db"));
    }
    assert_eq!(shell.run(&["--db", "reference.db", verb]), 0);
    for round in 0..ROUNDS {
        let path = shell.path(&format!("{round}.db"));
        if before.is_some() {
            copy(&shell.path("old.db"), &path);
        }
        let printed: Vec<String> = at_the_gate(STARTERS, &[verb], &path)
            .go()
            .into_iter()
            .map(|starter| starter.wait().done())
            .collect();
        let made = printed
            .iter()
            .filter(|printed| printed.contains(made))
            .count();
        let idle = printed
            .iter()
            .filter(|printed| printed.contains("nothing to do"));
        assert_eq!(
            (made, idle.count()),
            (1, STARTERS - 1),
            "{round}: {printed:?}"
        );
        assert_same(
            &path,
            &shell.path("reference.db"),
            &format!("round {round}"),
        );
        let connection = Connection::open(&path).unwrap();
        let found = inconsistencies(&connection, CURRENT_VERSION).unwrap();
        assert!(found.is_empty(), "{round}: {found:?}");
        let journal: String = connection
            .pragma_query_value(None, "journal_mode", |row| row.get(0))
            .unwrap();
        assert_eq!(journal, before.map_or("delete", |(_, journal)| journal));
    }
}

#[test]
fn eight_processes_make_a_file() {
    rounds("init", None, "made `");
}

/// The mode is stored in the file, so somebody has made it; but it contains no table.
#[test]
fn eight_processes_fill_an_empty_file_under_wal() {
    rounds("init", Some((0, "wal")), "made `");
}

#[test]
fn eight_processes_upgrade_an_old_file() {
    let made = format!("version 1 to {CURRENT_VERSION}");
    rounds("migrate", Some((300, "delete")), &made);
}

#[test]
fn eight_processes_upgrade_an_old_file_under_wal() {
    let made = format!("version 1 to {CURRENT_VERSION}");
    rounds("migrate", Some((300, "wal")), &made);
}

/// From two to sixteen processes, with a reader between them: each step runs once, and no process
/// fails.
#[test]
fn from_two_to_sixteen_processes_with_a_reader_in_between() {
    let shell = Shell::new();
    let made = format!("version 1 to {CURRENT_VERSION}");
    for journal in ["delete", "wal"] {
        let old = shell.path(&format!("{journal}.db"));
        file_of_version_1(&old, 100, journal);
        for starters in [2, 3, 16] {
            let path = shell.path(&format!("{journal}-{starters}.db"));
            copy(&old, &path);
            let gate = at_the_gate(starters, &["migrate"], &path);
            let mut reader = OtherProgram::new(&path);
            let count = "SELECT count(*) FROM training_sessions";
            reader.run("PRAGMA busy_timeout = 60000");
            assert_eq!(reader.run("BEGIN"), "None");
            assert_eq!(reader.run(count), "Some(Integer(100))");
            let going = gate.go();
            for _ in 0..20 {
                assert_eq!(
                    reader.run(count),
                    "Some(Integer(100))",
                    "{journal}, {starters}"
                );
                assert_eq!(reader.run("COMMIT"), "None");
                assert_eq!(reader.run("BEGIN"), "None");
            }
            assert_eq!(reader.run("COMMIT"), "None");
            let printed: Vec<String> = going.into_iter().map(|one| one.wait().done()).collect();
            reader.close();
            let ran = printed
                .iter()
                .filter(|printed| printed.contains(&made))
                .count();
            let idle = printed
                .iter()
                .filter(|printed| printed.contains("nothing to do"))
                .count();
            assert_eq!((ran, idle), (1, starters - 1), "{journal}: {printed:?}");
        }
    }
}

/// On a current file no process has anything to do, and none waits.
#[test]
fn sixteen_processes_find_a_current_file() {
    let mut shell = Shell::new();
    assert_eq!(shell.run(&["init"]), 0);
    let path = shell.path("traininglogs.db");
    let before = std::fs::read(&path).unwrap();
    let writer = Connection::open(&path).unwrap();
    writer.execute_batch("BEGIN IMMEDIATE").unwrap();
    for starter in at_the_gate(16, &["migrate"], &path).go() {
        assert!(starter.wait().done().contains("nothing to do"));
    }
    drop(writer);
    assert!(before == std::fs::read(&path).unwrap());
}
