//! This engine, as an application calls it: all steps in one transaction, with its ledger and its
//! default checks. Opening without a query reads the header alone, as the quickest tool does; with
//! a query, it also reads the ledger. Moving data takes no backup, as in the other tools, and uses
//! the Rust function of version 2.

use std::path::Path;
use std::process::ExitCode;

use common::{FIRST_QUERY, Outcome, Verb, Work};
use migrations::{Backups, Catalogue, Down, Migrator, Options, Step};

fn main() -> ExitCode {
    common::main(|work| {
        let verb = work.verb;
        let default = Options::default().allow_undocumented(true);
        if verb != Verb::Move {
            let catalogue = catalogue(work)?;
            return Ok(Box::new(move |file| apply(file, &catalogue, default, verb)));
        }
        let catalogue = traininglogs::catalogue().cut_at(u32::try_from(work.steps.len())?)?;
        let options = default.backups(Backups::Off).check(false);
        Ok(Box::new(move |file| apply(file, &catalogue, options, verb)))
    })
}

fn catalogue(work: Work) -> Result<Catalogue, migrations::Error> {
    let steps = work
        .steps
        .into_iter()
        .map(|step| Step::new(step.folder, step.up, Down::Sql(step.down.into()), ""));
    Catalogue::new(steps.collect::<Vec<_>>())
}

fn apply(file: &Path, catalogue: &Catalogue, options: Options, verb: Verb) -> Outcome {
    let report = |error: migrations::Error| error.report();
    if verb == Verb::Open {
        let opened = Migrator::open_by_header(catalogue, file, options).map_err(report)?;
        return match opened {
            Some(_) => Ok(()),
            None => Err("the file is not up to date".into()),
        };
    }
    let mut migrator = Migrator::create(catalogue, file, options).map_err(report)?;
    migrator.upgrade().map_err(report)?;
    if verb == Verb::Ask {
        let asked = migrator
            .connection()
            .query_row(FIRST_QUERY, [], |row| row.get(0));
        let _: i64 = asked?;
    }
    Ok(())
}
