//! The seven promises, one test each, named after it. The corner cases are tested in the files that
//! the test's comment names.

use std::sync::{Arc, Barrier, Mutex};
use std::thread;
use std::time::Duration;

use migrations::{Backups, Catalogue, ErrorKind, Migrator, Outcome, Version, backups, restore};
use rusqlite::Connection;
use rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY;
use rusqlite::hooks::{AuthAction, AuthContext, Authorization};

use crate::support::*;

/// `atomic`, `per_step`, `outside`, `interrupts`, `killed`.
#[test]
fn all_or_nothing() {
    let up = "UPDATE note SET body = 'half'; INSERT INTO nosuch VALUES (1);";
    let fails = catalogue(vec![note_step(), label_step(), step("0003_fails", up, "")]);
    let file = File::at(&fails, 1);
    file.sql("INSERT INTO note VALUES (1, 'whole')");
    let before = file.bytes();
    let error = file.migrator(&fails).upgrade().unwrap_err();
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert_eq!(file.bytes(), before);

    let report = file.migrator(&three()).upgrade().unwrap();
    assert_eq!((report.from, report.to), (1, 3));
}

/// `starters`; with processes of their own, the tests of `traininglogs`.
#[test]
fn nobody_races() {
    let catalogue = three();
    let file = File::none();
    let barrier = Barrier::new(4);
    let starter = || {
        let options = plain().busy_timeout(Duration::from_secs(60));
        barrier.wait();
        let mut migrator = Migrator::create(&catalogue, &file.path, options).unwrap();
        migrator.upgrade().unwrap().steps.len()
    };
    let ran: usize = thread::scope(|scope| {
        let starters = [(); 4].map(|()| scope.spawn(starter));
        starters.map(|starter| starter.join().unwrap()).iter().sum()
    });
    assert_eq!(ran, 3, "each step once");
}

/// `foreign_keys`, `forbidden`.
#[test]
fn foreign_keys_are_off_then_checked_then_restored() {
    let family = "CREATE TABLE parent (id INTEGER PRIMARY KEY);
        CREATE TABLE child (parent REFERENCES parent (id) ON DELETE CASCADE);";
    let rebuild = "CREATE TABLE new (id INTEGER PRIMARY KEY, name TEXT);
        INSERT INTO new (id) SELECT id FROM parent; DROP TABLE parent; ALTER TABLE new RENAME TO \
        parent;";
    let loses = "CREATE TABLE new (id INTEGER PRIMARY KEY, name TEXT);
        DROP TABLE parent; ALTER TABLE new RENAME TO parent;";
    for on in [true, false] {
        for (up, kept) in [(rebuild, true), (loses, false)] {
            let catalogue = catalogue(vec![
                step("0001_family", family, ""),
                step("0002_tried", up, ""),
            ]);
            let file = File::at(&catalogue, 1);
            file.sql("INSERT INTO parent VALUES (1); INSERT INTO child VALUES (1), (1);");
            let connection = file.raw();
            connection
                .set_db_config(SQLITE_DBCONFIG_ENABLE_FKEY, on)
                .unwrap();
            let mut migrator = Migrator::with_connection(&catalogue, connection, plain());
            let result = migrator.upgrade().map_err(|error| error.kind());
            let expected = if kept {
                Ok(2)
            } else {
                Err(ErrorKind::ForeignKeysViolated)
            };
            assert_eq!(result.map(|report| report.to), expected);
            let children = value::<i64>(migrator.connection(), "SELECT count(*) FROM child");
            assert_eq!(children, 2);
            assert_eq!(
                value::<bool>(migrator.connection(), "PRAGMA foreign_keys"),
                on
            );
        }
    }
}

/// `backups`, `consent`, `rehearsals`.
#[test]
fn nothing_is_lost_unasked() {
    let label = losing(
        "0002_label",
        "ALTER TABLE note ADD COLUMN label TEXT;",
        "ALTER TABLE note DROP COLUMN label;",
        "`note.label`: the labels",
    );
    let catalogue = catalogue(vec![note_step(), label]);
    let file = File::at(&catalogue, 2);
    file.sql("INSERT INTO note VALUES (1, 'a', 'mine')");
    let error = file.migrator(&catalogue).rollback_to(1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConsentNeeded);
    assert_eq!(backups(&file.path).unwrap(), [], "nothing was done");

    file.migrator_with(&catalogue, accepting())
        .rollback_to(1)
        .unwrap();
    let backup = &backups(&file.path).unwrap()[0];
    assert_eq!(backup.version, 2);
    restore(&catalogue, &backup.path, &file.path, &plain()).unwrap();
    assert_eq!(file.value::<String>("SELECT label FROM note"), "mine");
}

