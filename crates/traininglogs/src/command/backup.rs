//! `backup`: takes a backup now.

use std::path::Path;

use clap::Args;
use migrations::Backups;
use serde_json::json;

use super::backup_args;
use super::command_line::command_line;
use super::display;
use super::open::open;
use super::output::Output;
use crate::catalogue;
use crate::error::{self, Error};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Keep this many backups beside the file, the newest ones, and delete the others
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    keep_backups: Option<u32>,
}

pub(super) fn run(path: &Path, arguments: &Arguments, output: &mut Output) -> Result<(), Error> {
    let backups = arguments
        .keep_backups
        .map_or(Backups::KeepAll, Backups::Keep);
    let migrator = open(path, backup_args::options(backups))?;
    // A backup that `restore` would refuse is useless; a backup of a newer file is fine.
    let version = migrator.state()?.version(catalogue())?;
    if version == 0 {
        return Err(error::nothing_to_back_up(path, &command_line(path, "init")));
    }
    let backup = display::backup_path(path, &migrator.back_up()?);
    output.line(format_args!("`{}` is at version {version}", path.display()));
    output.line(format_args!("backup: {backup}"));
    output.leaves(format!(
        "the file is as it was, and its backup is `{backup}`"
    ));
    output
        .add_json(json!({ "file": path.to_string_lossy(), "version": version, "backup": backup }));
    Ok(())
}
