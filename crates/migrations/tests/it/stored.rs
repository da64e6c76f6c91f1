//! Down migrations that only the file knows: a newer build stored them, or an attacker forged them.

use std::time::Duration;

use migrations::{Catalogue, Entry, Error, ErrorKind, Migrator, Options, Outcome};
use rusqlite::Connection;
use rusqlite::functions::FunctionFlags;

use crate::support::*;

/// A file at version 3 with rows; the catalogue knows two versions of it.
fn newer() -> (File, Catalogue) {
    let all = three();
    let file = File::at(&all, 3);
    file.sql(
        "INSERT INTO note VALUES (1, 'a', 'x'), (2, 'b', NULL), (3, 'c', 'z');
         INSERT INTO tag VALUES ('red')",
    );
    (file, all.cut_at(2).unwrap())
}

/// Puts a different down migration into the ledger, with a matching digest.
fn forge(file: &File, down_sql: &str, loses: &str) {
    let digest = Entry::digest_of_back(Some(down_sql), loses);
    file.raw()
        .execute(
            "UPDATE schema_migrations SET down_sql = ?1, down_loses = ?2, down_digest = ?3 WHERE \
             version = 3",
            [down_sql, loses, &digest],
        )
        .unwrap();
}

fn roll_back(file: &File, older: &Catalogue, options: Options) -> Result<(), Error> {
    let before = contents(&file.raw());
    let result = file.migrator_with(older, options).rollback_to(2);
    if let Err(error) = &result {
        assert_eq!(error.outcome(), Outcome::RolledBack, "{}", error.report());
        assert_eq!(contents(&file.raw()), before);
    }
    result.map(drop)
}

fn refused(down_sql: &str, loses: &str) -> Error {
    let (file, older) = newer();
    forge(&file, down_sql, loses);
    roll_back(&file, &older, plain()).unwrap_err()
}

/// `DROP TABLE tag` is what the newer build stored, with its loss declared.
#[test]
fn what_a_way_back_costs_and_does_not_declare_needs_consent() {
    for (down_sql, loses, costs) in [
        ("DELETE FROM note; DROP TABLE tag", "tag", "note: 3 rows\n"),
        (
            "DELETE FROM note WHERE id = 2; DROP TABLE tag",
            "tag",
            "note: 1 row\n",
        ),
        (
            "UPDATE note SET label = NULL; DROP TABLE tag",
            "tag",
            "note.label: 2 rows\n",
        ),
        ("DROP TABLE tag", "", "tag: 1 row\n"),
        (
            "DROP TABLE tag; ALTER TABLE note RENAME TO kept; DELETE FROM kept;
             ALTER TABLE kept RENAME TO note",
            "tag",
            "note: 3 rows\n",
        ),
        (
            "DROP TABLE tag; ALTER TABLE note DROP COLUMN label; ALTER TABLE note ADD COLUMN \
             label TEXT",
            "tag",
            "note.label: 2 rows\n",
        ),
    ] {
        let (file, older) = newer();
        forge(&file, down_sql, loses);
        // The declared loss was removed by hand before: those rows do not exist.
        if loses == "tag" {
            file.sql("DELETE FROM tag");
        }
        let error = roll_back(&file, &older, plain()).unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::ConsentNeeded,
            "{down_sql}: {}",
            error.report()
        );
        assert!(
            error.report().contains(costs),
            "{down_sql}: {}",
            error.report()
        );
        roll_back(&file, &older, accepting()).unwrap();
    }
}

#[test]
fn a_way_back_that_costs_nothing_or_what_it_declares_asks_no_more() {
    let (file, older) = newer();
    file.sql("DELETE FROM tag");
    roll_back(&file, &older, plain()).unwrap();
    // Rows under a new name still exist.
    let all = catalogue(vec![
        note_step(),
        step(
            "0002_entry",
            "ALTER TABLE note RENAME TO entry; ALTER TABLE entry RENAME COLUMN body TO text;",
            "ALTER TABLE entry RENAME COLUMN text TO body; ALTER TABLE entry RENAME TO note;",
        ),
    ]);
    let file = File::at(&all, 2);
    file.sql("INSERT INTO entry VALUES (1, 'a')");
    let older = all.cut_at(1).unwrap();
    assert_eq!(file.migrator(&older).rollback_to(1).unwrap().to, 1);
    assert_eq!(file.value::<String>("SELECT body FROM note"), "a");
}

#[test]
fn a_way_back_must_lead_to_the_schema_of_its_target() {
    for down_sql in [
        "DROP TABLE tag; CREATE TABLE junk (a)",
        "DROP TABLE tag; CREATE INDEX junk ON note(body)",
        "DROP TABLE tag; CREATE TRIGGER junk AFTER INSERT ON note BEGIN DELETE FROM note; END",
        "DROP TABLE tag; ALTER TABLE note ADD COLUMN junk",
        "SELECT 1",
    ] {
        let error = refused(down_sql, "tag");
        let kind = match down_sql {
            "SELECT 1" => [ErrorKind::Drifted, ErrorKind::ConsentNeeded],
            _ => [ErrorKind::ConsentNeeded; 2],
        };
        assert!(kind.contains(&error.kind()), "{}", error.report());
        let (file, older) = newer();
        forge(&file, down_sql, "tag");
        let error = roll_back(&file, &older, accepting()).unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::Drifted,
            "{down_sql}: {}",
            error.report()
        );
    }
}

