//! `adopt`: a ledger for a file that has none.

use std::path::Path;

use clap::Args;

use super::backing::Backing;
use super::{Screen, command_line, migrate, open};
use crate::database::refuse_newer;
use crate::error::{self, Error};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The version that the file is at; its schema is compared with that version's.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    at: u32,
    #[command(flatten)]
    backing: Backing,
}

pub(super) fn run(path: &Path, arguments: &Arguments, screen: &mut Screen) -> Result<(), Error> {
    let mut migrator = open(path, arguments.backing.options())?;
    if migrator.state()?.ledger.is_some() {
        refuse_newer(&migrator)?;
        let version = migrator.version()?;
        let remedy = command_line(path, "status");
        return Err(error::has_ledger(path, version, &remedy));
    }
    let report = migrator.upgrade_from(arguments.at, arguments.at)?;
    migrate::tell(path, &report, screen);
    Ok(())
}
