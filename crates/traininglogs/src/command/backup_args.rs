//! The backup options of the verbs that write.

use clap::Args;
use migrations::{Backups, Options};

use super::output;

#[derive(Clone, Copy, Debug, Args)]
pub(super) struct BackupArgs {
    /// Take no backup before the file is written
    #[arg(long)]
    no_backup: bool,
    /// Keep this many backups beside the file, the newest ones, and delete the others
    #[arg(
        long,
        value_name = "N",
        conflicts_with = "no_backup",
        value_parser = clap::value_parser!(u32).range(1..)
    )]
    keep_backups: Option<u32>,
}

impl BackupArgs {
    /// The options of a run with these backup arguments.
    pub(super) fn options(self) -> Options {
        options(match (self.no_backup, self.keep_backups) {
            (true, _) => Backups::Off,
            (false, Some(keep)) => Backups::Keep(keep),
            (false, None) => Backups::KeepAll,
        })
    }
}

/// The options of a run that takes `backups`, and shows the progress of a large one.
pub(super) fn options(backups: Backups) -> Options {
    Options::default()
        .backups(backups)
        .progress(output::progress())
}
