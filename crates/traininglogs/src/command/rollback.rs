//! `rollback`: goes back to an older version.

use std::path::Path;
use std::time::Duration;

use clap::Args;

use super::backup_args::BackupArgs;
use super::open::open;
use super::output::Output;
use super::run_report::report_run;
use crate::error::Error;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The version to go back to; 0 empties the file
    #[arg(long, value_name = "N")]
    to: u32,
    /// Consent to the losses that `plan --to N` lists
    #[arg(long)]
    accept_loss: bool,
    /// Try the run on a copy first, and refuse it if that fails
    #[arg(long)]
    rehearse: bool,
    /// Abort a down migration that only the file contains after this many seconds, and roll back
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    time_limit: u64,
    #[command(flatten)]
    backup_args: BackupArgs,
}

pub(super) fn run(path: &Path, arguments: &Arguments, output: &mut Output) -> Result<(), Error> {
    let options = arguments.backup_args.options();
    let options = options
        .accept_loss(arguments.accept_loss)
        .rehearse(arguments.rehearse)
        .stored_time_limit(Duration::from_secs(arguments.time_limit));
    let report = open(path, options)?.rollback_to(arguments.to)?;
    let shown = path.display();
    if report.steps.is_empty() {
        output.line(format_args!(
            "`{shown}` is at version {} already, there is nothing to do",
            report.to
        ));
    } else {
        output.line(format_args!(
            "`{shown}`: version {} back to {}",
            report.from, report.to
        ));
    }
    report_run(path, &report, output);
    Ok(())
}
