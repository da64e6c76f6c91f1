//! The engine's messages about files and catalogues; a test is named after the error's constructor.

use std::fs;
use std::path::Path;

use insta::assert_snapshot;
use migrations::{Catalogue, Down, Error, ErrorKind, Migrator, Outcome, Step};
use rusqlite::Connection;

use crate::support::*;

fn refused(file: &File, catalogue: &Catalogue) -> Error {
    let before = file.bytes();
    let error = file
        .migrator_with(catalogue, hasty())
        .upgrade()
        .unwrap_err();
    assert_eq!(file.bytes(), before, "a refused file is left as it is");
    assert_ne!(error.outcome(), Outcome::Unknown);
    error
}

#[test]
fn sqlite() {
    // A page of `sqlite_schema` with invalid pointers: the header is good, the rest is not.
    let file = File::at(&three(), 1);
    let mut bytes = file.bytes();
    bytes[100..4096].fill(0xee);
    fs::write(&file.path, &bytes).unwrap();
    let catalogue = three();
    let error = Migrator::open(&catalogue, &file.path, plain())
        .and_then(|mut migrator| migrator.upgrade())
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Damaged);
    assert_snapshot!(file.report(&error));
    assert_eq!(file.bytes(), bytes);
}

#[test]
fn cannot_open() {
    let file = File::none();
    fs::write(
        &file.path,
        "this is a letter to my aunt, not a database".repeat(100),
    )
    .unwrap();
    let error = Migrator::open(&three(), &file.path, plain()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotADatabase);
    assert_snapshot!(file.report(&error));
}

