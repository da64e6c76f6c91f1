//! The options about backups that the verbs which write share.

use clap::Args;
use migrations::{Backups, Options};

use super::output;

#[derive(Clone, Copy, Debug, Args)]
pub(super) struct BackupArgs {
    /// Takes no backup before the file is written.
    #[arg(long)]
    no_backup: bool,
    /// Keeps so many backups beside the file, the newest ones, and deletes the others.
    #[arg(
        long,
        value_name = "N",
        conflicts_with = "no_backup",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    keep_backups: Option<u32>,
}

impl BackupArgs {
    /// The options of a run with these wishes about backups.
    pub(super) fn options(self) -> Options {
        options(match (self.no_backup, self.keep_backups) {
            (true, _) => Backups::Off,
            (false, Some(keep)) => Backups::Keep(keep),
            (false, None) => Backups::KeepAll,
        })
    }
}

/// The options of a run that makes `backups`, and shows a person how far a large one is.
pub(super) fn options(backups: Backups) -> Options {
    Options::default()
        .backups(backups)
        .progress(output::progress())
}
