//! Nothing is lost unasked.

use migrations::{Catalogue, Down, ErrorKind, Step};

use crate::support::*;

fn losses() -> Catalogue {
    catalogue(vec![
        note_step(),
        losing(
            "0002_label",
            "ALTER TABLE note ADD COLUMN label TEXT;",
            "ALTER TABLE note DROP COLUMN label;",
            "`note.label`: the labels",
        ),
        losing(
            "0003_tag",
            "CREATE TABLE tag (name TEXT, place INTEGER, PRIMARY KEY (name, place)) WITHOUT ROWID;",
            "DROP TABLE tag;",
            "`tag`: all tags",
        ),
    ])
}

#[test]
fn a_refusal_names_all_losses_of_all_steps_at_once() {
    let catalogue = losses();
    let file = File::at(&catalogue, 3);
    file.sql(
        "INSERT INTO note VALUES (1, 'a', 'x'), (2, 'b', NULL);
         INSERT INTO tag VALUES ('it''s
 long, and longer than anybody wants to read it', 4);",
    );
    let before = file.bytes();
    let error = file.migrator(&catalogue).rollback_to(1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConsentNeeded);
    assert_eq!(file.bytes(), before);
    insta::assert_snapshot!(error.report());

    let mut migrator = file.migrator(&catalogue);
    let plan = migrator.plan_to(1).unwrap();
    let risks = migrator.at_risk(&plan).unwrap();
    let risks: Vec<_> = risks
        .iter()
        .map(|risk| (&*risk.object, risk.rows))
        .collect();
    assert_eq!(risks, [("tag", 1), ("note.label", 1)]);
    assert_eq!(
        migrator.rollback_to(2).unwrap_err().kind(),
        ErrorKind::ConsentNeeded
    );

    let mut migrator = file.migrator_with(&catalogue, accepting());
    assert_eq!(migrator.rollback_to(1).unwrap().to, 1);
    assert_eq!(file.value::<i64>("SELECT count(*) FROM note"), 2);
}

#[test]
fn nobody_is_asked_when_no_row_has_a_value() {
    let catalogue = losses();
    let file = File::at(&catalogue, 3);
    file.sql("INSERT INTO note VALUES (1, 'a', NULL)");
    assert_eq!(file.migrator(&catalogue).rollback_to(1).unwrap().to, 1);
}

#[test]
fn an_older_build_asks_too() {
    let catalogue = losses();
    let file = File::at(&catalogue, 3);
    file.sql("INSERT INTO tag VALUES ('a', 1)");
    let older = catalogue.cut_at(1).unwrap();
    let error = file.migrator(&older).rollback_to(1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConsentNeeded);
    assert!(
        error.report().contains("tag: 1 row (name 'a', place 1)"),
        "{}",
        error.report()
    );
    assert_eq!(
        file.migrator_with(&older, accepting())
            .rollback_to(1)
            .unwrap()
            .to,
        1
    );
}

#[test]
fn a_step_up_that_loses_asks_also_for_what_the_run_itself_made() {
    let drop = Step::new(
        "0003_drop",
        "ALTER TABLE note DROP COLUMN label;",
        Down::Sql("ALTER TABLE note ADD COLUMN label TEXT;".into()),
        "## Data migration\n\n- Loses: `note.label`: nobody used it\n",
    );
    let fill = step(
        "0002_label",
        "ALTER TABLE note ADD COLUMN label TEXT; UPDATE note SET label = body;",
        "ALTER TABLE note DROP COLUMN label;",
    );
    let catalogue = catalogue(vec![note_step(), fill, drop]);
    let file = File::at(&catalogue, 1);
    file.sql("INSERT INTO note VALUES (1, 'a')");
    let before = file.bytes();
    let error = file.migrator(&catalogue).upgrade().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConsentNeeded);
    assert_eq!(file.bytes(), before);
    assert_eq!(
        file.migrator_with(&catalogue, accepting())
            .upgrade()
            .unwrap()
            .to,
        3
    );
}

#[test]
fn a_temporary_table_of_the_same_name_hides_nothing() {
    let catalogue = losses();
    let file = File::at(&catalogue, 3);
    file.sql("INSERT INTO tag VALUES ('a', 1)");
    let connection = file.raw();
    connection
        .execute_batch("CREATE TEMP TABLE tag (name, place)")
        .unwrap();
    let migrator = migrations::Migrator::with_connection(&catalogue, connection, accepting());
    let plan = migrator.plan_to(2).unwrap();
    assert_eq!(migrator.at_risk(&plan).unwrap()[0].rows, 1);
}

/// The loss of an object that this file never had costs nothing; the notes may mention objects that
/// only some files have.
#[test]
fn what_is_not_there_cannot_be_lost() {
    let loses = "- Loses: `note.colour` — nobody used it\n- Loses: `colour` — all of them\n";
    let notes = format!("## Data migration\n\n{loses}");
    let tried = Step::new(
        "0002_tried",
        "CREATE TABLE tag (name TEXT);",
        back(""),
        notes,
    );
    let catalogue = catalogue(vec![note_step(), tried]);
    let file = File::at(&catalogue, 1);
    file.sql("INSERT INTO note VALUES (1, 'a')");
    assert_eq!(file.migrator(&catalogue).upgrade().unwrap().to, 2);
}
