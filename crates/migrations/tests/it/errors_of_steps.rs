//! The engine's messages about steps that fail; a test is named after the error's constructor.

use insta::assert_snapshot;
use migrations::{
    Access, Catalogue, Down, Error, ErrorKind, Options, Outcome, Query, Step, StepFn,
};

use crate::support::*;

/// Runs step 2 on a file of version 1 with `rows`, which must fail and leave the bytes unchanged.
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

fn with_code(code: StepFn) -> Catalogue {
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
    let code = StepFn {
        name: "fill",
        preflight: |_, skipped| {
            skipped.skip("note", "id 3", "its `body` is not JSON");
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
    let error = failed(&catalogue, "", plain());
    assert_eq!(error.kind(), ErrorKind::ForeignKeysViolated);
    assert_snapshot!(error.report());
}

#[test]
fn foreign_keys_uncheckable() {
    let catalogue = note_and(
        "CREATE TABLE line (body TEXT REFERENCES note (body));
         INSERT INTO line VALUES ('a');",
    );
    let error = failed(&catalogue, "", plain());
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
    // The version's own schema is built first, on an empty database; the step fails there, too.
    let error = failed(&catalogue, "", plain());
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
    let code = StepFn {
        name: "fill",
        preflight: |_, _| Ok(()),
        // Also if the function ignores the error.
        apply: |connection, _| {
            let _ = connection.execute_batch("PRAGMA foreign_keys = ON");
            Ok(())
        },
    };
    let error = failed(&with_code(code), "", plain());
    assert_eq!(error.kind(), ErrorKind::StepForbidden);
    assert_snapshot!(error.report());
}

#[test]
fn code_failed() {
    let code = StepFn {
        name: "fill",
        preflight: |_, _| Ok(()),
        apply: |connection, _| {
            connection.execute("DELETE FROM note", [])?;
            Err("row 7 is not JSON".into())
        },
    };
    let error = failed(
        &with_code(code),
        "INSERT INTO note VALUES (1, 'a')",
        plain(),
    );
    assert_eq!(error.kind(), ErrorKind::StepFailed);
    assert_snapshot!(error.report());
}

#[test]
fn code_panicked() {
    let code = StepFn {
        name: "fill",
        preflight: |_, _| Ok(()),
        apply: |connection, _| {
            connection.execute("DELETE FROM note", [])?;
            panic!("index 3 is out of range");
        },
    };
    let error = failed(
        &with_code(code),
        "INSERT INTO note VALUES (1, 'a')",
        plain(),
    );
    assert_eq!(error.kind(), ErrorKind::StepFailed);
    assert_snapshot!(error.report());
}

#[test]
fn transaction_ended() {
    let code = StepFn {
        name: "fill",
        preflight: |_, _| Ok(()),
        apply: |connection, _| {
            let mut delete = connection.prepare("DELETE FROM note WHERE id = 1")?;
            let _ = connection.execute("INSERT OR ROLLBACK INTO note VALUES (1, 'again')", []);
            // Outside a transaction this DELETE would be permanent, and it was allowed when it was
            // prepared.
            let _ = delete.execute([]);
            Ok(())
        },
    };
    let rows = "INSERT INTO note VALUES (1, 'a'), (2, 'b')";
    let error = failed(&with_code(code), rows, plain());
    assert_eq!(error.kind(), ErrorKind::StepForbidden);
    assert_snapshot!(error.report());
}

#[test]
fn way_back_unsaid() {
    let first = Step::new("0001_note", NOTE, Down::Sql("-- later".into()), "");
    let error = File::none()
        .migrator(&catalogue(vec![first]))
        .upgrade()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadCatalogue);
    assert_snapshot!(error.report());
    let blank = Step::new("0001_note", NOTE, Down::Irreversible(" \n".into()), "");
    let error = File::none()
        .migrator(&catalogue(vec![blank]))
        .upgrade()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BadCatalogue);
}

const READS: Query = Query {
    name: "labels",
    sql: "SELECT label FROM note",
    since: 2,
    until: None,
    access: Access::Reads,
};

