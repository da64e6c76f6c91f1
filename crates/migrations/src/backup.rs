//! Backups: a copy of the file beside it before a run writes, and the way to restore one.
//!
//! Copies are made with SQLite's [backup API](https://sqlite.org/backup.html), which includes what
//! is committed in a WAL; a plain copy of the file does not.

pub(crate) mod check;
pub(crate) mod copy;
pub(crate) mod names;
pub(crate) mod restore;

use std::cell::RefCell;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::Version;
use crate::connect;
use crate::connect::file::find_open_file;
use crate::error::{self, Error};
use crate::files::{Files, SystemFiles};
use crate::options::{Backups, Options};
use crate::outcome::Outcome;
use copy::copy_beside;
use names::{Draft, directory, remove_abandoned};

/// A backup beside its file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BackupFile {
    /// Its path.
    pub path: PathBuf,
    /// The version in its name.
    pub version: Version,
    /// The number among the backups of this version, from 1.
    pub number: u32,
    /// Its size in bytes.
    pub bytes: u64,
}

/// The backups beside `file`, the oldest version first.
///
/// # Errors
/// When its directory cannot be read.
pub fn backups(file: &Path) -> Result<Vec<BackupFile>, Error> {
    connect::spelled(file)?;
    backups_on(&SystemFiles, file)
}

pub(crate) fn backups_on(files: &dyn Files, file: &Path) -> Result<Vec<BackupFile>, Error> {
    let names = files
        .list(directory(file))
        .map_err(|source| error::backups_unreadable(file, source))?;
    let mut found = Vec::new();
    for name in names {
        if let Some((version, number)) = names::parse_backup(file, &name) {
            let path = file.with_file_name(name);
            let bytes = files.look(&path).map_or(0, |info| info.bytes);
            found.push(BackupFile {
                path,
                version,
                number,
                bytes,
            });
        }
    }
    found.sort_by_key(|backup| (backup.version, backup.number));
    Ok(found)
}

/// Backs up the committed content of `connection`'s file, and removes the oldest backups beyond the
/// number to keep.
pub(crate) fn back_up(connection: &Connection, options: &Options) -> Result<PathBuf, Error> {
    let (file, path) = take(connection, options, None)?;
    prune(&file, &path, options);
    Ok(path)
}

/// Backs up the committed content of `connection`'s file under the next free name for `version`, or
/// for the version in the copy's header. The copy is checked and synced before it gets that name.
/// Returns the paths of the file and of the backup.
///
/// The connection may hold the lock of a run, but may not have uncommitted writes.
fn take(
    connection: &Connection,
    options: &Options,
    version: Option<Version>,
) -> Result<(PathBuf, PathBuf), Error> {
    let file = find_file_path(connection, options.files)?.ok_or_else(error::backup_of_memory)?;
    let source = connect::reading_handle(&file, options.files)
        .map_err(|source| error::backup_failed(&file, source.into()))?;
    source
        .busy_timeout(options.busy_timeout)
        .map_err(error::sqlite)?;
    let path = take_from(&source, &file, options, version)?;
    Ok((file, path))
}

/// Takes the backup through `source`, a connection that reads `file`.
fn take_from(
    source: &Connection,
    file: &Path,
    options: &Options,
    version: Option<Version>,
) -> Result<PathBuf, Error> {
    // Partial copies of killed processes occupy space.
    remove_abandoned(options.files, file);
    let copy = copy_beside(source, Some(file), Draft::Partial, options)?;
    let version = version.unwrap_or(copy.version);
    copy::publish(file, copy, version).map_err(|source| error::backup_failed(file, source))
}

/// The backup of one run. The outcome of the run decides whether it stays.
pub(crate) struct RunBackup<'a> {
    options: &'a Options,
    taken: RefCell<Option<Taken>>,
}

struct Taken {
    file: PathBuf,
    path: PathBuf,
    /// The version of the file when the backup was taken.
    from: Version,
}

impl<'a> RunBackup<'a> {
    pub(crate) fn new(options: &'a Options) -> RunBackup<'a> {
        let taken = RefCell::default();
        RunBackup { options, taken }
    }

    /// Takes the backup, named after `version` or after the version in the file's header.
    pub(crate) fn take(
        &self,
        connection: &Connection,
        from: Version,
        version: Option<Version>,
    ) -> Result<PathBuf, Error> {
        let (file, path) = take(connection, self.options, version)?;
        *self.taken.borrow_mut() = Some(Taken {
            file,
            path: path.clone(),
            from,
        });
        Ok(path)
    }

    /// Removes the backup if the file is unchanged after an error; otherwise each failed attempt
    /// would leave one. If the backup stays, removes the oldest ones beyond the number to keep.
    pub(crate) fn settle(&self, failed: Option<Outcome>) {
        let Some(taken) = self.taken.take() else {
            return;
        };
        if failed.is_some_and(|outcome| is_unneeded(outcome, taken.from)) {
            names::remove(self.options.files, &taken.path);
        } else {
            prune(&taken.file, &taken.path, self.options);
        }
    }
}

/// Whether no row of a file that was at version `from` has changed. The work of a failed step
/// outside a transaction changes none.
fn is_unneeded(outcome: Outcome, from: Version) -> bool {
    match outcome {
        Outcome::Untouched | Outcome::RolledBack => true,
        Outcome::CommittedTo(version) => version == from,
        Outcome::Committed | Outcome::Unknown => false,
    }
}

/// Removes the oldest backups beyond the number to keep, but never `newest`.
fn prune(file: &Path, newest: &Path, options: &Options) {
    let Backups::Keep(keep) = options.backups else {
        return;
    };
    let mut others = backups_on(options.files, file).unwrap_or_default();
    others.retain(|backup| backup.path != newest);
    let age = |backup: BackupFile| {
        let modified = options.files.look(&backup.path)?.modified;
        Ok(((modified, backup.version, backup.number), backup.path))
    };
    // If the age of one is unknown, none is removed.
    let aged = others.into_iter().map(age).collect::<io::Result<Vec<_>>>();
    let mut others = aged.unwrap_or_default();
    others.sort_by(|(one, _), (other, _)| other.cmp(one));
    for (_, old) in others.iter().skip(keep.saturating_sub(1) as usize) {
        names::remove(options.files, old);
    }
}

/// The path of the file of a connection; `None` for a database in memory.
///
/// # Errors
/// When there is a file whose path cannot be determined.
pub(crate) fn find_file_path(
    connection: &Connection,
    files: &dyn Files,
) -> Result<Option<PathBuf>, Error> {
    let path = find_open_file(connection)?;
    // SQLite makes the path of a file absolute; any other path is the name of a database in memory.
    let is_file = |path: &PathBuf| path.is_absolute() || files.vfs().is_some();
    Ok(path.filter(|path| is_file(path) && files.look(path).is_ok()))
}
