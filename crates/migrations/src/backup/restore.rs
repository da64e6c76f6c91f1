//! The way to put a backup back.

#![expect(clippy::disallowed_methods, reason = "a backup is a file")]

use std::cell::RefCell;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Instant;

use rusqlite::config::DbConfig::SQLITE_DBCONFIG_RESET_DATABASE;
use rusqlite::{Connection, ErrorCode};

use super::check::{check, page_size, pages};
use super::copy::copy_if;
use super::names::{self, directory};
use super::{find_file_path, prune, take, take_from};
use crate::Version;
use crate::catalogue::Catalogue;
use crate::connect::file::check_links;
use crate::connect::{self, Missing};
use crate::error::{self, Error, ErrorKind};
use crate::file::FileState;
use crate::files::NewFile;
use crate::options::{Backups, Options};
use crate::outcome::Outcome;

/// The result of [`restore`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Restored {
    /// The version that the file holds now.
    pub version: Version,
    /// The backup of what the file held before; `None` where it held nothing, or none was wanted.
    pub kept: Option<PathBuf>,
}

/// Puts the content of `backup` into `file`, in one transaction of SQLite's own: cut anywhere, the
/// file holds what it held or what the backup holds, and a `-wal` or `-shm` that lay beside it is
/// not left to be replayed. What the file held is backed up first, unless `options` want none.
///
/// A file that is not there is made with the mode, the owner and the attributes of the backup.
///
/// # Errors
/// When the backup is missing, is damaged or belongs to another application, the file is locked, or
/// it cannot be read as a database. [`Error::outcome`] says what is in the file; where it is as it
/// was, no new backup stays.
pub fn restore(
    catalogue: &Catalogue,
    backup: &Path,
    file: &Path,
    options: &Options,
) -> Result<Restored, Error> {
    connect::spelled(backup)?;
    connect::spelled(file)?;
    let files = options.files;
    if files.same(backup, file) {
        return Err(error::restore_onto_itself(file));
    }
    if files.look(backup).is_err() {
        return Err(connect::no_backup(backup));
    }
    check_links(file)?;
    let unusable = |error: Error| error::backup_unusable(backup, error.kind(), &error.to_string());
    let source = connect::reading(backup, files).map_err(unusable)?;
    let state = FileState::read(&source).map_err(unusable)?;
    let version = read_version(catalogue, &state).map_err(unusable)?;
    check(&source).map_err(|said| {
        error::backup_unusable(
            backup,
            ErrorKind::Damaged,
            &format!("it is damaged: {said}"),
        )
    })?;
    let made = make(file, backup, options)?;
    match put_back(&source, file, options) {
        Ok(kept) => {
            if let Some(made) = made {
                made.finish()
                    .map_err(|source| error::restore_failed(file, source))?;
            }
            Ok(Restored { version, kept })
        }
        Err(error) => {
            if made.is_some() {
                remove_empty(file, options);
            }
            Err(error)
        }
    }
}

/// Makes an empty file where there is none, which may be read by those who may read `backup`.
fn make(file: &Path, backup: &Path, options: &Options) -> Result<Option<Box<dyn NewFile>>, Error> {
    match options.files.create(file, Some(backup)) {
        Ok(made) => Ok(Some(made)),
        Err(source) if source.kind() == io::ErrorKind::AlreadyExists => Ok(None),
        Err(source) => {
            let directory = directory(file);
            match options.files.list(directory) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    Err(error::directory_missing(directory))
                }
                _ => Err(error::restore_failed(file, source)),
            }
        }
    }
}

/// Removes a file that was made for a restore which failed, unless somebody else has filled it.
fn remove_empty(file: &Path, options: &Options) {
    let opened = connect::handle(file, Missing::Refuse, options);
    if opened
        .and_then(|opened| pages(&opened))
        .is_ok_and(|pages| pages == 0)
    {
        names::remove(options.files, file);
        names::remove_companions(options.files, file);
    }
}

