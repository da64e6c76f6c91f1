//! `adopt`: adds a ledger to a file that has none.

use std::path::Path;

use clap::Args;

use super::backup_args::BackupArgs;
use super::command_line::command_line;
use super::open::open;
use super::output::Output;
use super::run_report::report_upgrade;
use crate::database::refuse_newer;
use crate::error::{self, Error};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The version of the file; its schema must be that of this version
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    at: u32,
    #[command(flatten)]
    backup_args: BackupArgs,
}

pub(super) fn run(path: &Path, arguments: &Arguments, output: &mut Output) -> Result<(), Error> {
    let mut migrator = open(path, arguments.backup_args.options())?;
    if migrator.state()?.ledger.is_some() {
        refuse_newer(&migrator)?;
        let version = migrator.version()?;
        let remedy = command_line(path, "status");
        return Err(error::has_ledger(path, version, &remedy));
    }
    let report = migrator.upgrade_from(arguments.at, arguments.at)?;
    report_upgrade(path, &report, output);
    Ok(())
}
