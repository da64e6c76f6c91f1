//! Nobody races: eight processes of the command, let go at the same moment.

use rusqlite::Connection;
use traininglogs::{CURRENT_VERSION, inconsistencies};

use crate::processes::{assert_same, at_the_gate, copy, file_of_version_1};
use crate::shell::Shell;

const STARTERS: usize = 8;
const ROUNDS: usize = 10;

/// What the file is before the round: `None` where there is none.
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
        let told: Vec<String> = at_the_gate(STARTERS, &[verb], &path)
            .go()
            .into_iter()
            .map(|starter| starter.wait().done())
            .collect();
        let made = told.iter().filter(|told| told.contains(made)).count();
        let idle = told.iter().filter(|told| told.contains("nothing to do"));
        assert_eq!((made, idle.count()), (1, STARTERS - 1), "{round}: {told:?}");
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

/// The mode is kept in the file, so somebody has made it; but there is no table in it.
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
