//! The names of backups in messages: relative like the name of the file.

#![expect(
    clippy::disallowed_methods,
    reason = "the command reads what its user names, and the clock"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// `backup` in the directory of `path`, as the user wrote it, if the backup is there. It is not if
/// `path` is a link: backups are beside the target of the link.
pub(super) fn backup_path(path: &Path, backup: &Path) -> String {
    let near = backup.file_name().map(|name| path.with_file_name(name));
    let same = |near: &PathBuf| {
        let real = fs::canonicalize(near).ok();
        real.is_some() && real == fs::canonicalize(backup).ok()
    };
    let shown = near.filter(same).unwrap_or_else(|| backup.to_owned());
    shown.display().to_string()
}
