//! A copy of a database that is made beside it, and goes unless it gets a name.

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

/// Pages copied between two reports of progress: 4 MB at the usual page size.
const PAGES_A_STEP: i32 = 1024;

/// How long to wait before a lock that somebody else holds is tried again.
const PAUSE: Duration = Duration::from_millis(5);

/// How many names are tried for a copy.
const NAMES: u32 = 100;

/// A file for a copy. Dropped, it goes with all that SQLite put beside it.
pub(crate) struct Copy {
    files: &'static dyn Files,
    path: PathBuf,
    made: Box<dyn NewFile>,
    /// What the header of the finished copy says.
    pub(super) version: Version,
}

impl Copy {
    /// Makes an empty file beside `base`, that may be read by those who may read `like`.
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

/// Copies what is committed in the database behind `source`, which is `file`, to a file beside it;
/// a database in memory, to the directory for temporary files.
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
        // Where the system does not tell, the copy finds out.
        _ => Ok(()),
    }
}

fn write(source: &Connection, copy: &Copy, options: &Options) -> Result<Version, BoxError> {
    let mut target = connect::copy_target(&copy.path, copy.files)?;
    self::copy(source, &mut target, options)?;
    // A copy of a file in WAL mode says that it is one; as a single file it needs no WAL.
    connect::without_journal(&target)?;
    let version = target.pragma_query_value(None, "user_version", |row| row.get(0))?;
    // Nothing is written any more: the disk works while the pages are read again.
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

/// Gives the finished copy of `file` its name in place of the one it had, which lasts when this
/// returns. Nothing is overwritten.
pub(super) fn publish(file: &Path, copy: Copy, version: Version) -> Result<PathBuf, BoxError> {
    let files = copy.files;
    for number in 1.. {
        let path = names::backup(file, version, number);
        if !give_name(files, &copy.path, &path)? {
            continue;
        }
        // Before the sync, so that the name it had does not come back either.
        drop(copy);
        if let Err(error) = files.sync_directory(directory(file)) {
            names::remove(files, &path);
            return Err(error.into());
        }
        return Ok(path);
    }
    Err("no name is left".into())
}

/// Whether the file has the new name now; it has not where somebody else has it.
fn give_name(files: &dyn Files, old: &Path, new: &Path) -> io::Result<bool> {
    match files.link(old, new) {
        Ok(()) => Ok(true),
        // On a network it may be done, and the answer lost.
        Err(_) if files.same(old, new) => Ok(true),
        Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(false),
        Err(_) if files.look(new).is_ok() => Ok(false),
        // Not every file system has links.
        Err(_) => match files.rename(old, new) {
            Err(error) if files.look(old).is_ok() || files.look(new).is_err() => Err(error),
            _ => Ok(true),
        },
    }
}

/// Copies all pages, waiting for locks as long as the busy timeout says.
fn copy(source: &Connection, target: &mut Connection, options: &Options) -> rusqlite::Result<()> {
    copy_if(source, target, options, || true).map(drop)
}

/// The same, when `go_on` says so after the target is locked; whether it did.
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
