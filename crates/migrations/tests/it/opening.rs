//! Files that exist, do not exist, or are something else.

use std::fs;

use migrations::{ErrorKind, Migrator, Outcome};
use rusqlite::{Connection, OpenFlags};

use crate::support::*;

#[test]
fn a_file_of_no_bytes_is_an_empty_database() {
    let catalogue = three();
    let file = File::none();
    fs::write(&file.path, b"").unwrap();
    let mut migrator = Migrator::open(&catalogue, &file.path, plain()).unwrap();
    assert_eq!(migrator.version().unwrap(), 0);
    assert_eq!(file.bytes().len(), 0, "opening writes nothing");
    assert_eq!(migrator.upgrade().unwrap().to, 3);
}

#[test]
fn a_file_is_opened_by_its_header_when_that_says_it_is_current() {
    let catalogue = three();
    let open = |file: &File| Migrator::open_by_header(&catalogue, &file.path, plain());
    let current = File::at(&catalogue, 3);
    let migrator = open(&current).unwrap().unwrap();
    assert_eq!(migrator.version().unwrap(), 3);
    let keys = "PRAGMA foreign_keys";
    let keys = migrator.connection().query_row(keys, [], |row| row.get(0));
    assert_eq!(keys, Ok(true));
    for version in [0, 1, 2] {
        assert!(open(&File::at(&catalogue, version)).unwrap().is_none());
    }
    let error = open(&File::none()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
}

/// The documented limits of `open_by_header`, which [`Migrator::upgrade`] does not have.
#[test]
fn opening_by_the_header_does_not_read_the_ledger() {
    let catalogue = three();
    let file = File::at(&catalogue, 3);
    file.sql("UPDATE schema_migrations SET up_digest = 'another'");
    assert!(
        Migrator::open_by_header(&catalogue, &file.path, plain())
            .unwrap()
            .is_some()
    );
    let error = file.migrator(&catalogue).upgrade().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::HistoryEdited);
}

#[test]
fn truncated_files_are_reported() {
    let catalogue = three();
    let whole = File::at(&catalogue, 2).bytes();
    // A file of one byte is empty to SQLite, which itself writes that byte on some systems.
    for keep in [2, 15, 16, 99, 100, 512, 4096, 5000, whole.len() - 4096] {
        let file = File::none();
        fs::write(&file.path, &whole[..keep]).unwrap();
        let error = Migrator::open(&catalogue, &file.path, plain())
            .and_then(|mut migrator| migrator.upgrade())
            .unwrap_err();
        let kinds = [ErrorKind::NotADatabase, ErrorKind::Damaged];
        assert!(kinds.contains(&error.kind()), "{keep}: {}", error.report());
        assert_ne!(error.outcome(), Outcome::Unknown);
        assert_eq!(file.bytes(), &whole[..keep], "{keep}");
    }
}

#[test]
fn a_connection_that_only_reads_is_reported() {
    let catalogue = three();
    let file = File::at(&catalogue, 1);
    let read_only =
        || Connection::open_with_flags(&file.path, OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let mut migrator = Migrator::with_connection(&catalogue, read_only(), plain());
    let error = migrator.upgrade().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReadOnly);
    assert_eq!(migrator.version().unwrap(), 1);

    file.migrator(&catalogue).upgrade().unwrap();
    let mut migrator = Migrator::with_connection(&catalogue, read_only(), plain());
    assert!(migrator.upgrade().unwrap().steps.is_empty());
}

/// A process died in the middle of a write: a writer rolls that back and continues, a reader
/// without write access gets an error.
#[test]
fn what_a_killed_process_left_is_rolled_back_or_reported() {
    let catalogue = three();
    let file = File::at(&catalogue, 1);
    file.sql("INSERT INTO note (body) VALUES ('kept')");
    let hot = File::none();
    let writer = file.raw();
    writer
        .execute_batch("PRAGMA cache_size = 1; PRAGMA cache_spill = ON; BEGIN;")
        .unwrap();
    let many = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)
                INSERT INTO note (body) SELECT hex(randomblob(200)) FROM n";
    writer.execute_batch(many).unwrap();
    let journal = |path: &std::path::Path| path.with_file_name("notes.db-journal");
    fs::copy(&file.path, &hot.path).unwrap();
    fs::copy(journal(&file.path), journal(&hot.path)).unwrap();
    drop(writer);

    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY;
    let reader = Connection::open_with_flags(&hot.path, flags).unwrap();
    let before = hot.bytes();
    let migrator = Migrator::with_connection(&catalogue, reader, plain());
    let error = migrator.version().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Interrupted, "{}", error.report());
    assert_eq!(hot.bytes(), before);
    drop(migrator);

    assert_eq!(hot.migrator(&catalogue).upgrade().unwrap().to, 3);
    assert_eq!(
        hot.value::<String>("SELECT group_concat(body) FROM note"),
        "kept"
    );
}

#[cfg(unix)]
#[test]
fn a_file_or_directory_that_cannot_be_written_is_reported() {
    use std::os::unix::fs::PermissionsExt;
    let catalogue = three();
    let file = File::at(&catalogue, 1);
    let allow = |path: &std::path::Path, mode| {
        fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    };
    allow(&file.path, 0o444);
    if fs::OpenOptions::new().append(true).open(&file.path).is_ok() {
        // Permissions do not limit root.
        return;
    }
    let error = file.migrator(&catalogue).upgrade().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ReadOnly);
    allow(&file.path, 0o644);
    allow(file.directory.path(), 0o555);
    let error = file.migrator(&catalogue).upgrade().unwrap_err();
    allow(file.directory.path(), 0o755);
    assert_eq!(error.kind(), ErrorKind::ReadOnly);
}

#[test]
fn a_locked_file_is_busy_and_not_damaged() {
    let catalogue = three();
    let file = File::at(&catalogue, 1);
    let other = file.raw();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    let error = Migrator::open(&catalogue, &file.path, hasty()).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Busy, "{}", error.report());
    other.execute_batch("COMMIT").unwrap();
    let migrator = Migrator::open(&catalogue, &file.path, hasty()).unwrap();
    other.execute_batch("BEGIN EXCLUSIVE").unwrap();
    for error in [
        migrator.state().unwrap_err(),
        migrator.version().unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Busy, "{}", error.report());
    }
}
