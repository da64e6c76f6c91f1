//! A default check of a small folder, as `rowsafe check` makes it.

use std::path::PathBuf;
use std::time::Duration;

use folders::{Down, History, Migration, Script};
use lint::{Options, check};

use crate::{Outcome, twice};

/// A table, a second one that refers to it, a column, an index, a rebuild that drops the parent,
/// and a column that is dropped.
const STEPS: [(&str, &str); 6] = [
    (
        "CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL, born TEXT);",
        "DROP TABLE person;",
    ),
    (
        "CREATE TABLE pet (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE,
           person_id INTEGER REFERENCES person(id) ON DELETE CASCADE);",
        "DROP TABLE pet;",
    ),
    (
        "ALTER TABLE pet ADD COLUMN state TEXT NOT NULL DEFAULT 'here'
           CHECK (state IN ('here', 'gone'));",
        "ALTER TABLE pet DROP COLUMN state;",
    ),
    (
        "CREATE INDEX pet_person ON pet(person_id);",
        "DROP INDEX pet_person;",
    ),
    (
        "CREATE TABLE person_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL, born TEXT);
         INSERT INTO person_new (id, name, born) SELECT id, name, born FROM person;
         DROP TABLE person;
         ALTER TABLE person_new RENAME TO person;",
        "SELECT 1;",
    ),
    (
        "ALTER TABLE person DROP COLUMN born;",
        "ALTER TABLE person ADD COLUMN born TEXT;",
    ),
];

fn history() -> History {
    let script = |place: usize, file: &str, text: &str| Script {
        file: format!("{place:04}_step/{file}"),
        line: 1,
        text: text.to_owned(),
        pieces: Vec::new(),
    };
    let steps = STEPS
        .iter()
        .enumerate()
        .map(|(place, (up, down))| Migration {
            name: format!("{place:04}_step"),
            version: place.to_string(),
            up: Some(script(place, "up.sql", up)),
            down: Down::Script(script(place, "down.sql", down)),
            no_transaction: false,
            down_no_transaction: false,
        });
    History {
        layout: "golang-migrate",
        reason: String::new(),
        root: PathBuf::from("migrations"),
        steps: steps.collect(),
        ..History::default()
    }
}

pub(crate) fn judging() -> Outcome {
    let history = history();
    // With a time limit the work is on a separate thread, whose instructions are not counted.
    let mut options = Options::default();
    options.timeout = Duration::MAX;
    twice(&mut || {
        if check(&history, &options)?.findings.is_empty() {
            Err("nothing was found".into())
        } else {
            Ok(())
        }
    })
}
