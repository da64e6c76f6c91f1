//! The engine's messages about backups and rehearsals; a test is named after the error's
//! constructor.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;
use migrations::{Backups, ErrorKind, Migrator, backups, restore};
use rusqlite::Connection;

use crate::support::*;

/// A file at version 3 with a row, and its backup from before the last step.
fn backed_up() -> (File, std::path::PathBuf) {
    let catalogue = three();
    let file = File::at(&catalogue, 2);
    file.sql("INSERT INTO note (body) VALUES ('milk')");
    let report = file.migrator(&catalogue).upgrade().unwrap();
    let backup = report.backup.unwrap();
    (file, backup)
}

#[test]
fn backups_unreadable() {
    let file = File::none();
    let error = backups(&file.directory.path().join("nowhere/notes.db")).unwrap_err();
    let text = file.report(&error);
    let cause = text
        .lines()
        .find(|line| line.starts_with("  because: "))
        .unwrap();
    assert_snapshot!(text.replace(cause, "  because: [the system's words]"));
}

#[test]
fn backup_of_memory() {
    let catalogue = three();
    let memory = Connection::open_in_memory().unwrap();
    let migrator = Migrator::with_connection(&catalogue, memory, plain());
    assert_snapshot!(migrator.back_up().unwrap_err().report());
}

#[test]
fn backup_failed() {
    let catalogue = three();
    let file = File::at(&catalogue, 2);
    let options = plain().files(&Broken("create"));
    let before = file.bytes();
    let error = file
        .migrator_with(&catalogue, options)
        .upgrade()
        .unwrap_err();
    assert_eq!(
        file.bytes(),
        before,
        "without its backup the run does not begin"
    );
    assert_snapshot!(file.report(&error));
}

#[test]
fn file_damaged() {
    let catalogue = three();
    let file = File::damaged(&catalogue, 2);
    let options = plain().backups(Backups::Off);
    let before = file.bytes();
    let mut migrator = file.migrator_with(&catalogue, options);
    let error = migrator.upgrade().unwrap_err();
    assert_eq!(file.bytes(), before);
    assert_snapshot!(file.report(&error));
    // The copy that a run takes reports the same.
    let error = file.migrator(&catalogue).upgrade().unwrap_err();
    assert_eq!(file.bytes(), before);
    assert_snapshot!("copy_damaged", file.report(&error));
    // A caller may turn the check off and continue.
    let options = options.check(false);
    let mut migrator = file.migrator_with(&catalogue, options);
    assert_eq!(migrator.upgrade().unwrap().to, 3);
}

/// Values that violate a constraint were written that way; they do not prevent a run.
#[test]
fn values_that_break_a_check_are_no_damage() {
    let strict =
        "CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL CHECK (body <> ''));";
    let catalogue = catalogue(vec![step("0001_note", strict, ""), label_step()]);
    for backups in [Backups::KeepAll, Backups::Off] {
        let file = File::at(&catalogue, 1);
        file.sql("PRAGMA ignore_check_constraints = ON; INSERT INTO note (body) VALUES ('')");
        let options = plain().backups(backups);
        let report = file.migrator_with(&catalogue, options).upgrade().unwrap();
        assert_eq!(report.to, 2);
    }
}

/// A file with a hole of terabytes, which only its size shows.
#[cfg(target_os = "linux")]
#[test]
fn no_space_for_backup() {
    let catalogue = three();
    let file = File::at(&catalogue, 2);
    let mut bytes = file.bytes();
    bytes[92..96].fill(0xff); // Not the counter at 24, so SQLite asks the file for its size.
    fs::write(&file.path, bytes).unwrap();
    let size = 8_000_000_000_000;
    fs::File::options()
        .write(true)
        .open(&file.path)
        .unwrap()
        .set_len(size)
        .unwrap();
    let error = file.migrator(&catalogue).back_up().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DiskFull);
    let text = file.report(&error);
    let free = text
        .split(" and ")
        .nth(1)
        .unwrap()
        .split(" are free")
        .next()
        .unwrap();
    assert_snapshot!(text.replace(free, "[so many] MB"));
}

#[test]
fn backup_missing() {
    let (file, backup) = backed_up();
    let other = backup.with_file_name("notes.db.v9.backup");
    let error = restore(&three(), &other, &file.path, &plain()).unwrap_err();
    assert_snapshot!(file.report(&error));
}

#[test]
fn backup_unusable() {
    let (file, backup) = backed_up();
    let before = file.bytes();
    let mut bytes = fs::read(&backup).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0x55);
    fs::write(&backup, bytes).unwrap();
    let error = restore(&three(), &backup, &file.path, &plain()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Damaged);
    assert_eq!(file.bytes(), before);
    let text = file.report(&error);
    let why = text
        .split("cannot be restored: ")
        .nth(1)
        .unwrap()
        .lines()
        .next()
        .unwrap();
    assert_snapshot!(text.replace(why, "[what is damaged]"));
}

#[test]
fn restore_onto_itself() {
    let (file, _) = backed_up();
    let name = file.path.file_name().unwrap();
    let same = file.path.parent().unwrap().join(Path::new(".")).join(name);
    let error = restore(&three(), &same, &file.path, &plain()).unwrap_err();
    assert_snapshot!(file.report(&error));
}

#[test]
fn restore_failed() {
    let (file, backup) = backed_up();
    let before = file.bytes();
    let other = file.raw();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let options = hasty().backups(Backups::Off);
    let error = restore(&three(), &backup, &file.path, &options).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert_eq!(file.bytes(), before);
    assert_snapshot!(file.report(&error));
}

#[test]
fn undeclared_loss() {
    let catalogue = note_and("DELETE FROM note WHERE id > 1; UPDATE note SET body = '';");
    let file = File::at(&catalogue, 1);
    file.sql("INSERT INTO note (body) VALUES ('milk'), ('bread')");
    let options = plain().rehearse(true);
    let error = file
        .migrator_with(&catalogue, options)
        .upgrade()
        .unwrap_err();
    assert_snapshot!(file.report(&error));
}

#[test]
fn a_damaged_file_is_reported_as_that_before_the_run() {
    let catalogue = three();
    let file = File::damaged(&catalogue, 2);
    let bytes = file.bytes();
    let error = file.migrator(&catalogue).upgrade().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Damaged, "{error:?}");
    assert!(!error.report().contains("--no-backup"), "{error:?}");
    assert_eq!(file.bytes(), bytes);
}
