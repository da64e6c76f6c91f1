//! `rollback`: back.

use std::path::Path;

use clap::Args;
use migrations::Options;

use super::{Failure, Screen, open};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The version to go back to; 0 empties the file.
    #[arg(long, value_name = "N")]
    to: u32,
    /// Consents to the losses that `plan --to N` names.
    #[arg(long)]
    accept_loss: bool,
}

pub(super) fn run(path: &Path, arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    let options = Options {
        accept_loss: arguments.accept_loss,
        ..Options::default()
    };
    let report = open(path, options)?.rollback_to(arguments.to)?;
    let shown = path.display();
    if report.steps.is_empty() {
        screen.line(format_args!(
            "`{shown}` is at version {} already, there is nothing to do",
            report.to
        ))?;
        return Ok(());
    }
    screen.line(format_args!(
        "`{shown}`: version {} back to {}",
        report.from, report.to
    ))?;
    Ok(screen.run(&report)?)
}
