//! `migrate`: up.

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
    /// The version to go to; the current one unless told otherwise.
    #[arg(long, value_name = "N")]
    to: Option<u32>,
    /// Refuses unless the file is at this version; a file without ledger is adopted at it when its
    /// schema is that of this version.
    #[arg(long, value_name = "N")]
    from_version: Option<u32>,
    /// Shows the plan, tries it on a copy, tells what it did there, and writes nothing.
    #[arg(long)]
    dry_run: bool,
    /// Tries it on a copy first, and refuses where that loses or changes what no notes declare.
    #[arg(long)]
    rehearse: bool,
    /// Refuses where rows would be left as they are because they cannot be read.
    #[arg(long)]
    strict: bool,
    /// Consents to the losses that the steps declare.
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
        // The short way, where there is nothing to do.
        None if target == CURRENT_VERSION => migrator.upgrade()?,
        None => migrator.upgrade_to(target)?,
    };
    report_upgrade(path, &report, output);
    Ok(())
}

/// Refuses what an upgrade refuses, in the engine's words and without going near the file: here it
/// is an empty one in memory that is past the target.
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
