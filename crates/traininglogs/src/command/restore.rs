//! `restore`: the content of a backup into the file.

use std::path::{Path, PathBuf};

use clap::Args;
use migrations::Backups;
use serde_json::json;

use super::{Screen, backing, shown};
use crate::catalogue;
use crate::error::Error;

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The backup; `status` lists those at hand.
    backup: PathBuf,
    /// Takes no backup of what the file holds now.
    #[arg(long)]
    no_backup: bool,
}

pub(super) fn run(path: &Path, arguments: &Arguments, screen: &mut Screen) -> Result<(), Error> {
    // The others stay, whatever their number: one of them is being restored.
    let options = backing::options(if arguments.no_backup {
        Backups::Off
    } else {
        Backups::KeepAll
    });
    let restored = migrations::restore(catalogue(), &arguments.backup, path, &options)?;
    let kept = restored.kept.map(|kept| shown::backup(path, &kept));
    let (file, from) = (path.display(), arguments.backup.display());
    let version = restored.version;
    screen.leaves(format!("the file is at version {version}"));
    screen.line(format_args!(
        "`{file}` is at version {version}, restored from `{from}`"
    ));
    if let Some(kept) = &kept {
        screen.line(format_args!("backup: {kept}"));
    }
    screen.tell(json!({
        "file": path.to_string_lossy(),
        "version": version,
        "restored_from": arguments.backup.to_string_lossy(),
        "backup": kept,
    }));
    Ok(())
}
