//! diesel_migrations: a transaction for each step, which it records in its own table.

use std::process::ExitCode;

use common::{FIRST_QUERY, Verb};
use diesel::connection::SimpleConnection;
use diesel::{Connection, SqliteConnection};
use diesel_migrations::{FileBasedMigrations, MigrationHarness};
// Links the SQLite that it builds.
use libsqlite3_sys as _;

fn main() -> ExitCode {
    common::main(|work| {
        let steps = FileBasedMigrations::from_path(&work.folder)?;
        Ok(Box::new(move |file| {
            let mut connection = SqliteConnection::establish(&file.to_string_lossy())?;
            let applied = connection.run_pending_migrations(steps.clone());
            applied.map_err(|error| error.to_string())?;
            if work.verb == Verb::Ask {
                connection.batch_execute(FIRST_QUERY)?;
            }
            Ok(())
        }))
    })
}
