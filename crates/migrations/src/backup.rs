//! Backups: a copy of the file beside it before a run writes, and the way to put one back.
//!
//! Copies are made with SQLite's [backup API](https://sqlite.org/backup.html), which sees what is committed
//! in a WAL, too; a plain copy of the file does not.

mod copy;
mod names;
mod restore;

use std::cell::RefCell;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::Version;
use crate::connect;
use crate::error::{self, Error, Outcome};
use crate::files::{Files, SystemFiles};
use crate::options::Options;
pub(crate) use copy::{Copy, Unsound, copy_beside};
use names::directory;
pub(crate) use names::{Draft, remove_abandoned};
pub use restore::{Restored, replace_content, restore};

/// Whether a run takes a backup before it writes, and how many stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backups {
    /// A backup for each run that writes to a file on disk which holds something; all stay.
    #[default]
    KeepAll,
    /// The same; the oldest go, so that this many stay beside the file. At least the new one stays, and one
    /// that cannot be removed.
    Keep(u32),
    /// None.
    Off,
}

/// What takes its time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// A backup is made or put back; counted in pages.
    Copying,
    /// A step's function fills a table with [`Fill`](crate::Fill); counted in rows that were read.
    Filling,
}

/// How far a work is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Which one.
    pub work: Work,
    /// What is done of it.
    pub done: u64,
    /// What there is to do; 0 where nobody knows before the end.
    pub all: u64,
}

/// A backup beside its file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupFile {
    /// Where it is.
    pub path: PathBuf,
    /// The version it holds, by its name.
    pub version: Version,
    /// Which one of this version, from 1.
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

/// Backs up what is committed in `connection`'s file, and removes the oldest backups where not all are to stay.
pub(crate) fn back_up(connection: &Connection, options: &Options) -> Result<PathBuf, Error> {
    let (file, path) = take(connection, options, None)?;
    prune(&file, &path, options);
    Ok(path)
}

/// Backs up what is committed in `connection`'s file, under the next free name for `version` or else for what
/// its header says, checked and synced before it gets that name. The file's path and the backup's.
///
/// The connection may hold the lock of a run, and may have written nothing that is not committed.
fn take(
    connection: &Connection,
    options: &Options,
    version: Option<Version>,
) -> Result<(PathBuf, PathBuf), Error> {
    let file = path_of(connection, options.files)?.ok_or_else(error::backup_of_memory)?;
    let source = connect::reading_handle(&file, options.files)
        .map_err(|source| error::backup_failed(&file, source.into()))?;
    source
        .busy_timeout(options.busy_timeout)
        .map_err(error::sqlite)?;
    let path = take_from(&source, &file, options, version)?;
    Ok((file, path))
}

/// The same through `source`, a connection to `file` that reads.
fn take_from(
    source: &Connection,
    file: &Path,
    options: &Options,
    version: Option<Version>,
) -> Result<PathBuf, Error> {
    // What a process that was killed left takes room.
    remove_abandoned(options.files, file);
    let copy = copy_beside(source, Some(file), Draft::Partial, options)?;
    let version = version.unwrap_or(copy.version);
    copy::publish(file, copy, version).map_err(|source| error::backup_failed(file, source))
}

/// The backup of one run. It stays or goes with the outcome of the run, when that is known.
pub(crate) struct RunBackup<'a> {
    options: &'a Options,
    taken: RefCell<Option<Taken>>,
}

struct Taken {
    file: PathBuf,
    path: PathBuf,
    /// The version of the file at that time.
    from: Version,
}

impl<'a> RunBackup<'a> {
    pub(crate) fn new(options: &'a Options) -> RunBackup<'a> {
        let taken = RefCell::default();
        RunBackup { options, taken }
    }

    /// Takes it, named after `version` or else after what the header of the file says.
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

    /// Removes it where the file is as it was, whatever the error: it would say nothing that the file does not, and
    /// each try would leave one more. Otherwise older ones go, as far as not all are to stay: only now it is
    /// sure that this one does.
    pub(crate) fn settle(&self, failed: Option<Outcome>) {
        let Some(taken) = self.taken.take() else {
            return;
        };
        if failed.is_some_and(|outcome| is_needless(outcome, taken.from)) {
            names::remove(self.options.files, &taken.path);
        } else {
            prune(&taken.file, &taken.path, self.options);
        }
    }
}

/// Whether no row of a file that was at version `from` has changed. What a step outside a transaction did before
/// it failed changes none.
fn is_needless(outcome: Outcome, from: Version) -> bool {
    match outcome {
        Outcome::Untouched | Outcome::RolledBack => true,
        Outcome::CommittedTo(version) => version == from,
        Outcome::Committed | Outcome::Unknown => false,
    }
}

/// Removes the oldest backups where not all are to stay, and never `newest`.
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
    // Where it is not known which are the oldest, none goes.
    let aged = others.into_iter().map(age).collect::<io::Result<Vec<_>>>();
    let mut others = aged.unwrap_or_default();
    others.sort_by(|(one, _), (other, _)| other.cmp(one));
    for (_, old) in others.iter().skip(keep.saturating_sub(1) as usize) {
        names::remove(options.files, old);
    }
}

/// The path of the file behind a connection; `None` for a database in memory.
///
/// # Errors
/// When there is a file and its path cannot be found out.
pub(crate) fn path_of(
    connection: &Connection,
    files: &dyn Files,
) -> Result<Option<PathBuf>, Error> {
    let path = connect::file_of(connection)?;
    // SQLite makes the path of a file absolute; what is not is the name of a database in memory.
    let is_file = |path: &PathBuf| path.is_absolute() || files.vfs().is_some();
    Ok(path.filter(|path| is_file(path) && files.look(path).is_ok()))
}

/// [`quick_check`](https://sqlite.org/pragma.html#pragma_quick_check): reads every page. What it says of values
/// that break a NOT NULL, a CHECK or a STRICT type is no damage: they were written so, and are copied so.
pub(crate) fn check(connection: &Connection) -> Result<(), String> {
    let said = || -> rusqlite::Result<Vec<String>> {
        let mut statement = connection.prepare("PRAGMA main.quick_check")?;
        let lines = statement.query_map([], |row| row.get(0))?;
        lines.collect()
    };
    let said = said().map_err(|error| error.to_string())?;
    let value =
        |line: &str| line.contains(" value in ") || line.starts_with("CHECK constraint failed in ");
    match said.iter().find(|line| *line != "ok" && !value(line)) {
        None => Ok(()),
        Some(said) => {
            let mut lines = said.lines().filter(|line| !line.starts_with("***"));
            Err(lines.next().unwrap_or_default().to_owned())
        }
    }
}

fn pages(connection: &Connection) -> Result<u64, Error> {
    header(connection, "page_count")
}

fn page_size(connection: &Connection) -> Result<u64, Error> {
    header(connection, "page_size")
}

fn header(connection: &Connection, name: &str) -> Result<u64, Error> {
    let value: i64 = connection
        .pragma_query_value(None, name, |row| row.get(0))
        .map_err(error::sqlite)?;
    Ok(value.unsigned_abs())
}