/// Puts the content of `source` into `file`, which is there; the backup of what it held, where one
/// is wanted.
fn put_back(source: &Connection, file: &Path, options: &Options) -> Result<Option<PathBuf>, Error> {
    let (mut target, _) = connect::open(file, Missing::Refuse, options)?;
    let before = schema_cookie(&target);
    // Backups lie beside the file that a link leads to.
    let real = find_file_path(&target, options.files)?.unwrap_or_else(|| file.to_owned());
    let kept = RefCell::default();
    let result = if options.backups == Backups::Off || pages(&target)? == 0 {
        replace_if(source, &mut target, options, || true).map(drop)
    } else {
        keep_and_replace(source, &mut target, &real, options, &kept)
    };
    let file = real.as_path();
    // Closed, it has nothing open that somebody who looks again would have to wait for.
    drop(target);
    let kept: Option<PathBuf> = kept.into_inner();
    let Err(error) = result else {
        if let Some(kept) = &kept {
            prune(file, kept, options);
        }
        return Ok(kept);
    };
    let outcome = reread_outcome(file, options, before, error.outcome());
    if let Some(kept) = kept.filter(|_| outcome == Outcome::Untouched) {
        names::remove(options.files, &kept);
    }
    Err(error.with_outcome(outcome))
}

/// The state of the file after an error. Copying a database over another one counts up the schema
/// cookie of that one, whatever it copies, so that other connections read the schema again.
/// <https://sqlite.org/pragma.html#pragma_schema_version>
fn reread_outcome(file: &Path, options: &Options, before: Option<i64>, said: Outcome) -> Outcome {
    if said != Outcome::Unknown {
        return said;
    }
    let now = connect::handle(file, Missing::Refuse, options).ok();
    let now = now.and_then(|connection| schema_cookie(&connection));
    match (before, now) {
        (Some(before), Some(now)) if before == now => Outcome::Untouched,
        (Some(before), Some(now)) if before + 1 == now => Outcome::Committed,
        _ => Outcome::Unknown,
    }
}

fn schema_cookie(connection: &Connection) -> Option<i64> {
    connection
        .pragma_query_value(None, "schema_version", |row| row.get(0))
        .ok()
}

/// Backs up what `target` holds and replaces it, so that nobody's commit falls between the two. The
/// backup is in `kept` as soon as there is one, also where what follows fails.
fn keep_and_replace(
    source: &Connection,
    target: &mut Connection,
    file: &Path,
    options: &Options,
    kept: &RefCell<Option<PathBuf>>,
) -> Result<(), Error> {
    fit_pages(source, target)?;
    let mode: String = target
        .query_row("PRAGMA main.journal_mode", [], |row| row.get(0))
        .map_err(error::sqlite)?;
    if mode != "wal" {
        // The lock of a transaction stays after its end:
        // https://sqlite.org/pragma.html#pragma_locking_mode
        target
            .execute_batch("BEGIN EXCLUSIVE; PRAGMA main.locking_mode = EXCLUSIVE; COMMIT")
            .map_err(error::cannot_begin)?;
        *kept.borrow_mut() = Some(take_from(target, file, options, None)?);
        return replace_if(source, target, options, || true).map(drop);
    }
    // With a WAL, readers are let in beside the writer: one tells whether somebody was faster.
    let watch = connect::reading(file, options.files)?;
    let version = || -> Result<i64, Error> {
        watch
            .pragma_query_value(None, "data_version", |row| row.get(0))
            .map_err(error::sqlite)
    };
    let since = Instant::now();
    loop {
        // Writers wait while the copy is made; between its end and the lock of the copy back there
        // is a moment.
        target
            .execute_batch("BEGIN IMMEDIATE")
            .map_err(error::cannot_begin)?;
        let taken = version().and_then(|before| Ok((before, take(target, options, None)?.1)));
        target.execute_batch("ROLLBACK").map_err(error::sqlite)?;
        let (before, path) = taken?;
        *kept.borrow_mut() = Some(path);
        let same = || version().is_ok_and(|now| now == before);
        if replace_if(source, target, options, same)? {
            return Ok(());
        }
        // What was kept lacks what was committed meanwhile.
        if let Some(kept) = kept.take() {
            names::remove(options.files, &kept);
        }
        if since.elapsed() > options.busy_timeout {
            let busy = rusqlite::ffi::Error::new(rusqlite::ffi::SQLITE_BUSY);
            return Err(error::cannot_begin(rusqlite::Error::SqliteFailure(
                busy, None,
            )));
        }
    }
}

