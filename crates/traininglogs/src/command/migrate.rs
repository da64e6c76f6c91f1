//! `migrate`: upgrades the file.

use std::path::Path;

use clap::Args;
use migrations::{Migrator, Options};

use super::backup_args::BackupArgs;
use super::open::open;
use super::output::Output;
use super::plan;
use super::run_report::report_upgrade;
use crate::database::refuse_newer;
use crate::error::Error;
use crate::{CURRENT_VERSION, catalogue};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The version to upgrade to; by default the current one
    #[arg(long, value_name = "N")]
    to: Option<u32>,
    /// Refuse unless the file is at this version. A file without a ledger is adopted at it if its
    /// schema is that of this version
    #[arg(long, value_name = "N")]
    from_version: Option<u32>,
    /// Show the plan, try it on a copy, report the result, and write nothing
    #[arg(long)]
    dry_run: bool,
    /// Try the run on a copy first, and refuse it if it loses or changes data without a declaration
    /// in the notes
    #[arg(long)]
    rehearse: bool,
    /// Refuse the run if it would skip rows that cannot be read
    #[arg(long)]
    strict: bool,
    /// Consent to the losses that the steps declare
    #[arg(long)]
    accept_loss: bool,
    #[command(flatten)]
    backup_args: BackupArgs,
}

pub(super) fn run(path: &Path, arguments: &Arguments, output: &mut Output) -> Result<(), Error> {
    let options = arguments.backup_args.options();
    let options = options
        .strict(arguments.strict)
        .accept_loss(arguments.accept_loss)
        .rehearse(arguments.rehearse);
    let mut migrator = open(path, options)?;
    if migrator.state()?.ledger.is_some() {
        refuse_newer(&migrator)?;
    }
    let target = arguments.to.unwrap_or(CURRENT_VERSION);
    let expected = arguments.from_version;
    if arguments.dry_run {
        refuse_going_back(&migrator, expected, target)?;
        plan::rehearse(path, &migrator, expected, target, output)?;
        output.line("dry run: nothing was written");
        return Ok(());
    }
    let report = match expected {
        Some(expected) => migrator.upgrade_from(expected, target)?,
        // The short way, if there is nothing to do.
        None if target == CURRENT_VERSION => migrator.upgrade()?,
        None => migrator.upgrade_to(target)?,
    };
    report_upgrade(path, &report, output);
    Ok(())
}

/// Refuses a lower target with the engine's error, without opening the file: an empty database in
/// memory that is past the target takes its place.
fn refuse_going_back(
    migrator: &Migrator<'_>,
    expected: Option<u32>,
    target: u32,
) -> Result<(), Error> {
    let from = match expected {
        None => migrator.version()?,
        Some(expected) if target < expected => {
            migrator.rehearse(Some(expected), expected)?;
            expected
        }
        Some(_) => return Ok(()),
    };
    if target < from {
        let copy = catalogue().build(from)?;
        Migrator::with_connection(catalogue(), copy, Options::default()).upgrade_to(target)?;
    }
    Ok(())
}