/// The same for a step that the build knows, up and down.
#[test]
fn a_known_step_must_lead_there_too() {
    let first = step("0001_note", NOTE, "DROP TABLE note; CREATE TABLE junk (a);");
    let catalogue = catalogue(vec![first]);
    let file = File::at(&catalogue, 1);
    let error = file.migrator(&catalogue).rollback_to(0).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Drifted, "{}", error.report());
    assert_eq!(file.migrator(&catalogue).version().unwrap(), 1);
}

#[test]
fn an_endless_way_back_is_ended_and_holds_no_lock() {
    let hasty = accepting().stored_time_limit(Duration::from_millis(50));
    let endless = "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n)";
    for down_sql in [
        format!("DROP TABLE tag; {endless} SELECT count(*) FROM n"),
        format!("DROP TABLE tag; {endless} INSERT INTO note SELECT i + 10, 'x', NULL FROM n"),
        format!("{endless} SELECT count(*) FROM n"),
        format!(
            "DROP TABLE tag; CREATE VIEW v AS {endless} SELECT count(*) AS i FROM n; SELECT * \
             FROM v"
        ),
    ] {
        let (file, older) = newer();
        forge(&file, &down_sql, "tag");
        let error = roll_back(&file, &older, hasty).unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::StepFailed,
            "{down_sql}: {}",
            error.report()
        );
        let other = file.raw();
        other.busy_timeout(Duration::ZERO).unwrap();
        other.execute_batch("BEGIN EXCLUSIVE; ROLLBACK").unwrap();
    }
    let (file, older) = newer();
    roll_back(&file, &older, hasty).unwrap();
}

/// Functions and modules of the application may have side effects; those that it registers as
/// innocuous have none.
#[test]
fn a_way_back_calls_nothing_of_the_application_that_may_have_effects() {
    let call = |down_sql: &str, flags: FunctionFlags| {
        let (file, older) = newer();
        file.sql("DELETE FROM tag");
        forge(&file, down_sql, "tag");
        let connection = file.raw();
        let flags = flags | FunctionFlags::SQLITE_UTF8;
        connection
            .create_scalar_function("send", 1, flags, |_| Ok(0))
            .unwrap();
        rusqlite::vtab::csvtab::load_module(&connection).unwrap();
        let mut migrator = Migrator::with_connection(&older, connection, plain());
        migrator.rollback_to(2).map(|report| report.to)
    };
    let plain = FunctionFlags::empty();
    for down_sql in [
        "DROP TABLE tag; SELECT send('x')",
        "DROP TABLE tag; UPDATE note SET body = body WHERE send(body)",
        "DROP TABLE tag; CREATE VIRTUAL TABLE c USING csv(filename = '/etc/passwd'); DROP TABLE c",
        "DROP TABLE tag; CREATE TEMP TRIGGER t AFTER INSERT ON note BEGIN SELECT send(new.body); \
         END;
         INSERT INTO note VALUES (9, 'x', NULL); DELETE FROM note WHERE id = 9; DROP TRIGGER t",
    ] {
        let error = call(down_sql, plain).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StepForbidden, "{}", error.report());
    }
    let innocuous = FunctionFlags::SQLITE_INNOCUOUS;
    assert_eq!(
        call("DROP TABLE tag; SELECT send('x')", innocuous).unwrap(),
        2
    );
    assert_eq!(call("DROP TABLE tag; SELECT lower('x')", plain).unwrap(), 2);
    // The application's own step may call it.
    let catalogue = note_and("INSERT INTO note VALUES (1, send('x'))");
    let file = File::at(&catalogue, 1);
    let connection = file.raw();
    connection
        .create_scalar_function("send", 1, plain | FunctionFlags::SQLITE_UTF8, |_| {
            Ok("sent")
        })
        .unwrap();
    let mut migrator = Migrator::with_connection(&catalogue, connection, crate::support::plain());
    assert_eq!(migrator.upgrade().unwrap().to, 2);
}

/// SQLite does not read the text after the first statement of an entry in `sqlite_schema`, and a
/// copy must not run it.
#[test]
fn nothing_hides_behind_a_statement_of_the_schema() {
    let catalogue = catalogue(vec![
        step(
            "0001_note",
            "CREATE TABLE note (id INTEGER PRIMARY KEY, of INTEGER REFERENCES note);",
            "DROP TABLE note;",
        ),
        step(
            "0002_x",
            "CREATE TABLE x (id REFERENCES note);",
            "DROP TABLE x;",
        ),
    ]);
    let file = File::at(&catalogue, 2);
    let victim = file.directory.path().join("victim.db");
    let other = Connection::open(&victim).unwrap();
    other
        .execute_batch("CREATE TABLE s (x); INSERT INTO s VALUES ('here')")
        .unwrap();
    drop(other);
    let hidden = format!(
        "; ATTACH '{0}' || '' AS v; UPDATE v.s SET x = 'gone'; ATTACH '{0}.new' || '' AS w; \
         CREATE TABLE w.t (a)",
        victim.display()
    );
    file.raw()
        .execute_batch(&format!(
            "PRAGMA writable_schema = ON;
             UPDATE sqlite_schema SET sql = sql || '{}' WHERE name = 'x'",
            hidden.replace('\'', "''")
        ))
        .unwrap();
    let before = std::fs::read(&victim).unwrap();
    let older = catalogue.cut_at(1).unwrap();
    let _ = file.migrator_with(&older, accepting()).rollback_to(1);
    assert_eq!(std::fs::read(&victim).unwrap(), before);
    assert!(!file.directory.path().join("victim.db.new").exists());
}