#[test]
fn query_would_break() {
    let drops = step("0003_drop", "ALTER TABLE note DROP COLUMN label;", "");
    let steps = || vec![note_step(), label_step(), drops.clone()];
    let file = File::at(&catalogue(steps()), 2);
    let before = file.bytes();
    let refusing = catalogue(steps()).with_queries(vec![READS]);
    let error = file.migrator(&refusing).upgrade().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::BreaksQuery);
    assert_eq!(file.bytes(), before);
    assert_snapshot!(file.report(&error));
    // The query ends in time, but the notes claim support for the previous build.
    let ends = Query {
        until: Some(2),
        ..READS
    };
    let claim = "## Task\n\nBackwards compatibility: supported, because nobody reads it.\n";
    let drops = Step::new(
        "0003_drop",
        drops.up().to_owned(),
        drops.down().clone(),
        claim,
    );
    let claiming = catalogue(vec![note_step(), label_step(), drops]).with_queries(vec![ends]);
    let error = file.migrator(&claiming).upgrade().unwrap_err();
    assert_snapshot!("query_would_break_claimed", file.report(&error));
    let honest = catalogue(steps()).with_queries(vec![ends]);
    assert_eq!(file.migrator(&honest).upgrade().unwrap().to, 3);
}

const WHOLE: &str = "# Notes\n\n## Task\nKeep notes.\n\nBackwards compatibility: not supported, \
                     because it is \
                     the first.\n\n## Why\nPeople forget.\n\n## Columns\n- `note`: a note.\n\
                     \n## Data migration\nNone.\n\n## Rollback\n- Loses: `note` — every note.\n";

#[test]
fn undocumented() {
    let with = |notes: &'static str| {
        let step = Step::new(
            "0001_note",
            NOTE,
            Down::Sql("DROP TABLE note;".into()),
            notes,
        );
        catalogue(vec![step])
    };
    let file = File::none();
    let strict = Options::default();
    let error = file
        .migrator_with(&with("# Notes\n\n## Why\nTODO\n"), strict)
        .upgrade();
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Undocumented);
    assert_snapshot!(file.report(&error));
    assert_eq!(
        file.migrator_with(&with(WHOLE), strict)
            .upgrade()
            .unwrap()
            .to,
        1
    );
    // Only new objects need a description, not those that go or change.
    let first = Step::new(
        "0001_note",
        NOTE,
        Down::Sql("DROP TABLE note;".into()),
        WHOLE,
    );
    let up = "CREATE TABLE new (id INTEGER PRIMARY KEY) STRICT; DROP TABLE note; ALTER TABLE new \
              RENAME TO note;";
    let second = Step::new(
        "0002_bare",
        up,
        back(""),
        WHOLE.replace("- `note`: a note.", "None."),
    );
    let catalogue = catalogue(vec![first, second]);
    assert_eq!(
        file.migrator_with(&catalogue, strict).upgrade().unwrap().to,
        2
    );
}

/// A newer file whose last down migration is `down`, and the error of going back.
fn going_back(down: &'static str, options: Options) -> (File, Error) {
    let all = catalogue(vec![note_step(), label_step(), step("0003_late", "", down)]);
    let file = File::at(&all, 3);
    let older = all.cut_at(2).unwrap();
    let error = file
        .migrator_with(&older, options)
        .rollback_to(2)
        .unwrap_err();
    assert_eq!(error.outcome(), Outcome::RolledBack);
    (file, error)
}

#[test]
fn arrived_elsewhere() {
    let (_, error) = going_back("CREATE TABLE junk (a);", plain());
    assert_eq!(error.kind(), ErrorKind::Drifted);
    assert_snapshot!(error.report());
}

#[test]
fn consent_needed_for_unknown() {
    let all = catalogue(vec![
        note_step(),
        step("0002_late", "", "DELETE FROM note;"),
    ]);
    let file = File::at(&all, 2);
    file.sql("INSERT INTO note VALUES (1, 'a'), (2, 'b')");
    let error = file.migrator(&all.cut_at(1).unwrap()).rollback_to(1);
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConsentNeeded);
    assert_snapshot!(error.report());
}

#[test]
fn stored_too_long() {
    let options = plain().stored_time_limit(std::time::Duration::ZERO);
    let endless =
        "WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n;";
    let (_, error) = going_back(endless, options);
    assert_eq!(error.kind(), ErrorKind::StepFailed);
    assert_snapshot!(error.report());
}
