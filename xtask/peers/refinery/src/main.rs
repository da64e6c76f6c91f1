//! refinery: a transaction for each step, which it records in its own table.

use std::process::ExitCode;

use common::{FIRST_QUERY, Verb};
use refinery::{Migration, Runner};
use rusqlite::Connection;

fn main() -> ExitCode {
    common::main(|work| {
        let mut steps = Vec::new();
        for step in &work.steps {
            let name = step.folder.split_once('_').map_or("step", |(_, name)| name);
            let name = format!("V{}__{name}", step.version);
            steps.push(Migration::unapplied(&name, &step.up)?);
        }
        let runner = Runner::new(&steps);
        Ok(Box::new(move |file| {
            let mut connection = Connection::open(file)?;
            runner.run(&mut connection)?;
            if work.verb == Verb::Ask {
                let _: i64 = connection.query_row(FIRST_QUERY, [], |row| row.get(0))?;
            }
            Ok(())
        }))
    })
}
