//! Backups as a person names them: beside the file, the way the file itself was named.

use std::fs;
use std::path::{Path, PathBuf};

use migrations::{BackupFile, Migrator};

use crate::error::Error;

/// `backup` relative to where the person stands, if it lies where the file at `path` seems to be. It
/// does not when `path` is a link: backups lie beside the file that is meant.
pub(super) fn backup(path: &Path, backup: &Path) -> String {
    let near = backup.file_name().map(|name| path.with_file_name(name));
    let same = |near: &PathBuf| {
        let real = fs::canonicalize(near).ok();
        real.is_some() && real == fs::canonicalize(backup).ok()
    };
    let shown = near.filter(same).unwrap_or_else(|| backup.to_owned());
    shown.display().to_string()
}

/// The backups of the file that `migrator` has open.
pub(super) fn backups(path: &Path, migrator: &Migrator<'_>) -> Result<Vec<BackupFile>, Error> {
    let told = migrator.connection().path().filter(|real| !real.is_empty());
    // SQLite does not tell a path that is not UTF-8.
    let real = told.map_or_else(|| fs::canonicalize(path), |real| Ok(PathBuf::from(real)));
    Ok(migrations::backups(real.as_deref().unwrap_or(path))?)
}
