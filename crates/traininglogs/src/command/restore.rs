//! `restore`: copies the content of a backup into the file.

use std::path::{Path, PathBuf};

use clap::Args;
use migrations::Backups;
use serde_json::json;

use super::backup_args;
use super::display;
use super::output::Output;
use crate::catalogue;
use crate::error::Error;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The backup; `status` lists the existing ones
    backup: PathBuf,
    /// Take no backup of the current content of the file
    #[arg(long)]
    no_backup: bool,
}

pub(super) fn run(path: &Path, arguments: &Arguments, output: &mut Output) -> Result<(), Error> {
    // All other backups are kept, because one of them is being restored.
    let options = backup_args::options(if arguments.no_backup {
        Backups::Off
    } else {
        Backups::KeepAll
    });
    let restored = migrations::restore(catalogue(), &arguments.backup, path, &options)?;
    let kept = restored.kept.map(|kept| display::backup_path(path, &kept));
    let (file, from) = (path.display(), arguments.backup.display());
    let version = restored.version;
    output.leaves(format!("the file is at version {version}"));
    output.line(format_args!(
        "`{file}` is at version {version}, restored from `{from}`"
    ));
    if let Some(kept) = &kept {
        output.line(format_args!("backup: {kept}"));
    }
    output.add_json(json!({
        "file": path.to_string_lossy(),
        "version": version,
        "restored_from": arguments.backup.to_string_lossy(),
        "backup": kept,
    }));
    Ok(())
}
