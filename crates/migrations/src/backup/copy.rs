//! A copy of a database beside it, which is removed unless it is published under a name.

#![expect(clippy::disallowed_methods, reason = "a backup is a file")]

use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use super::check::{check, page_size, pages};
use super::names::{self, Draft, directory};
use crate::Version;
use crate::connect;
use crate::error::{self, BoxError, Error};
use crate::facts::Unsound;
use crate::files::{Files, NewFile};
use crate::options::Options;
use crate::progress::{Progress, Work};

/// The number of pages copied between two reports of progress: 4 MB at the usual page size.
const PAGES_A_STEP: i32 = 1024;

/// The pause before a lock held by another connection is tried again.
const PAUSE: Duration = Duration::from_millis(5);

/// The number of names that are tried for a copy.
const NAMES: u32 = 100;

/// A file for a copy. Dropping it removes the file and everything that SQLite put beside it.
pub(crate) struct Copy {
    files: &'static dyn Files,
    path: PathBuf,
    made: Box<dyn NewFile>,
    /// The version in the header of the finished copy.
    pub(super) version: Version,
}

impl Copy {
    /// Creates an empty file beside `base`, readable only by those who may read `like`.
    fn create(
        files: &'static dyn Files,
        base: &Path,
        like: Option<&Path>,
        draft: Draft,
    ) -> io::Result<Copy> {
        for number in 1..=NAMES {
            let path = draft.path(base, number);
            match files.create(&path, like) {
                Ok(made) => {
                    return Ok(Copy {
                        files,
                        path,
                        made,
                        version: 0,
                    });
                }
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        Err(ErrorKind::AlreadyExists.into())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Copy {
    fn drop(&mut self) {
        names::remove(self.files, &self.path);
        names::remove_companions(self.files, &self.path);
    }
}

/// Copies the committed content of `source`, whose file is `file`, to a file beside it; for a
/// database in memory, to the directory for temporary files.
pub(crate) fn copy_beside(
    source: &Connection,
    file: Option<&Path>,
    draft: Draft,
    options: &Options,
) -> Result<Copy, Error> {
    let files = options.files;
    let base = file.map_or_else(|| std::env::temp_dir().join("memory.db"), Path::to_path_buf);
    let needed = pages(source)?.saturating_mul(page_size(source)?);
    check_space(files, &base, needed)?;
    let failed = |source| error::backup_failed(&base, source);
    let copy = Copy::create(files, &base, file, draft);
    let mut copy = copy.map_err(|source| failed(source.into()))?;
    copy.version = write(source, &copy, options).map_err(failed)?;
    Ok(copy)
}

fn check_space(files: &dyn Files, file: &Path, needed: u64) -> Result<(), Error> {
    match files.free_space(directory(file)) {
        Ok(free) if free < needed => Err(error::no_space_for_backup(file, needed, free)),
        // If the free space is unknown, the copy itself finds out.
        _ => Ok(()),
    }
}

fn write(source: &Connection, copy: &Copy, options: &Options) -> Result<Version, BoxError> {
    let mut target = connect::copy_target(&copy.path, copy.files)?;
    self::copy(source, &mut target, options)?;
    // The copy of a file in WAL mode is marked as one too; as a single file it needs no WAL.
    connect::without_journal(&target)?;
    let version = target.pragma_query_value(None, "user_version", |row| row.get(0))?;
    // Nothing is written any more, so the disk syncs while the pages are read again.
    let finish = || copy.made.finish();
    let (sound, finished) = if copy.files.concurrent() {
        thread::scope(|scope| {
            let finishing = scope.spawn(finish);
            (check(&target), finishing.join())
        })
    } else {
        (check(&target), Ok(finish()))
    };
    sound.map_err(Unsound)?;
    finished.unwrap_or_else(|panic| std::panic::resume_unwind(panic))?;
    Ok(version)
}

/// Gives the finished copy of `file` its final name in place of its temporary one. The name is
/// durable when this returns. Nothing is overwritten.
pub(super) fn publish(file: &Path, copy: Copy, version: Version) -> Result<PathBuf, BoxError> {
    let files = copy.files;
    for number in 1.. {
        let path = names::backup(file, version, number);
        if !give_name(files, &copy.path, &path)? {
            continue;
        }
        // Before the sync, so that the temporary name does not come back either.
        drop(copy);
        if let Err(error) = files.sync_directory(directory(file)) {
            names::remove(files, &path);
            return Err(error.into());
        }
        return Ok(path);
    }
    Err("no name is left".into())
}

/// Whether the file has the new name now; false if the name is taken.
fn give_name(files: &dyn Files, old: &Path, new: &Path) -> io::Result<bool> {
    match files.link(old, new) {
        Ok(()) => Ok(true),
        // On a network file system the call may succeed although its answer is lost.
        Err(_) if files.same(old, new) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(_) if files.look(new).is_ok() => Ok(false),
        // Not every file system has hard links.
        Err(_) => match files.rename(old, new) {
            Err(error) if files.look(old).is_ok() || files.look(new).is_err() => Err(error),
            _ => Ok(true),
        },
    }
}

/// Copies all pages, waiting for locks up to the busy timeout.
fn copy(source: &Connection, target: &mut Connection, options: &Options) -> rusqlite::Result<()> {
    copy_if(source, target, options, || true).map(drop)
}

/// Copies all pages if `go_on` agrees after the target is locked; returns whether it did.
pub(super) fn copy_if(
    source: &Connection,
    target: &mut Connection,
    options: &Options,
    go_on: impl Fn() -> bool,
) -> rusqlite::Result<bool> {
    let backup = Backup::new(source, target)?;
    let mut since = Instant::now();
    let mut locked = false;
    loop {
        // A step of zero pages only takes the lock.
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
