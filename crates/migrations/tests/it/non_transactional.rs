//! Steps outside a transaction: alone, recorded, and harmless if they are repeated.

use std::thread;
use std::time::Duration;

use migrations::{Catalogue, ErrorKind, Outcome, Step};

use crate::support::*;

fn outside(folder: &'static str, up: &'static str, down: &'static str) -> Step {
    step(folder, up, down).outside_transaction("SQLite does it nowhere else")
}

fn four() -> Catalogue {
    catalogue(vec![
        note_step(),
        outside(
            "0002_wal",
            "PRAGMA journal_mode = WAL;",
            "PRAGMA journal_mode = DELETE;",
        ),
        label3(),
        outside(
            "0004_vacuum",
            "PRAGMA page_size = 8192; VACUUM;",
            "SELECT 1; VACUUM;",
        ),
    ])
}

fn label3() -> Step {
    step(
        "0003_label",
        "ALTER TABLE note ADD COLUMN label TEXT;",
        "ALTER TABLE note DROP COLUMN label;",
    )
}

#[test]
fn they_run_between_the_others_and_are_recorded() {
    let catalogue = four();
    let file = File::at(&catalogue, 1);
    file.sql("INSERT INTO note (body) VALUES ('milk')");
    let report = file.migrator(&catalogue).upgrade().unwrap();
    assert_eq!((report.from, report.to, report.steps.len()), (1, 4, 3));
    assert_eq!(file.value::<String>("PRAGMA journal_mode"), "wal");
    assert_eq!(
        file.value::<i64>("SELECT count(*) FROM schema_migrations"),
        4
    );
    assert_eq!(
        migrations::backups(&file.path).unwrap().len(),
        1,
        "one backup for the run"
    );
    let mut migrator = file.migrator(&catalogue);
    assert_eq!(migrator.upgrade().unwrap().steps.len(), 0);
    let report = migrator.rollback_to(1).unwrap();
    assert_eq!((report.to, report.steps.len()), (1, 3));
    assert_eq!(file.value::<String>("PRAGMA journal_mode"), "delete");
    assert_eq!(file.value::<i64>("SELECT count(*) FROM note"), 1);
}

#[test]
fn a_step_that_was_done_and_not_recorded_is_done_again() {
    let catalogue = four();
    let file = File::at(&catalogue, 1);
    file.sql("PRAGMA journal_mode = WAL"); // and then the process died
    assert_eq!(file.migrator(&catalogue).upgrade().unwrap().to, 4);
}

#[test]
fn an_older_build_undoes_them_with_what_the_file_carries() {
    let catalogue = four();
    let file = File::at(&catalogue, 4);
    let older = catalogue.cut_at(1).unwrap();
    assert_eq!(file.migrator(&older).rollback_to(1).unwrap().to, 1);
    assert_eq!(file.value::<String>("PRAGMA journal_mode"), "delete");
}

#[test]
fn only_what_may_be_repeated_stands_there() {
    for up in [
        "CREATE TABLE more (id INTEGER);",
        "VACUUM; INSERT INTO note (body) VALUES ('again and again');",
        "VACUUM INTO 'elsewhere.db';",
        "PRAGMA user_version = 7;",
        "ATTACH 'other.db' AS other;",
        "BEGIN; VACUUM;",
        "SELECT load_extension('x');\nVACUUM;",
    ] {
        let catalogue = catalogue(vec![note_step(), outside("0002_tried", up, "")]);
        let file = File::at(&catalogue, 1);
        let before = file.bytes();
        let error = file.migrator(&catalogue).upgrade().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StepForbidden, "{up}");
        assert_eq!(
            file.bytes(),
            before,
            "{up}: not even its first statement ran"
        );
    }
    let inside = catalogue(vec![note_step(), step("0002_tried", "VACUUM;", "")]);
    let error = File::at(&inside, 1)
        .migrator(&inside)
        .upgrade()
        .unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::StepForbidden,
        "not declared as outside"
    );
}

#[test]
fn what_was_before_it_stays_when_a_later_step_fails() {
    let fails = step("0003_fails", "INSERT INTO nosuch VALUES (1);", "SELECT 1;");
    let vacuum = outside("0002_vacuum", "VACUUM;", "SELECT 1; VACUUM;");
    let catalogue = catalogue(vec![note_step(), vacuum, fails]);
    let file = File::at(&catalogue, 1);
    let error = file.migrator(&catalogue).upgrade().unwrap_err();
    assert_eq!(error.outcome(), Outcome::CommittedTo(2), "{error:?}");
    assert_eq!(file.value::<i64>("PRAGMA user_version"), 2);
}

#[test]
fn a_step_that_fails_half_way_does_not_say_that_nothing_happened() {
    let half = outside(
        "0002_half",
        "PRAGMA journal_mode = WAL; ANALYZE nosuch;",
        "",
    );
    let catalogue = catalogue(vec![note_step(), half]);
    let file = File::at(&catalogue, 1);
    let error = file.migrator(&catalogue).upgrade().unwrap_err();
    assert_eq!(error.outcome(), Outcome::CommittedTo(1), "{error:?}");
    assert_eq!(file.value::<i64>("PRAGMA user_version"), 1);
}

#[test]
fn it_may_be_the_first_of_all() {
    let wal = outside(
        "0001_wal",
        "PRAGMA journal_mode = WAL;",
        "PRAGMA journal_mode = DELETE;",
    );
    let note = step("0002_note", NOTE, "DROP TABLE note;");
    let catalogue = catalogue(vec![wal, note]);
    let file = File::none();
    let mut migrator = file.migrator(&catalogue);
    assert_eq!(migrator.upgrade().unwrap().to, 2);
    assert_eq!(migrator.rollback_to(1).unwrap().to, 1);
    assert_eq!(migrator.rollback_to(0).unwrap().to, 0);
    assert_eq!(file.value::<String>("PRAGMA journal_mode"), "delete");
    assert_eq!(file.value::<i64>("SELECT count(*) FROM sqlite_schema"), 0);
}

/// SQLite does not wait for locks when it changes the journal mode, so the run does:
/// <https://sqlite.org/pragma.html#pragma_journal_mode>.
#[test]
fn they_wait_for_a_reader_who_ends() {
    let catalogue = four();
    let file = File::at(&catalogue, 1);
    let reader = file.raw();
    reader.execute_batch("BEGIN; SELECT * FROM note;").unwrap();
    let ends = thread::spawn(move || {
        thread::sleep(Duration::from_millis(150));
        drop(reader);
    });
    assert_eq!(file.migrator(&catalogue).upgrade_to(2).unwrap().to, 2);
    ends.join().unwrap();
    assert_eq!(file.value::<String>("PRAGMA journal_mode"), "wal");
}

#[test]
fn they_do_not_wait_for_ever() {
    let catalogue = four();
    let file = File::at(&catalogue, 1);
    let reader = file.raw();
    reader.execute_batch("BEGIN; SELECT * FROM note;").unwrap();
    let error = file.migrator_with(&catalogue, hasty()).upgrade_to(2);
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Busy);
}
