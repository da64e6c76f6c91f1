//! `Commit::PerStep`: each step by itself, for files that are too large for one transaction.

use migrations::{Backups, Commit, ErrorKind, Options, Outcome};

use crate::support::*;

fn per_step() -> Options {
    accepting().commit(Commit::PerStep)
}

#[test]
fn it_arrives_up_and_down() {
    let catalogue = three();
    let file = File::at(&catalogue, 1);
    let mut migrator = file.migrator_with(&catalogue, per_step());
    let report = migrator.upgrade().unwrap();
    assert_eq!((report.from, report.to, report.steps.len()), (1, 3, 2));
    assert_eq!(migrator.version().unwrap(), 3);
    let backup = report.backup.unwrap();
    assert!(backup.ends_with("notes.db.v1.backup"), "{backup:?}");
    let report = migrator.rollback_to(0).unwrap();
    assert_eq!((report.from, report.to, report.steps.len()), (3, 0, 3));
    let backups = migrations::backups(&file.path).unwrap();
    assert_eq!(backups.len(), 2, "one for each run");
    assert_eq!(migrator.upgrade_to(0).unwrap().steps.len(), 0);
}

#[test]
fn a_step_that_fails_leaves_those_before_it() {
    let fails = step(
        "0003_fails",
        "CREATE TABLE tag (name); INSERT INTO nosuch VALUES (1);",
        "DROP TABLE tag;",
    );
    let catalogue = catalogue(vec![note_step(), label_step(), fails]);
    let file = File::none();
    let error = file
        .migrator_with(&catalogue, per_step())
        .upgrade()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::StepFailed);
    assert_eq!(error.outcome(), Outcome::CommittedTo(2));
    assert!(
        error.report().contains("the file is at version 2"),
        "{error:?}"
    );
    assert_eq!(file.migrator(&catalogue).version().unwrap(), 2);
    let tables: i64 = file.value("SELECT count(*) FROM sqlite_schema WHERE name = 'tag'");
    assert_eq!(tables, 0, "the step that failed left nothing");
}

#[test]
fn consent_is_asked_for_all_steps_before_the_first() {
    let loses = losing(
        "0002_label",
        "ALTER TABLE note ADD COLUMN label TEXT;",
        "ALTER TABLE note DROP COLUMN label;",
        "`note.label` — nowhere else",
    );
    let catalogue = catalogue(vec![note_step(), loses, tag_step()]);
    let file = File::at(&catalogue, 3);
    file.sql("INSERT INTO note (body, label) VALUES ('milk', 'shop')");
    let before = file.bytes();
    let options = per_step().accept_loss(false).backups(Backups::Off);
    let error = file
        .migrator_with(&catalogue, options)
        .rollback_to(1)
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConsentNeeded);
    assert_eq!(error.outcome(), Outcome::RolledBack);
    assert_eq!(file.bytes(), before);
}
