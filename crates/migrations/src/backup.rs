//! Backups: a copy of the file beside it before a run writes, and the way to put one back.
//!
//! Copies are made with SQLite's [backup API](https://sqlite.org/backup.html), which sees what is committed
//! in a WAL, too; a plain copy of the file does not.

mod restore;

use std::ffi::OsStr;
use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::Version;
use crate::connect;
use crate::error::{self, Error};
use crate::options::Options;
pub use restore::{Restored, replace_content, restore};

/// Pages copied between two reports of progress: 4 MB at the usual page size.
const PAGES_A_STEP: i32 = 1024;

/// How long to wait before a lock that somebody else holds is tried again.
const PAUSE: Duration = Duration::from_millis(5);

/// Whether a run takes a backup before it writes, and how many stay.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Backups {
    /// A backup for each run that writes to a file on disk which holds something; all stay.
    #[default]
    KeepAll,
    /// The same; the oldest go, so that this many stay beside the file. At least the new one stays.
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
    let mut found = Vec::new();
    let unreadable = |source| error::backups_unreadable(file, source);
    for entry in fs::read_dir(directory(file)).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if let Some((version, number)) = parse_name(file, &entry.file_name()) {
            let bytes = entry.metadata().map_or(0, |data| data.len());
            found.push(BackupFile {
                path: entry.path(),
                version,
                number,
                bytes,
            });
        }
    }
    found.sort_by_key(|backup| (backup.version, backup.number));
    Ok(found)
}

/// Backs up what is committed in `connection`'s file, under the next free name for `version` or else for what
/// its header says, checked and synced before it gets that name.
///
/// The connection may hold the lock of a run, and may have written nothing that is not committed.
pub(crate) fn take(
    connection: &Connection,
    options: &Options,
    version: Option<Version>,
) -> Result<PathBuf, Error> {
    let Some(file) = path_of(connection) else {
        return Err(error::backup_of_memory());
    };
    let source = connect::reading_handle(&file)
        .map_err(|source| error::backup_failed(&file, source.into()))?;
    source
        .busy_timeout(options.busy_timeout)
        .map_err(error::sqlite)?;
    take_from(&source, &file, options, version)
}

/// The same through `source`, a connection to `file` that reads.
fn take_from(
    source: &Connection,
    file: &Path,
    options: &Options,
    version: Option<Version>,
) -> Result<PathBuf, Error> {
    let file = path_of(source).unwrap_or_else(|| file.to_owned());
    remove_partial(&file);
    check_space(&file, pages(source)?.saturating_mul(page_size(source)?))?;
    let partial = beside(&file, &format!("{}.partial", std::process::id()));
    let made = write_copy(source, &partial, options)
        .and_then(|found| publish(&file, &partial, version.unwrap_or(found)));
    // Whatever happened, nothing half done stays.
    let _ = fs::remove_file(&partial);
    let path = made.map_err(|source| error::backup_failed(&file, source))?;
    if let Backups::Keep(keep) = options.backups {
        prune(&file, &path, keep)?;
    }
    Ok(path)
}

/// Copies what is committed in `connection`'s database to a file that is not there yet.
pub(crate) fn copy_to(
    connection: &Connection,
    path: &Path,
    options: &Options,
) -> Result<(), Error> {
    let file = path_of(connection);
    if let Some(file) = &file {
        check_space(
            file,
            pages(connection)?.saturating_mul(page_size(connection)?),
        )?;
    }
    write_copy(connection, path, options)
        .map(drop)
        .map_err(|source| error::backup_failed(file.as_deref().unwrap_or(path), source))
}

/// The path of the file behind a connection; `None` for a database in memory.
pub(crate) fn path_of(connection: &Connection) -> Option<PathBuf> {
    let path = connect::file_of(connection).ok().flatten();
    path.filter(|path| path.exists())
}

/// A copy that is damaged because its file is.
#[derive(Debug)]
pub(crate) struct Unsound(String);