#[test]
fn file_missing() {
    let file = File::none();
    let error = Migrator::open(&three(), &file.path, plain()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(!file.path.exists());
    assert_snapshot!(file.report(&error));
}

#[test]
fn directory_missing() {
    let file = File::none();
    let path = file.directory.path().join("nowhere/notes.db");
    let error = Migrator::create(&three(), &path, plain()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_snapshot!(file.report(&error));
}

#[test]
fn is_directory() {
    let file = File::none();
    let error = Migrator::create(&three(), file.directory.path(), hasty()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotADatabase);
    assert_snapshot!(file.report(&error));
}

#[test]
fn cannot_begin() {
    let catalogue = three();
    let file = File::at(&catalogue, 1);
    let other = file.raw();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let error = refused(&file, &catalogue);
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert_eq!(error.outcome(), Outcome::Untouched);
    assert_snapshot!(file.report(&error));
    drop(other);
    assert_eq!(file.migrator(&catalogue).upgrade().unwrap().to, 3);
}

/// A file at version 1 with a reader in the middle of a table, which holds a lock.
fn read_by_another(catalogue: &Catalogue) -> (File, Connection) {
    let file = File::at(catalogue, 1);
    file.sql("INSERT INTO note VALUES (1, 'a'), (2, 'b')");
    let reader = file.raw();
    reader.execute_batch("BEGIN; SELECT * FROM note").unwrap();
    (file, reader)
}

#[test]
fn cannot_exclude_readers() {
    let catalogue = three();
    let (file, _reader) = read_by_another(&catalogue);
    let error = refused(&file, &catalogue);
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert_snapshot!(file.report(&error));
}

#[test]
fn cannot_commit() {
    // COMMIT needs an exclusive lock.
    let (file, _reader) = read_by_another(&catalogue(vec![note_step()]));
    let commented = catalogue(vec![step(
        "0001_note",
        "-- made again\nCREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL);",
        "DROP TABLE note;",
    )]);
    let mut migrator = Migrator::open(&commented, &file.path, hasty()).unwrap();
    let error = migrator.repair().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy);
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert_snapshot!(file.report(&error));
}

#[test]
fn inside_transaction() {
    let catalogue = three();
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch("BEGIN").unwrap();
    let mut migrator = Migrator::with_connection(&catalogue, connection, plain());
    let error = migrator.upgrade_to(3).unwrap_err();
    assert_snapshot!(error.report());
    assert!(
        !migrator.connection().is_autocommit(),
        "it is not ours to end"
    );
}

#[test]
fn a_schema_that_sqlite_cannot_parse() {
    let catalogue = three();
    let file = File::at(&catalogue, 1);
    file.sql(
        "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET sql = 'CREATE TABLE note (id BRAND NEW SYNTAX (' WHERE name = \
         'note';",
    );
    let error = refused(&file, &catalogue);
    assert_eq!(error.kind(), ErrorKind::Damaged);
    assert_snapshot!(file.report(&error));
}

#[test]
fn ledger_unreadable() {
    let file = File::none();
    file.sql("CREATE TABLE schema_migrations (version VARCHAR NOT NULL);");
    let error = refused(&file, &three());
    assert_eq!(error.kind(), ErrorKind::NotOurs);
    assert_snapshot!(file.report(&error));
}

#[test]
fn ledger_has_trigger() {
    let catalogue = three();
    let file = File::at(&catalogue, 1);
    file.sql(
        "CREATE TRIGGER t AFTER INSERT ON Schema_Migrations BEGIN DELETE FROM note; END;
         INSERT INTO note VALUES (1, 'kept');",
    );
    let error = refused(&file, &catalogue);
    assert_eq!(error.kind(), ErrorKind::HistoryEdited);
    assert_snapshot!(file.report(&error));
}

#[test]
fn not_ours() {
    let file = File::none();
    file.sql("PRAGMA application_id = 0x0badcafe; CREATE TABLE t (a);");
    let error = refused(&file, &three().with_application_id(0x7472_6169));
    assert_eq!(error.kind(), ErrorKind::NotOurs);
    assert_snapshot!(file.report(&error));
}

#[test]
fn no_ledger() {
    let file = File::none();
    file.sql("CREATE TABLE note (id INTEGER PRIMARY KEY); PRAGMA user_version = -7;");
    let error = refused(&file, &three());
    assert_eq!(error.kind(), ErrorKind::NotOurs);
    assert_snapshot!(file.report(&error));
}

#[test]
fn no_ledger_and_no_table() {
    let file = File::none();
    file.sql("PRAGMA user_version = 4;");
    let error = refused(&file, &three());
    assert_eq!(error.kind(), ErrorKind::NotOurs);
    assert_snapshot!(file.report(&error));
}

#[test]
fn ledger_gap() {
    let catalogue = three();
    let file = File::at(&catalogue, 2);
    file.sql("DELETE FROM schema_migrations WHERE version = 1");
    let error = refused(&file, &catalogue);
    assert_eq!(error.kind(), ErrorKind::HistoryEdited);
    assert_snapshot!(file.report(&error));
}

#[test]
fn ledger_disagrees() {
    let catalogue = three();
    let file = File::at(&catalogue, 2);
    file.sql("PRAGMA user_version = -2147483648");
    let error = refused(&file, &catalogue);
    assert_eq!(error.kind(), ErrorKind::HistoryEdited);
    assert_snapshot!(file.report(&error));
}

#[test]
fn stored_back_damaged() {
    let catalogue = three();
    let file = File::at(&catalogue, 3);
    file.sql("UPDATE schema_migrations SET down_sql = 'DROP TABLE note' WHERE version = 3");
    let older = catalogue.cut_at(2).unwrap();
    let before = file.bytes();
    let error = file.migrator(&older).rollback_to(2).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::HistoryEdited);
    assert_eq!(file.bytes(), before);
    assert_snapshot!(file.report(&error));
}

#[test]
fn history_edited() {
    let file = File::at(&three(), 2);
    let edited = catalogue(vec![
        step("0001_note", "CREATE TABLE note (id);", "DROP TABLE note;"),
        label_step(),
        tag_step(),
    ]);
    let error = refused(&file, &edited);
    assert_eq!(error.kind(), ErrorKind::HistoryEdited);
    assert_snapshot!(file.report(&error));
}

#[test]
fn newer() {
    let file = File::at(&three(), 3);
    let error = refused(&file, &three().cut_at(2).unwrap());
    assert_eq!(error.kind(), ErrorKind::Newer);
    assert_snapshot!(file.report(&error));
}

