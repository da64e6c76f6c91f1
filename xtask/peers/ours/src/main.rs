//! Our engine, as an application calls it: all steps in one transaction, with the ledger and the checks that it makes
//! by default. Moving takes no backup, as the others take none, and has the Rust function of version 2.

use std::path::Path;
use std::process::ExitCode;

use common::{Outcome, Work};
use migrations::{Back, Backups, Catalogue, Migrator, Options, Step};

fn main() -> ExitCode {
    common::main(|work| match work.moving {
        true => {
            let catalogue = traininglogs::catalogue().cut_at(u32::try_from(work.steps.len())?)?;
            let options = Options {
                backups: Backups::Off,
                check: false,
                ..Options::default()
            };
            Ok(Box::new(move |file| apply(file, &catalogue, options)))
        }
        false => {
            let catalogue = catalogue(work)?;
            let options = Options {
                allow_undocumented: true,
                ..Options::default()
            };
            Ok(Box::new(move |file| apply(file, &catalogue, options)))
        }
    })
}

fn catalogue(work: Work) -> Result<Catalogue, migrations::Error> {
    let steps = work
        .steps
        .into_iter()
        .map(|step| Step::new(step.folder, step.up, Back::Sql(step.down.into()), ""));
    Catalogue::new(steps.collect::<Vec<_>>())
}

fn apply(file: &Path, catalogue: &Catalogue, options: Options) -> Outcome {
    let mut migrator =
        Migrator::create(catalogue, file, options).map_err(|error| error.report())?;
    migrator.upgrade().map_err(|error| error.report())?;
    Ok(())
}
