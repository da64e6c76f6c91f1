//! What the engine says about steps that fail; a test is named after the error's constructor.

use insta::assert_snapshot;
use migrations::{Catalogue, Code, Error, ErrorKind, Options, Outcome};

use crate::support::*;

/// Runs step 2 on a file of version 1 with `rows`, which must fail and leave the bytes.
fn failed(catalogue: &Catalogue, rows: &str, options: Options) -> Error {
    let file = File::at(catalogue, 1);
    file.sql(rows);
    let before = file.bytes();
    let error = file
        .migrator_with(catalogue, options)
        .upgrade()
        .unwrap_err();
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert_eq!(file.bytes(), before, "rolled back");
    error
}

fn with_code(code: Code) -> Catalogue {
    catalogue(vec![
        note_step(),
        step("0002_filled", "", "").with_code(code),
    ])
}

#[test]
fn consent_needed() {
    let step = losing(
        "0002_label",
        "ALTER TABLE note ADD COLUMN label TEXT;",
        "ALTER TABLE note DROP COLUMN label;",
        "`note.label` — what the reader wrote on the back",
    );
    let catalogue = catalogue(vec![note_step(), step]);
    let file = File::at(&catalogue, 2);
    file.sql(
        "WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 7)
         INSERT INTO note SELECT i, 'b', 'l' FROM n;",
    );
    let before = file.bytes();
    let error = file.migrator(&catalogue).rollback_to(1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConsentNeeded);
    assert_eq!(file.bytes(), before);
    assert_snapshot!(error.report());
}

#[test]
fn strict_refuses() {
    let code = Code {
        name: "fill",
        survey: |_, remarks| {
            remarks.left("note", "id 3", "its `body` is not JSON");
            Ok(())
        },
        apply: |_, _| Ok(()),
    };
    let error = failed(&with_code(code), "", strict());
    assert_eq!(error.kind(), ErrorKind::ConsentNeeded);
    assert_snapshot!(error.report());
}

#[test]
fn foreign_keys_violated() {
    let catalogue = note_and(
        "CREATE TABLE line (id INTEGER PRIMARY KEY, note REFERENCES note (id));
         WITH RECURSIVE n (i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 12)
         INSERT INTO line SELECT i, 99 FROM n;
         CREATE TABLE word (w TEXT PRIMARY KEY, note REFERENCES note (id)) WITHOUT ROWID;
         INSERT INTO word VALUES ('a', 99);",
    );
    let error = failed(&catalogue, "", Options::default());
    assert_eq!(error.kind(), ErrorKind::ForeignKeysViolated);
    assert_snapshot!(error.report());
}

#[test]
fn foreign_keys_uncheckable() {
    let catalogue = note_and(
        "CREATE TABLE line (body TEXT REFERENCES note (body));
         INSERT INTO line VALUES ('a');",
    );
    let error = failed(&catalogue, "", Options::default());
    assert_eq!(error.kind(), ErrorKind::ForeignKeysViolated);
    assert_snapshot!(error.report());
}

#[test]
fn statement_failed() {
    let catalogue = note_and(
        "-- a comment first\n\
         CREATE TABLE größe (id);\n\
         \tINSERT INTO größe SELECT 'größer', nope FROM note;\n",
    );
    // The version's own schema is made first, on an empty database; there it fails, too.
    let error = failed(&catalogue, "", Options::default());
    assert_eq!(error.kind(), ErrorKind::StepFailed);
    let place = error.place().unwrap();
    assert_eq!((place.statement, place.line, place.column), (2, 3, 37));
    assert_eq!(place.file, "0002_tried/up.sql");
    assert_snapshot!(error.report());
}

#[test]
fn statement_refused() {
    let catalogue = note_and("DELETE FROM note; COMMIT; BEGIN;");
    let error = failed(&catalogue, "INSERT INTO note VALUES (1, 'a')", accepting());
    assert_eq!(error.kind(), ErrorKind::StepForbidden);
    assert_snapshot!(error.report());
}

#[test]
fn code_refused() {
    let code = Code {
        name: "fill",
        survey: |_, _| Ok(()),
        // Also when the function does not care whether it worked.
        apply: |connection, _| {
            let _ = connection.execute_batch("PRAGMA foreign_keys = ON");
            Ok(())
        },
    };
    let error = failed(&with_code(code), "", Options::default());
    assert_eq!(error.kind(), ErrorKind::StepForbidden);
    assert_snapshot!(error.report());
}

#[test]
fn code_failed() {
    let code = Code {
        name: "fill",
        survey: |_, _| Ok(()),
        apply: |connection, _| {
            connection.execute("DELETE FROM note", [])?;
            Err("row 7 is not JSON".into())
        },
    };
    let error = failed(
        &with_code(code),
        "INSERT INTO note VALUES (1, 'a')",
        Options::default(),
    );
    assert_eq!(error.kind(), ErrorKind::StepFailed);
    assert_snapshot!(error.report());
}

#[test]
fn code_panicked() {
    let code = Code {
        name: "fill",
        survey: |_, _| Ok(()),
        apply: |connection, _| {
            connection.execute("DELETE FROM note", [])?;
            panic!("index 3 is out of range");
        },
    };
    let error = failed(
        &with_code(code),
        "INSERT INTO note VALUES (1, 'a')",
        Options::default(),
    );
    assert_eq!(error.kind(), ErrorKind::StepFailed);
    assert_snapshot!(error.report());
}

#[test]
fn transaction_ended() {
    let code = Code {
        name: "fill",
        survey: |_, _| Ok(()),
        apply: |connection, _| {
            let mut delete = connection.prepare("DELETE FROM note WHERE id = 1")?;
            let _ = connection.execute("INSERT OR ROLLBACK INTO note VALUES (1, 'again')", []);
            // Outside a transaction this would be for ever, and it was allowed when it was prepared.
            let _ = delete.execute([]);
            Ok(())
        },
    };
    let rows = "INSERT INTO note VALUES (1, 'a'), (2, 'b')";
    let error = failed(&with_code(code), rows, Options::default());
    assert_eq!(error.kind(), ErrorKind::StepForbidden);
    assert_snapshot!(error.report());
}
