//! Errors of backups and of restoring one.

use std::path::Path;

use super::sqlite_code::by_code;
use super::{BoxError, Error, ErrorKind};
use crate::facts::Unsound;
use crate::remedy::Remedy;
pub(crate) fn backups_unreadable(file: &Path, source: std::io::Error) -> Error {
    Error::new(
        ErrorKind::ReadOnly,
        format!("the backups beside `{}` cannot be listed", file.display()),
    )
    .hint("check the permissions of the file's directory")
    .caused_by(source)
}

pub(crate) fn backup_of_memory() -> Error {
    Error::new(
        ErrorKind::Unsuitable,
        "a database in memory has no file to back up",
    )
    .hint("copy it with `VACUUM INTO`")
}

pub(crate) fn backup_failed(file: &Path, source: BoxError) -> Error {
    if source.is::<Unsound>() {
        return Error::new(
            ErrorKind::Damaged,
            format!(
                "`{}` is damaged: a copy of it does not pass `quick_check`",
                file.display()
            ),
        )
        .hint(
            "copy the file away, then restore an earlier backup, or see \
               https://sqlite.org/recovery.html",
        )
        .caused_by(source);
    }
    let code = source.downcast_ref::<rusqlite::Error>();
    let full = source
        .downcast_ref::<std::io::Error>()
        .is_some_and(|source| source.kind() == std::io::ErrorKind::StorageFull);
    let kind = match code {
        Some(source) => by_code(source, "").kind(),
        None if full => ErrorKind::DiskFull,
        None => ErrorKind::ReadOnly,
    };
    Error::new(
        kind,
        format!("no backup of `{}` could be made", file.display()),
    )
    .remedy(Remedy::MakeBackupPossible)
    .caused_by(source)
}

pub(crate) fn file_damaged(said: &str) -> Error {
    Error::new(ErrorKind::Damaged, format!("the file is damaged: {said}")).hint(
        "copy the file away, then restore an earlier backup, or see \
           https://sqlite.org/recovery.html",
    )
}

pub(crate) fn no_space_for_backup(file: &Path, needed: u64, free: u64) -> Error {
    Error::new(
        ErrorKind::DiskFull,
        format!(
            "a backup of `{}` needs {} and {} are free",
            file.display(),
            megabytes(needed),
            megabytes(free)
        ),
    )
    .remedy(Remedy::MakeRoom)
}

fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10)
}

pub(crate) fn backup_missing(backup: &Path) -> Error {
    Error::new(
        ErrorKind::NotFound,
        format!("there is no backup `{}`", backup.display()),
    )
    .hint("backups are named after their file and version, such as `notes.db.v1.backup`")
}

pub(crate) fn backup_unusable(backup: &Path, kind: ErrorKind, why: &str) -> Error {
    Error::new(
        kind,
        format!("`{}` cannot be restored: {why}", backup.display()),
    )
    .remedy(Remedy::ChooseBackup)
}

pub(crate) fn restore_onto_itself(file: &Path) -> Error {
    Error::new(
        ErrorKind::Unsuitable,
        format!("`{}` is the file and the backup at once", file.display()),
    )
    .remedy(Remedy::NameBackupThenFile)
}

pub(crate) fn restore_failed(file: &Path, source: impl Into<BoxError>) -> Error {
    let source = source.into();
    let message = format!("`{}` could not be restored", file.display());
    let error = match source.downcast_ref::<rusqlite::Error>() {
        Some(sqlite) => by_code(sqlite, &message),
        None => Error::new(ErrorKind::ReadOnly, message)
            .hint("check the permissions of the file and of its directory"),
    };
    error.caused_by(source)
}