/// `history`, `forbidden`; with an older binary, the tests of `traininglogs`.
#[test]
fn an_older_build_can_go_back() {
    let catalogue = three();
    let file = File::at(&catalogue, 3);
    let older = catalogue.cut_at(1).unwrap();
    let error = file.migrator(&older).upgrade().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Newer);
    assert_eq!(file.migrator(&older).rollback_to(1).unwrap().to, 1);
    assert_eq!(file.migrator(&older).drift().unwrap(), []);
}

/// One file for each kind of doubt; all stay unchanged, to the byte. Also `history`, `opening`,
/// `adoption`, `errors_of_files`.
#[test]
fn it_refuses_to_guess() {
    let ours = || three().with_application_id(7);
    let doubts: [(&str, Version, &str, ErrorKind); 8] = [
        ("newer", 3, "", ErrorKind::Newer),
        (
            "another application",
            1,
            "PRAGMA application_id = 8",
            ErrorKind::NotOurs,
        ),
        (
            "no ledger",
            1,
            "DROP TABLE schema_migrations",
            ErrorKind::NotOurs,
        ),
        (
            "drifted",
            1,
            "CREATE INDEX mine ON note (body)",
            ErrorKind::Drifted,
        ),
        (
            "a gap",
            2,
            "DELETE FROM schema_migrations WHERE version = 1",
            ErrorKind::HistoryEdited,
        ),
        (
            "edited",
            1,
            "UPDATE schema_migrations SET up_digest = 'another'",
            ErrorKind::HistoryEdited,
        ),
        (
            "a header that disagrees",
            1,
            "PRAGMA user_version = 2",
            ErrorKind::HistoryEdited,
        ),
        (
            "a fork",
            2,
            "UPDATE schema_migrations SET name = 'theirs', up_digest = 'theirs' WHERE version = 2",
            ErrorKind::HistoryEdited,
        ),
    ];
    for (what, version, damage, kind) in doubts {
        let file = File::at(&ours(), version);
        file.sql(damage);
        let before = file.bytes();
        let known: Catalogue = match what {
            "newer" => ours().cut_at(2).unwrap(),
            _ => ours(),
        };
        let error = file.migrator(&known).upgrade().unwrap_err();
        assert_eq!(error.kind(), kind, "{what}: {}", error.report());
        assert!(!error.remedies().is_empty(), "{what}");
        assert_eq!(file.bytes(), before, "{what}");
    }
    for backups in [Backups::KeepAll, Backups::Off] {
        let file = File::damaged(&three(), 2);
        let before = file.bytes();
        let options = plain().backups(backups);
        let error = file.migrator_with(&three(), options).upgrade().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Damaged, "{}", error.report());
        assert_eq!(file.bytes(), before, "damaged");
    }
}

/// `directions`; `cargo xtask bench` measures the time. This test counts the calls of SQLite.
#[test]
fn opening_an_up_to_date_file_costs_one_pragma_and_one_row() {
    let catalogue = three();
    let file = File::at(&catalogue, 3);
    let asked: Arc<Mutex<Vec<String>>> = Arc::default();
    let note = Arc::clone(&asked);
    let mut connection = file.raw();
    let hook = move |context: AuthContext<'_>| {
        let text = match context.action {
            AuthAction::Read { table_name, .. } => format!("read {table_name}"),
            other => format!("{other:?}"),
        };
        note.lock().unwrap().push(text);
        Authorization::Allow
    };
    let hooked: &mut Connection = &mut connection;
    hooked.authorizer(Some(hook)).unwrap();
    let mut migrator = Migrator::with_connection(&catalogue, connection, plain());
    assert_eq!(migrator.upgrade().unwrap().steps.len(), 0);
    let asked = asked.lock().unwrap();
    let count = |what: &str| asked.iter().filter(|text| text.contains(what)).count();
    assert_eq!(count("\"user_version\""), 1, "{asked:?}");
    assert!(count("\"application_id\"") <= 1, "{asked:?}");
    assert_eq!(count("Select"), 1, "one row: {asked:?}");
    assert_eq!(count("Transaction"), 0, "{asked:?}");
    let read = asked.iter().filter_map(|text| text.strip_prefix("read "));
    let other = read.filter(|table| *table != "schema_migrations");
    assert_eq!(other.collect::<Vec<_>>(), Vec::<&str>::new());
}
