//! Actions that a step may not take.

use migrations::{ErrorKind, Outcome};

use crate::support::*;

/// Runs `up` as step 2 on a file with a row; it must be refused for `what` and leave the file
/// unchanged.
fn refused(up: &'static str, what: &str) {
    let catalogue = note_and(up);
    let file = File::at(&catalogue, 1);
    file.sql("INSERT INTO note VALUES (1, 'a')");
    let before = file.bytes();
    let error = file.migrator(&catalogue).upgrade().unwrap_err();
    let report = error.report();
    assert_eq!(error.kind(), ErrorKind::StepForbidden, "{up}: {report}");
    assert_eq!(error.outcome(), Outcome::RolledBack, "{up}");
    assert!(error.place().is_some(), "{up}");
    assert!(
        report.contains(&format!("may not use {what}\n")),
        "{up}: {report}"
    );
    assert!(report.contains("hint: "), "{up}");
    assert_eq!(file.bytes(), before, "{up}");
}

#[test]
fn transactions() {
    for up in [
        "COMMIT",
        "END",
        "BEGIN",
        "ROLLBACK; BEGIN",
        "DELETE FROM note; ROLLBACK",
    ] {
        refused(up, "BEGIN, COMMIT or ROLLBACK");
    }
    for up in ["SAVEPOINT s", "RELEASE s", "ROLLBACK TO s"] {
        refused(up, "SAVEPOINT, RELEASE or ROLLBACK TO");
    }
}

#[test]
fn other_files() {
    refused("ATTACH ':memory:' AS x", "ATTACH or DETACH");
    refused("DETACH main", "ATTACH or DETACH");
    refused("VACUUM", "VACUUM");
    refused("/* small */ vacuum INTO 'x.db'", "VACUUM");
    refused("SELECT load_extension('x')", "load_extension()");
}

#[test]
fn pragmas() {
    for (up, what) in [
        ("PRAGMA foreign_keys = OFF", "PRAGMA foreign_keys"),
        ("PRAGMA main.foreign_keys(0)", "PRAGMA foreign_keys"),
        ("pragma Defer_Foreign_Keys = 1", "PRAGMA Defer_Foreign_Keys"),
        ("PRAGMA user_version = 9", "PRAGMA user_version"),
        ("PRAGMA application_id(1)", "PRAGMA application_id"),
        ("PRAGMA writable_schema = ON", "PRAGMA writable_schema"),
        ("PRAGMA schema_version = 1", "PRAGMA schema_version"),
        ("PRAGMA journal_mode = WAL", "PRAGMA journal_mode"),
        ("PRAGMA optimize", "PRAGMA optimize"),
        ("SELECT * FROM pragma_optimize", "PRAGMA optimize"),
        ("PRAGMA wal_checkpoint", "PRAGMA wal_checkpoint"),
        ("PRAGMA incremental_vacuum", "PRAGMA incremental_vacuum"),
    ] {
        refused(up, what);
    }
}

#[test]
fn a_script_may_read_pragmas() {
    let catalogue = note_and(
        "PRAGMA foreign_keys; PRAGMA user_version; PRAGMA table_info(note); PRAGMA \
         integrity_check(1);
         SELECT * FROM pragma_table_xinfo('note'); SELECT * FROM pragma_user_version;
         SELECT * FROM pragma_foreign_key_check('note'); SELECT * FROM schema_migrations;
         CREATE TABLE made AS SELECT name FROM pragma_table_info('note');",
    );
    let file = File::at(&catalogue, 2);
    assert_eq!(file.value::<i64>("SELECT count(*) FROM made"), 2);
}

#[test]
fn pragma_functions_are_only_readers() {
    // Each pragma is called without an argument and, if it takes one, with one: nothing may change.
    let connection = rusqlite::Connection::open_in_memory().unwrap();
    let mut names = connection
        .prepare("SELECT name FROM pragma_pragma_list")
        .unwrap();
    let names: Vec<String> = names
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    assert!(names.len() > 50, "{names:?}");
    let mut callable = 0;
    for name in names {
        for call in [format!("pragma_{name}"), format!("pragma_{name}(1)")] {
            let up = format!("INSERT INTO note (body) SELECT 'x' FROM {call} LIMIT 1");
            let tried = migrations::Step::new("0002_tried", up, back(""), "");
            let catalogue = catalogue(vec![note_step(), tried]);
            let file = File::at(&catalogue, 1);
            let result = file.migrator(&catalogue).upgrade();
            callable += i32::from(result.is_ok());
            let expected = if result.is_ok() { 2 } else { 1 };
            let after = file.raw();
            assert_eq!(
                value::<i64>(&after, "PRAGMA user_version"),
                expected,
                "{call}"
            );
            assert_eq!(
                value::<String>(&after, "PRAGMA journal_mode"),
                "delete",
                "{call}"
            );
            assert_eq!(value::<i64>(&after, "PRAGMA application_id"), 0, "{call}");
        }
    }
    assert!(callable > 20, "{callable}");
}

