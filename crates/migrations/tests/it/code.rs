//! Steps with a Rust function.

use migrations::{BoxError, Catalogue, ErrorKind, Migrator, Options, Outcome, SkippedRows, StepFn};
use rusqlite::Connection;

use crate::support::*;

type Function = fn(&Connection, &mut SkippedRows) -> Result<(), BoxError>;

fn nothing(_: &Connection, _: &mut SkippedRows) -> Result<(), BoxError> {
    Ok(())
}

fn numbers(connection: &Connection, skipped: &mut SkippedRows) -> Result<(), BoxError> {
    let mut read = connection.prepare("SELECT id, body FROM note ORDER BY id")?;
    let mut rows = read.query([])?;
    while let Some(row) = rows.next()? {
        let (id, body): (i64, String) = (row.get(0)?, row.get(1)?);
        if body.parse::<i64>().is_err() {
            skipped.skip("note", format!("id {id}"), format!("`{body}` is no number"));
        }
    }
    Ok(())
}

fn fill(connection: &Connection, skipped: &mut SkippedRows) -> Result<(), BoxError> {
    numbers(connection, skipped)?;
    connection.execute(
        "UPDATE note SET number = body + 1 WHERE body GLOB '[0-9]*'",
        [],
    )?;
    Ok(())
}

fn with(preflight: Function, apply: Function) -> Catalogue {
    let code = StepFn {
        name: "fill",
        preflight,
        apply,
    };
    let filled = step(
        "0002_number",
        "ALTER TABLE note ADD COLUMN number INTEGER;",
        "ALTER TABLE note DROP COLUMN number;",
    );
    catalogue(vec![note_step(), filled.with_code(code)])
}

fn file(catalogue: &Catalogue) -> File {
    let file = File::at(catalogue, 1);
    file.sql("INSERT INTO note VALUES (1, '41'), (2, 'many')");
    file
}

#[test]
fn it_runs_after_the_sql_and_its_remarks_are_reported() {
    let catalogue = with(numbers, fill);
    let file = file(&catalogue);
    let mut migrator = file.migrator(&catalogue);
    let report = migrator.upgrade().unwrap();
    let skipped: Vec<_> = report
        .skipped_rows
        .iter()
        .map(|row| (row.version, &*row.table, &*row.key))
        .collect();
    assert_eq!(skipped, [(2, "note", "id 2")]);
    assert_eq!(
        file.value::<i64>("SELECT number FROM note WHERE id = 1"),
        42
    );
    // Going back is plain SQL.
    assert!(migrator.rollback_to(1).unwrap().skipped_rows.is_empty());
}

#[test]
fn a_strict_run_refuses_what_would_be_left() {
    let catalogue = with(numbers, fill);
    let file = file(&catalogue);
    let before = file.bytes();
    let error = file
        .migrator_with(&catalogue, strict())
        .upgrade()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConsentNeeded);
    assert!(error.report().contains("note id 2: `many` is no number"));
    assert_eq!(file.bytes(), before);
    file.sql("DELETE FROM note WHERE id = 2");
    assert_eq!(
        file.migrator_with(&catalogue, strict())
            .upgrade()
            .unwrap()
            .to,
        2
    );
}

/// The error of `catalogue`; the file and the connection are unchanged.
fn fails(catalogue: &Catalogue, options: Options) -> migrations::Error {
    let file = file(catalogue);
    let before = file.bytes();
    let mut migrator = file.migrator_with(catalogue, options);
    let error = migrator.upgrade().unwrap_err();
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert_eq!(file.bytes(), before);
    let connection = migrator.connection();
    assert!(connection.is_autocommit());
    assert!(value::<bool>(connection, "PRAGMA foreign_keys"));
    // The authorizer is gone, and so is the hook that refuses commits.
    connection
        .execute_batch(
            "BEGIN; DELETE FROM note; SAVEPOINT s; RELEASE s; COMMIT; PRAGMA user_version = 1;",
        )
        .unwrap();
    assert_eq!(file.value::<i64>("SELECT count(*) FROM note"), 0);
    error
}