#[test]
fn drifted() {
    let catalogue = three();
    let file = File::at(&catalogue, 2);
    file.sql("CREATE INDEX mine ON note (body); ALTER TABLE note ADD COLUMN colour TEXT;");
    let error = refused(&file, &catalogue);
    assert_eq!(error.kind(), ErrorKind::Drifted);
    assert_snapshot!(file.report(&error));
}

#[test]
fn cannot_adopt() {
    let catalogue = three();
    let file = File::none();
    file.sql("CREATE TABLE note (id INTEGER PRIMARY KEY);");
    let before = file.bytes();
    let error = file.migrator(&catalogue).upgrade_from(1, 3).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Drifted);
    assert_eq!(file.bytes(), before);
    assert_snapshot!(file.report(&error));
}

#[test]
fn target_unknown() {
    let catalogue = three();
    let file = File::at(&catalogue, 1);
    let error = file.migrator(&catalogue).upgrade_to(9).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WrongVersion);
    assert_snapshot!(file.report(&error));
}

#[test]
fn unexpected_version() {
    let catalogue = three();
    let file = File::at(&catalogue, 2);
    let error = file.migrator(&catalogue).upgrade_from(1, 3).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WrongVersion);
    assert_snapshot!(file.report(&error));
}

#[test]
fn unexpected_version_claim() {
    let catalogue = three();
    let file = File::none();
    file.sql(NOTE).sql("PRAGMA user_version = 5");
    let error = file.migrator(&catalogue).upgrade_from(1, 3).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WrongVersion);
    assert_snapshot!(file.report(&error));
}

#[test]
fn upgrade_goes_back() {
    let catalogue = three();
    let file = File::at(&catalogue, 3);
    let error = file.migrator(&catalogue).upgrade_to(1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WrongVersion);
    assert_snapshot!(file.report(&error));
}

#[test]
fn rollback_goes_up() {
    let catalogue = three();
    let file = File::at(&catalogue, 1);
    let error = file.migrator(&catalogue).rollback_to(2).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::WrongVersion);
    assert_snapshot!(file.report(&error));
}

#[test]
fn irreversible() {
    let why = "The old codes were thrown away.\n";
    let last = Step::new("0002_codes", "", Down::Irreversible(why.into()), "");
    let catalogue = catalogue(vec![note_step(), last]);
    let file = File::at(&catalogue, 2);
    let error = file.migrator(&catalogue).rollback_to(0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Irreversible);
    assert_snapshot!(file.report(&error));
}

/// A folder of steps: its name and its files.
fn folder(file: &File, name: &str, files: &[&str]) {
    let path = file.directory.path().join(name);
    fs::create_dir(&path).unwrap();
    for file in files {
        fs::write(path.join(file), "").unwrap();
    }
}

fn unread(file: &File, path: &Path) -> String {
    let error = Catalogue::read(path).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadCatalogue);
    file.report(&error)
}

#[test]
fn step_file_unreadable() {
    let file = File::none();
    folder(&file, "0001_note", &["up.sql", "down.sql"]);
    assert_snapshot!(unread(&file, file.directory.path()));
}

#[test]
fn way_back_missing() {
    let file = File::none();
    folder(&file, "0001_note", &["up.sql", "notes.md"]);
    assert_snapshot!(unread(&file, file.directory.path()));
}

#[test]
fn way_back_twice() {
    let file = File::none();
    folder(
        &file,
        "0001_note",
        &["up.sql", "down.sql", "irreversible.md", "notes.md"],
    );
    assert_snapshot!(unread(&file, file.directory.path()));
}

#[test]
fn folder_unreadable() {
    let file = File::none();
    assert_snapshot!(unread(&file, &file.directory.path().join("versions")));
}

#[test]
fn catalogue_empty() {
    let error = Catalogue::new(Vec::new()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadCatalogue);
    assert_snapshot!(error.report());
}

#[test]
fn catalogue_gap() {
    let error = Catalogue::new(vec![note_step(), tag_step()]).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadCatalogue);
    assert_snapshot!(error.report());
}
