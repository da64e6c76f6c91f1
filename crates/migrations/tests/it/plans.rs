//! A plan is computed from values and writes nothing.

use insta::assert_snapshot;
use migrations::{Catalogue, Direction, StepFn, plan};

use crate::support::*;

fn planned() -> Catalogue {
    let code = StepFn {
        name: "traininglogs::fill",
        preflight: |_, _| Ok(()),
        apply: |_, _| Ok(()),
    };
    let notes = "# Labels\n\n## Data migration\n\n- Loses: `note.colour`: nobody used it\n\n\
                 ## Rollback\n\n- Loses: `note.label`: the labels\n";
    let label = migrations::Step::new(
        "0002_label",
        "ALTER TABLE note ADD COLUMN label TEXT; -- one word\nCREATE INDEX note_label ON note \
         (label);\n",
        migrations::Down::Sql(
            "DROP INDEX note_label;\nALTER TABLE note DROP COLUMN label;\n".into(),
        ),
        notes,
    );
    catalogue(vec![note_step(), label.with_code(code), tag_step()])
}

fn described(from: u32, to: u32) -> String {
    let catalogue = planned();
    let file = File::at(&catalogue, from);
    let plan = file.migrator(&catalogue).plan_to(to).unwrap();
    plan.describe(&catalogue).unwrap()
}

#[test]
fn up() {
    assert_snapshot!(described(1, 3));
}

#[test]
fn down() {
    assert_snapshot!(described(3, 1));
}

#[test]
fn nothing_to_do() {
    assert_snapshot!(described(2, 2));
}

#[test]
fn from_a_version_that_this_build_does_not_know() {
    let catalogue = planned();
    let file = File::at(&catalogue, 3);
    let older = catalogue.cut_at(1).unwrap();
    let plan = file.migrator(&older).plan_to(1).unwrap();
    assert_snapshot!(plan.describe(&older).unwrap());
}

#[test]
fn planning_is_pure() {
    let catalogue = planned();
    let file = File::at(&catalogue, 1);
    let before = file.bytes();
    let state = file.migrator(&catalogue).state().unwrap();
    let first = plan(&catalogue, &state, 3).unwrap();
    let second = plan(&catalogue, &state, 3).unwrap();
    assert_eq!(format!("{first:?}"), format!("{second:?}"));
    assert_eq!(
        (first.from, first.to, first.direction()),
        (1, 3, Direction::Up)
    );
    assert_eq!(first.statements(), 3);
    let files: Vec<_> = first.steps.iter().map(|step| step.file()).collect();
    assert_eq!(files, ["0002_label/up.sql", "0003_tag/up.sql"]);
    let back = plan(&catalogue, &state, 0).unwrap();
    assert_eq!(back.direction(), Direction::Down);
    assert_eq!(
        plan(&catalogue, &state, 1).unwrap().direction(),
        Direction::Up
    );
    assert_eq!(file.bytes(), before);
}

fn changes(old: &'static str, up: &'static str, notes: &'static str) -> String {
    let tried = migrations::Step::new("0002_tried", up, back(""), notes);
    let catalogue = catalogue(vec![step("0001_old", old, ""), tried]);
    let file = File::at(&catalogue, 1);
    let plan = file.migrator(&catalogue).plan_to(2).unwrap();
    plan.describe(&catalogue).unwrap()
}

/// The parts that a declared rename leaves unchanged are not shown as removed and added.
#[test]
fn renames_are_followed() {
    assert_snapshot!(changes(
        "CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT);",
        "ALTER TABLE note RENAME COLUMN body TO content;",
        "## Data migration\n\n- Renames: `note.body` to `content`\n",
    ));
}

/// The columns of a table are listed if the table is new, not if a property of it changes.
#[test]
fn a_table_that_changes_is_one_line() {
    assert_snapshot!(changes(
        "CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT);",
        "CREATE TABLE new (id INTEGER PRIMARY KEY, body TEXT) STRICT;
         INSERT INTO new SELECT id, body FROM note; DROP TABLE note; ALTER TABLE new RENAME TO \
         note;",
        "",
    ));
}