/// Puts the content of `source`'s database into `target`'s, in one transaction of SQLite's own: cut
/// anywhere, also by a power cut, `target` holds what it held or what `source` holds, and the
/// latter once this has returned. This is what [`restore`] does when it has looked at both files;
/// nothing is backed up or checked here. `target` may be in journal mode DELETE afterwards where it
/// was in WAL mode.
///
/// # Errors
/// When `target` is locked for longer than the busy timeout, or one of the two cannot be read or
/// written. Where more was begun than to wait, the error says that what is in `target` is not
/// known.
/// <https://sqlite.org/c3ref/backup_finish.html>
pub fn replace_content(
    source: &Connection,
    target: &mut Connection,
    options: &Options,
) -> Result<(), Error> {
    fit_pages(source, target)?;
    replace_if(source, target, options, || true).map(drop)
}

/// The same, when `go_on` says so after `target` is locked; whether it did.
fn replace_if(
    source: &Connection,
    target: &mut Connection,
    options: &Options,
    go_on: impl Fn() -> bool,
) -> Result<bool, Error> {
    // With FULL, a power cut can bring a deleted journal back and cut the file off nevertheless:
    // what was restored is then undone, and a file that became shorter is damaged.
    // https://sqlite.org/pragma.html#pragma_synchronous
    let synchronous = match sync_fully(target) {
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::DatabaseCorrupt) => {
            unread(target, true)?;
            let synced = sync_fully(target);
            unread(target, false)?;
            synced
        }
        synced => synced,
    };
    let synchronous = synchronous.map_err(error::sqlite)?;
    let file = find_file_path(target, options.files).ok().flatten();
    let file = file.unwrap_or_default();
    let replaced = copy_if(source, target, options, go_on).map_err(|source| {
        let waited = source.sqlite_error_code() == Some(ErrorCode::DatabaseBusy);
        let error = error::restore_failed(&file, source);
        if waited {
            error
        } else {
            error.with_outcome(Outcome::Unknown)
        }
    });
    // Whoever opens the file again has the setting of before; this is for who goes on with the
    // connection.
    let _ = target.pragma_update(None, "synchronous", synchronous);
    replaced
}

/// Sets `synchronous`, and gives what it was.
fn sync_fully(target: &Connection) -> rusqlite::Result<i64> {
    let before = target.pragma_query_value(None, "synchronous", |row| row.get(0))?;
    target.pragma_update(None, "synchronous", "EXTRA")?;
    Ok(before)
}

/// Has the database taken for an empty one, or no more: a pragma reads the schema, which may be
/// what is damaged.
/// <https://sqlite.org/c3ref/c_dbconfig_defensive.html#sqlitedbconfigresetdatabase>
fn unread(target: &Connection, on: bool) -> Result<(), Error> {
    target
        .set_db_config(SQLITE_DBCONFIG_RESET_DATABASE, on)
        .map(|_now| ())
        .map_err(error::sqlite)
}

/// A WAL cannot hold pages of another size: <https://sqlite.org/c3ref/backup_finish.html>
fn fit_pages(source: &Connection, target: &Connection) -> Result<(), Error> {
    if page_size(source)? != page_size(target)? {
        let mode = "PRAGMA main.journal_mode = DELETE";
        target
            .query_row(mode, [], |_| Ok(()))
            .map_err(error::sqlite)?;
    }
    Ok(())
}

/// The version of a backup. That of a file that was adopted has no ledger: then it is the version
/// whose schema it has, so that nobody restores another application's file.
fn read_version(catalogue: &Catalogue, state: &FileState) -> Result<Version, Error> {
    let said = state.version(catalogue);
    let ours = [0, catalogue.application_id()].contains(&state.application_id);
    if said.is_ok() || state.ledger.is_some() || !ours {
        return said;
    }
    for version in 1..=catalogue.current_version() {
        if catalogue.schema_at(version)? == state.schema {
            return Ok(version);
        }
    }
    said
}
