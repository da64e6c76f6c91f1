//! rusqlite_migration: all steps in one transaction, recorded in `user_version`.

use std::process::ExitCode;

use common::{FIRST_QUERY, Step, Verb};
use rusqlite::Connection;
use rusqlite_migration::{M, Migrations};

fn main() -> ExitCode {
    common::main(|work| {
        // The tool borrows its steps, as if they were embedded.
        let steps: &'static [Step] = work.steps.leak();
        let steps = steps.iter().map(|step| M::up(&step.up).down(&step.down));
        let migrations = Migrations::new(steps.collect());
        Ok(Box::new(move |file| {
            let mut connection = Connection::open(file)?;
            migrations.to_latest(&mut connection)?;
            if work.verb == Verb::Ask {
                let _: i64 = connection.query_row(FIRST_QUERY, [], |row| row.get(0))?;
            }
            Ok(())
        }))
    })
}