#[test]
fn an_error_and_a_panic_leave_nothing_behind() {
    let error = fails(&with(nothing, |_, _| Err("no".into())), plain());
    assert!(error.report().contains("because: no"));
    let error = fails(&with(nothing, |_, _| panic!("{}", "worse")), plain());
    assert!(
        error
            .report()
            .contains("`fill` of `0002_number` panicked: worse")
    );
    let error = fails(&with(|_, _| panic!("soon"), nothing), strict());
    assert!(error.report().contains("panicked: soon"));
}

#[test]
fn a_panic_elsewhere_leaves_nothing_behind() {
    // Not in the function but in a payload that is not text.
    let apply: Function = |_, _| std::panic::panic_any(7);
    let error = fails(&with(nothing, apply), plain());
    assert!(
        error
            .report()
            .starts_with("error: `fill` of `0002_number` panicked\n")
    );
}

#[test]
fn it_is_held_to_what_a_script_may_do() {
    let deeds: [(Function, &str); 7] = [
        (
            |c, _| Ok(c.execute_batch("COMMIT")?),
            "BEGIN, COMMIT or ROLLBACK",
        ),
        (
            |c, _| Ok(c.execute_batch("ROLLBACK; BEGIN")?),
            "BEGIN, COMMIT or ROLLBACK",
        ),
        (
            |c, _| c.unchecked_transaction().map(|_| ()).map_err(Into::into),
            "BEGIN, COMMIT or ROLLBACK",
        ),
        (|c, _| Ok(c.execute_batch("SAVEPOINT s")?), "SAVEPOINT"),
        (
            |c, _| Ok(c.execute_batch("ATTACH ':memory:' AS m")?),
            "ATTACH",
        ),
        (
            |c, _| Ok(c.pragma_update(None, "user_version", 9)?),
            "PRAGMA user_version",
        ),
        (
            |c, _| Ok(c.execute_batch("DELETE FROM schema_migrations")?),
            "a change to the ledger",
        ),
    ];
    for (deed, what) in deeds {
        let error = fails(&with(nothing, deed), plain());
        assert_eq!(error.kind(), ErrorKind::StepForbidden);
        let said = format!("`fill` of `0002_number` may not use {what}");
        assert!(error.report().contains(&said), "{}", error.report());
    }
}

#[test]
fn a_survey_may_only_read() {
    for preflight in [
        (|c, _| Ok(c.execute_batch("UPDATE note SET body = ''")?)) as Function,
        |c, _| Ok(c.execute_batch("CREATE TABLE mine (x)")?),
        |c, _| Ok(c.execute_batch("CREATE TEMP TABLE mine (x)")?),
        |c, _| Ok(c.execute_batch("DROP TABLE note")?),
        |c, _| {
            let _ = c.execute_batch("DELETE FROM note");
            Ok(())
        },
    ] {
        let error = fails(&with(preflight, nothing), strict());
        assert_eq!(error.kind(), ErrorKind::StepForbidden);
        assert!(
            error
                .report()
                .contains("may not use a statement that writes")
        );
    }
}

#[test]
fn a_refused_commit_is_reported() {
    // A hook that the function sets replaces the engine's own; it stops the COMMIT.
    let apply: Function = |c, _| {
        refuse_commits(c);
        Ok(())
    };
    let error = fails_at_commit(&with(nothing, apply));
    assert_eq!(error.kind(), ErrorKind::Sqlite);
    assert!(
        error.report().contains("could not commit the run"),
        "{}",
        error.report()
    );
}

/// Sets a hook through `&Connection`, as rusqlite up to 0.40 allows; later versions need `&mut
/// Connection`, which a step does not have.
#[expect(unsafe_code, reason = "rusqlite gives no way that all versions have")]
fn refuse_commits(connection: &Connection) {
    extern "C" fn refuse(_: *mut std::ffi::c_void) -> std::ffi::c_int {
        1
    }
    // SAFETY: the connection is open, and the hook uses nothing.
    unsafe {
        rusqlite::ffi::sqlite3_commit_hook(connection.handle(), Some(refuse), std::ptr::null_mut());
    }
}

fn fails_at_commit(catalogue: &Catalogue) -> migrations::Error {
    let file = File::at(&catalogue.cut_at(1).unwrap(), 1);
    let before = file.bytes();
    let connection = file.raw();
    let mut migrator = Migrator::with_connection(catalogue, connection, plain());
    let error = migrator.upgrade_to(2).unwrap_err();
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert_eq!(file.bytes(), before);
    error
}
