//! A small catalogue of notes, a file of it, and the outcome when this engine migrates the file.

use migrations::{Backups, Catalogue, Commit, Down, Migrator, Options, Outcome, Step};
use rusqlite::Connection;
use simulator::Claimed;

const NOTES: &str = "Nobody reads the notes of a test.";

fn catalogue() -> Catalogue {
    let step =
        |folder, up, down: &'static str| Step::new(folder, up, Down::Sql(down.into()), NOTES);
    Catalogue::new(vec![
        step(
            "0001_note",
            "CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL);",
            "DROP TABLE note;",
        ),
        step(
            "0002_label",
            "ALTER TABLE note ADD COLUMN label TEXT; UPDATE note SET label = upper(body);",
            "ALTER TABLE note DROP COLUMN label;",
        ),
        step(
            "0003_index",
            "CREATE INDEX note_label ON note (label);",
            "DROP INDEX note_label;",
        ),
    ])
    .unwrap()
}

pub(crate) fn options() -> Options {
    Options::default()
        .accept_loss(true)
        .allow_undocumented(true)
        .backups(Backups::Off)
}

/// A file of version 1 with some rows.
pub(crate) fn image() -> Vec<u8> {
    let connection = catalogue().build(1).unwrap();
    connection
        .execute_batch(
            "WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < 200)
             INSERT INTO note SELECT i, printf('note %040d', i) FROM n",
        )
        .unwrap();
    connection.serialize("main").unwrap().to_vec()
}

/// Migrates the file to a version with this engine.
pub(crate) fn migrate(connection: Connection, to: u32, commit: Commit) -> Claimed {
    let options = options().commit(commit);
    upgrade(connection, to, options)
}

pub(crate) fn upgrade(connection: Connection, to: u32, options: Options) -> Claimed {
    let catalogue = catalogue();
    match Migrator::with_connection(&catalogue, connection, options).upgrade_to(to) {
        Ok(_) => Claimed::After,
        Err(error) => match error.outcome() {
            Outcome::Untouched | Outcome::RolledBack => Claimed::Before,
            Outcome::Committed => Claimed::After,
            Outcome::CommittedTo(_) | Outcome::Unknown => Claimed::Unknown,
        },
    }
}
