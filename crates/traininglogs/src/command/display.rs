//! Backups as a person names them: beside the file, the way the file itself was named.

#![expect(
    clippy::disallowed_methods,
    reason = "the command reads what its user names, and the clock"
)]

use std::fs;
use std::path::{Path, PathBuf};

/// `backup` relative to where the person stands, if it lies where the file at `path` seems to be.
/// It does not when `path` is a link: backups lie beside the file that is meant.
pub(super) fn backup_path(path: &Path, backup: &Path) -> String {
    let near = backup.file_name().map(|name| path.with_file_name(name));
    let same = |near: &PathBuf| {
        let real = fs::canonicalize(near).ok();
        real.is_some() && real == fs::canonicalize(backup).ok()
    };
    let shown = near.filter(same).unwrap_or_else(|| backup.to_owned());
    shown.display().to_string()
}