#[test]
fn the_ledger() {
    for up in [
        "INSERT INTO schema_migrations SELECT 9, name, '', '', '', '', '', '' FROM \
         schema_migrations",
        "UPDATE Schema_Migrations SET up_digest = ''",
        "UPDATE schema_migrations SET up_digest = '' WHERE 0",
        "DELETE FROM main.schema_migrations",
        "REPLACE INTO schema_migrations SELECT * FROM schema_migrations",
        "DROP TABLE schema_migrations",
        "DROP TABLE IF EXISTS \"SCHEMA_MIGRATIONS\"",
        "ALTER TABLE schema_migrations RENAME TO mine",
        "ALTER TABLE schema_migrations ADD COLUMN mine",
        "ALTER TABLE schema_migrations DROP COLUMN applied_by",
        "ALTER TABLE schema_migrations RENAME COLUMN applied_by TO mine",
        "CREATE INDEX mine ON schema_migrations (name)",
        "CREATE TABLE IF NOT EXISTS schema_migrations (mine)",
        "CREATE TEMP TABLE schema_migrations (mine)",
        "CREATE TEMP VIEW schema_migrations AS SELECT 1",
        "CREATE TRIGGER t AFTER INSERT ON schema_migrations BEGIN DELETE FROM note; END",
        "CREATE TEMP TRIGGER t AFTER INSERT ON main.schema_migrations BEGIN SELECT 1; END",
        "CREATE TRIGGER t AFTER INSERT ON note BEGIN DELETE FROM schema_migrations; END;
         INSERT INTO note VALUES (2, 'b')",
        "CREATE VIEW v AS SELECT name FROM schema_migrations;
         CREATE TRIGGER t INSTEAD OF DELETE ON v BEGIN DELETE FROM schema_migrations; END;
         DELETE FROM v",
    ] {
        refused(up, "a change to the ledger `schema_migrations`");
    }
}

#[test]
fn a_first_step_cannot_put_its_own_table_in_the_place_of_the_ledger() {
    for up in [
        "CREATE TABLE schema_migrations (a, b, c, d, e, f, g, h)",
        "CREATE VIEW schema_migrations AS SELECT 1",
        "CREATE TABLE mine (a, b, c, d, e, f, g, h); ALTER TABLE mine RENAME TO schema_migrations",
    ] {
        let catalogue = catalogue(vec![step("0001_first", up, "")]);
        let file = File::none();
        let error = file.migrator(&catalogue).upgrade().unwrap_err();
        assert_eq!(error.outcome(), Outcome::RolledBack, "{up}");
        assert_eq!(
            file.value::<i64>("SELECT count(*) FROM sqlite_schema"),
            0,
            "{up}"
        );
    }
}

#[test]
fn a_nul_does_not_hide_the_rest_of_a_statement() {
    refused(
        "INSERT INTO note VALUES (2, 'b') \0 , (3, 'c')",
        "a NUL character",
    );
}

#[test]
fn a_stored_way_back_is_watched_too() {
    let catalogue = catalogue(vec![
        note_step(),
        step(
            "0002_sly",
            "",
            "DELETE FROM note; COMMIT; PRAGMA user_version = 7;",
        ),
    ]);
    let file = File::at(&catalogue, 2);
    file.sql("INSERT INTO note VALUES (1, 'a')");
    let before = file.bytes();
    let older = catalogue.cut_at(1).unwrap();
    let error = file.migrator(&older).rollback_to(1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StepForbidden);
    assert_eq!(file.bytes(), before);
}

#[test]
fn the_list_of_the_schema() {
    for up in [
        "DELETE FROM sqlite_schema",
        "UPDATE \"main\".\"sqlite_master\" SET sql = ''",
        "INSERT OR REPLACE INTO sqlite_schema(type) VALUES ('table')",
        "WITH gone AS (SELECT 1) DELETE FROM sqlite_schema",
        "/* quietly */ UPDATE main . [sqlite_schema] SET sql = NULL",
        "CREATE TRIGGER t AFTER INSERT ON note BEGIN DELETE FROM sqlite_schema; END;
         INSERT INTO note VALUES (2, 'b')",
    ] {
        refused(up, "a write to `sqlite_schema`");
    }
    // The application may have unlocked the schema; the run locks it and then restores the setting.
    let catalogue = note_and("DELETE FROM sqlite_schema");
    let file = File::at(&catalogue, 1);
    let connection = file.raw();
    connection
        .execute_batch("PRAGMA writable_schema = ON")
        .unwrap();
    let mut migrator = migrations::Migrator::with_connection(&catalogue, connection, plain());
    let error = migrator.upgrade().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StepForbidden, "{}", error.report());
    let unlocked = value::<bool>(migrator.connection(), "PRAGMA writable_schema");
    assert!(unlocked);
    let reads = note_and("INSERT INTO note (body) SELECT name FROM sqlite_schema");
    assert_eq!(
        File::at(&reads, 1).migrator(&reads).upgrade().unwrap().to,
        2
    );
}