impl std::fmt::Display for Unsound {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for Unsound {}

fn write_copy(
    source: &Connection,
    partial: &Path,
    options: &Options,
) -> Result<Version, error::BoxError> {
    let mut target = connect::unsynced_file(partial)?;
    copy(source, &mut target, options)?;
    // A copy of a file in WAL mode says that it is one; as a single file it needs no WAL.
    target.query_row("PRAGMA main.journal_mode = DELETE", [], |_| Ok(()))?;
    let version = target.pragma_query_value(None, "user_version", |row| row.get(0))?;
    // Nothing is written any more: the disk works while the pages are read again.
    let file = File::options().write(true).open(partial)?;
    let (sound, synced) = thread::scope(|scope| {
        let syncing = scope.spawn(|| file.sync_all());
        (check(&target), syncing.join())
    });
    sound.map_err(Unsound)?;
    synced.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    Ok(version)
}

/// Gives the finished copy its name. A link fails where the name is taken, so nothing is overwritten.
fn publish(file: &Path, partial: &Path, version: Version) -> Result<PathBuf, error::BoxError> {
    for number in 1.. {
        let path = name(file, version, number);
        match fs::hard_link(partial, &path) {
            Ok(()) => {}
            Err(error) if error.kind() == std::io::ErrorKind::AlreadyExists => continue,
            // Not every file system has links.
            Err(_) if path.exists() => continue,
            Err(_) => fs::rename(partial, &path)?,
        }
        sync_directory(file);
        return Ok(path);
    }
    Err("no name is left".into())
}

/// So that the new name survives a power cut; only Unix opens a directory as a file.
fn sync_directory(file: &Path) {
    if cfg!(unix)
        && let Ok(directory) = File::open(directory(file))
    {
        let _ = directory.sync_all();
    }
}

/// Copies all pages, waiting for locks as long as the busy timeout says.
fn copy(source: &Connection, target: &mut Connection, options: &Options) -> rusqlite::Result<()> {
    copy_if(source, target, options, || true).map(drop)
}

/// The same, when `go_on` says so after the target is locked; whether it did.
fn copy_if(
    source: &Connection,
    target: &mut Connection,
    options: &Options,
    go_on: impl Fn() -> bool,
) -> rusqlite::Result<bool> {
    let backup = Backup::new(source, target)?;
    let mut since = Instant::now();
    let mut locked = false;
    loop {
        // A step of no page only locks.
        let step = backup.step(if locked { PAGES_A_STEP } else { 0 })?;
        if !locked && matches!(step, StepResult::More | StepResult::Done) {
            locked = true;
            if !go_on() {
                return Ok(false);
            }
            continue;
        }
        if let (Some(report), StepResult::More | StepResult::Done) = (options.progress, step) {
            let progress = backup.progress();
            let count = |pages: i32| u64::try_from(pages).unwrap_or(0);
            let (all, left) = (count(progress.pagecount), count(progress.remaining));
            report(Progress {
                work: Work::Copying,
                done: all.saturating_sub(left),
                all,
            });
        }
        match step {
            StepResult::Done => return Ok(true),
            StepResult::More => since = Instant::now(),
            _ if since.elapsed() > options.busy_timeout => {
                let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
                return Err(rusqlite::Error::SqliteFailure(busy, None));
            }
            _ => thread::sleep(PAUSE),
        }
    }
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

fn check_space(file: &Path, needed: u64) -> Result<(), Error> {
    match fs4::available_space(directory(file)) {
        Ok(free) if free < needed => Err(error::no_space_for_backup(file, needed, free)),
        // Where the system does not tell, the copy finds out.
        _ => Ok(()),
    }
}

/// Removes what a process that was killed left; whoever holds the lock of a run is alone here.
fn remove_partial(file: &Path) {
    let own = beside(file, "");
    let own = own
        .file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned();
    for entry in fs::read_dir(directory(file))
        .into_iter()
        .flatten()
        .flatten()
    {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name
            .strip_prefix(&own)
            .is_some_and(|rest| rest.contains(".partial"))
        {
            let _ = fs::remove_file(entry.path());
        }
    }
}

fn prune(file: &Path, newest: &Path, keep: u32) -> Result<(), Error> {
    let mut others = backups(file)?;
    others.retain(|backup| backup.path != newest);
    let age = |backup: &BackupFile| {
        fs::metadata(&backup.path)
            .and_then(|data| data.modified())
            .ok()
    };
    others.sort_by_key(|backup| std::cmp::Reverse(age(backup)));
    for old in others.iter().skip(keep.saturating_sub(1) as usize) {
        fs::remove_file(&old.path).map_err(|source| error::backups_unreadable(file, source))?;
    }
    Ok(())
}

/// `notes.db.v1.backup` holds version 1, `notes.db.v1.2.backup` is the second one of it.
fn parse_name(file: &Path, name: &OsStr) -> Option<(Version, u32)> {
    let own = file.file_name()?.to_str()?;
    let rest = name
        .to_str()?
        .strip_prefix(own)?
        .strip_prefix(".v")?
        .strip_suffix(".backup")?;
    match rest.split_once('.') {
        None => Some((rest.parse().ok()?, 1)),
        Some((version, number)) => Some((version.parse().ok()?, number.parse().ok()?)),
    }
}

fn name(file: &Path, version: Version, number: u32) -> PathBuf {
    match number {
        1 => beside(file, &format!("v{version}.backup")),
        number => beside(file, &format!("v{version}.{number}.backup")),
    }
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(ending);
    file.with_file_name(name)
}

fn directory(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}
