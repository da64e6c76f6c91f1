//! All or nothing.

use migrations::{ErrorKind, Migrator, Outcome};

use crate::support::*;

fn five() -> migrations::Catalogue {
    catalogue(vec![
        note_step(),
        label_step(),
        step(
            "0003_fails",
            "UPDATE note SET label = 'ü';\nSELECT 'größer' AS \"größe\", ¿nope FROM note;",
            "",
        ),
        step("0004_a", "CREATE TABLE a (x);", "DROP TABLE a;"),
        step("0005_b", "CREATE TABLE b (x);", "DROP TABLE b;"),
    ])
}

fn step_three_fails(journal: &str) {
    let catalogue = five();
    let file = File::at(&catalogue, 1);
    file.sql(&format!("PRAGMA journal_mode = {journal}"));
    file.sql("INSERT INTO note VALUES (1, 'a'), (2, 'b')");
    let (bytes, before) = (file.bytes(), contents(&file.raw()));
    let error = file.migrator(&catalogue).upgrade().unwrap_err();
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert_eq!(error.kind(), ErrorKind::StepFailed);
    let place = error.place().unwrap();
    assert_eq!((place.version, place.statement), (3, 2));
    assert_eq!(place.file, "0003_fails/up.sql");
    assert_eq!((place.line, place.column), (2, 29));
    assert_eq!(file.bytes(), bytes, "{journal}");
    assert_eq!(contents(&file.raw()), before);
    // The caret is below the text that SQLite cannot parse.
    let report = error.report();
    let lines: Vec<&str> = report.lines().collect();
    let caret = lines.iter().position(|line| line.ends_with('^')).unwrap();
    let at = lines[caret].chars().count() - 1;
    assert_eq!(lines[caret - 1].chars().nth(at), Some('¿'), "{report}");
}

#[test]
fn a_run_that_fails_half_way_leaves_the_file() {
    step_three_fails("DELETE");
}

#[test]
fn a_run_that_fails_half_way_leaves_the_file_under_wal() {
    step_three_fails("WAL");
}

#[test]
fn a_rollback_that_fails_half_way_leaves_the_file() {
    let catalogue = catalogue(vec![
        step("0001_note", NOTE, "DROP TABLE nope;"),
        label_step(),
        tag_step(),
    ]);
    let file = File::at(&catalogue, 3);
    let before = file.bytes();
    let error = file.migrator(&catalogue).rollback_to(0).unwrap_err();
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert_eq!(error.place().unwrap().file, "0001_note/down.sql");
    assert_eq!(file.bytes(), before);
}

#[test]
fn or_rollback_in_a_script_ends_cleanly() {
    for up in [
        "DELETE FROM note WHERE id = 2; INSERT OR ROLLBACK INTO note VALUES (1, 'x'); DELETE FROM \
         note;",
        "CREATE TRIGGER t BEFORE DELETE ON note BEGIN SELECT RAISE(ROLLBACK, 'never'); END;
         DELETE FROM note;",
    ] {
        let catalogue = note_and(up);
        let file = File::at(&catalogue, 1);
        file.sql("INSERT INTO note VALUES (1, 'a'), (2, 'b')");
        let before = file.bytes();
        let mut migrator = file.migrator(&catalogue);
        let error = migrator.upgrade().unwrap_err();
        assert_eq!(error.outcome(), Outcome::RolledBack);
        assert!(error.place().is_some());
        assert_eq!(file.bytes(), before);
        assert!(migrator.connection().is_autocommit());
        assert_eq!(migrator.version().unwrap(), 1, "the handle still works");
    }
}

#[test]
fn a_full_disk_is_reported_as_that() {
    let catalogue = note_and(
        "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 999)
         INSERT INTO note SELECT NULL, hex(randomblob(200)) FROM n;",
    );
    let file = File::at(&catalogue, 1);
    let before = file.bytes();
    let connection = file.raw();
    let _: i64 = value(&connection, "PRAGMA max_page_count = 10");
    let mut migrator = migrations::Migrator::with_connection(&catalogue, connection, plain());
    let error = migrator.upgrade().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::DiskFull);
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert!(error.report().contains("the disk is full"));
    assert!(!error.report().contains("fix"), "{}", error.report());
    assert_eq!(file.bytes(), before);
}

#[test]
fn a_statement_that_returns_rows_is_run_to_its_end() {
    let catalogue = note_and(
        "INSERT INTO note VALUES (1, 'a'), (2, 'b') RETURNING id; SELECT * FROM note;
         UPDATE note SET body = 'c' RETURNING body;",
    );
    let file = File::at(&catalogue, 2);
    assert_eq!(
        file.value::<i64>("SELECT count(*) FROM note WHERE body = 'c'"),
        2
    );
}

/// The caller's transaction may not end here: its uncommitted work stays.
#[test]
fn a_transaction_of_the_caller_is_left_alone() {
    let catalogue = three();
    let file = File::at(&catalogue, 3);
    let connection = file.raw();
    connection
        .execute_batch("BEGIN; INSERT INTO note (body) VALUES ('mine')")
        .unwrap();
    let mut migrator = migrations::Migrator::with_connection(&catalogue, connection, plain());
    for error in [
        migrator.repair().unwrap_err(),
        migrator.rollback_to(1).unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::Unsuitable, "{error:?}");
    }
    let kept: i64 = value(migrator.connection(), "SELECT count(*) FROM note");
    assert_eq!(kept, 1);
}

/// <https://sqlite.org/pragma.html#pragma_synchronous>: 1 is `NORMAL`, 3 is `EXTRA`.
#[test]
fn a_run_syncs_all_it_can_and_puts_the_setting_back() {
    let level = "INSERT INTO note (body) SELECT synchronous FROM pragma_synchronous;";
    for (up, works) in [(level, true), ("INSERT INTO nosuch VALUES (1)", false)] {
        let catalogue = note_and(up);
        let file = File::at(&catalogue, 1);
        let connection = file.raw();
        connection
            .pragma_update(None, "synchronous", "NORMAL")
            .unwrap();
        let mut migrator = Migrator::with_connection(&catalogue, connection, plain());
        assert_eq!(migrator.upgrade().is_ok(), works);
        let after: i64 = value(migrator.connection(), "PRAGMA synchronous");
        assert_eq!(after, 1);
        let during: Option<String> = file.value("SELECT max(body) FROM note");
        assert_eq!(during.as_deref(), works.then_some("3"));
    }
}
