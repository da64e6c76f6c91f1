//! `backup`: one now.

use std::path::Path;

use clap::Args;
use migrations::Backups;
use serde_json::json;

use super::{Screen, backing, command_line, open, shown};
use crate::catalogue;
use crate::error::{self, Error};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// Keeps so many backups beside the file, the newest ones, and deletes the others.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    keep_backups: Option<u32>,
}

pub(super) fn run(path: &Path, arguments: &Arguments, screen: &mut Screen) -> Result<(), Error> {
    let backups = arguments
        .keep_backups
        .map_or(Backups::KeepAll, Backups::Keep);
    let migrator = open(path, backing::options(backups))?;
    // A backup that `restore` would refuse is none; one of a newer file is good.
    let version = migrator.state()?.version(catalogue())?;
    if version == 0 {
        return Err(error::nothing_to_back_up(path, &command_line(path, "init")));
    }
    let backup = shown::backup(path, &migrator.back_up()?);
    screen.line(format_args!("`{}` is at version {version}", path.display()));
    screen.line(format_args!("backup: {backup}"));
    screen.leaves(format!(
        "the file is as it was, and its backup is `{backup}`"
    ));
    screen.tell(json!({ "file": path.to_string_lossy(), "version": version, "backup": backup }));
    Ok(())
}
