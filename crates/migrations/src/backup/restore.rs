//! Restores a backup.

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
    /// The version of the file now.
    pub version: Version,
    /// The backup of the previous content; `None` if the file was empty or backups are off.
    pub kept: Option<PathBuf>,
}

/// Restores the content of `backup` into `file`, in one transaction of SQLite's own. After a crash
/// at any moment, the file contains either its previous content or that of the backup, and an old
/// `-wal` or `-shm` beside it is not replayed. The previous content is backed up first, unless
/// `options` turn backups off.
///
/// If the file does not exist, it is created with the mode, the owner and the attributes of the
/// backup.
///
/// # Errors
/// When the backup is missing, is damaged or belongs to another application, or when the file is
/// locked or cannot be read as a database. [`Error::outcome`] reports the content of the file; if
/// it is unchanged, no new backup stays.
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

/// Creates an empty file if none exists, readable only by those who may read `backup`.
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

/// Removes a file that was created for a failed restore, unless another process has filled it.
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

/// Restores the content of `source` into `file`, which exists; returns the backup of its previous
/// content, if one is wanted.
fn put_back(source: &Connection, file: &Path, options: &Options) -> Result<Option<PathBuf>, Error> {
    let (mut target, _) = connect::open(file, Missing::Refuse, options)?;
    let before = schema_cookie(&target);
    // Backups are beside the file that a symbolic link points to.
    let real = find_file_path(&target, options.files)?.unwrap_or_else(|| file.to_owned());
    let kept = RefCell::default();
    let result = if options.backups == Backups::Off || pages(&target)? == 0 {
        replace_if(source, &mut target, options, || true).map(drop)
    } else {
        keep_and_replace(source, &mut target, &real, options, &kept)
    };
    let file = real.as_path();
    // Closes the connection, so that it cannot block the next one that reads the file.
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

/// Reads the state of the file after an error. Copying over a database increments its schema
/// cookie, whatever is copied, so that other connections read the schema again.
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

/// Backs up the content of `target` and replaces it, so that no other commit falls between the two.
/// `kept` contains the backup as soon as it exists, even if a later part fails.
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
        // In this mode the lock stays after the transaction ends:
        // https://sqlite.org/pragma.html#pragma_locking_mode
        target
            .execute_batch("BEGIN EXCLUSIVE; PRAGMA main.locking_mode = EXCLUSIVE; COMMIT")
            .map_err(error::cannot_begin)?;
        *kept.borrow_mut() = Some(take_from(target, file, options, None)?);
        return replace_if(source, target, options, || true).map(drop);
    }
    // With a WAL, readers are admitted beside the writer; this one shows whether another commit
    // came first.
    let watch = connect::reading(file, options.files)?;
    let version = || -> Result<i64, Error> {
        watch
            .pragma_query_value(None, "data_version", |row| row.get(0))
            .map_err(error::sqlite)
    };
    let since = Instant::now();
    loop {
        // Writers wait while the copy is made, except for a moment between its end and the lock of
        // the copy back.
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
        // The backup lacks a commit that was made in that moment.
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

/// Replaces the content of `target`'s database with that of `source`'s, in one transaction of
/// SQLite's own. After a crash or a power cut at any moment, `target` contains either its previous
/// content or that of `source`; after this returns, that of `source`. [`restore`] calls this after
/// it has examined both files; nothing is backed up or checked here. If `target` was in WAL mode,
/// it may be in journal mode DELETE afterwards.
///
/// # Errors
/// When `target` is locked for longer than the busy timeout, or one of the two cannot be read or
/// written. If the copy had begun, the error's outcome is unknown.
/// <https://sqlite.org/c3ref/backup_finish.html>
pub fn replace_content(
    source: &Connection,
    target: &mut Connection,
    options: &Options,
) -> Result<(), Error> {
    fit_pages(source, target)?;
    replace_if(source, target, options, || true).map(drop)
}

/// Replaces the content if `go_on` agrees after `target` is locked; returns whether it did.
fn replace_if(
    source: &Connection,
    target: &mut Connection,
    options: &Options,
    go_on: impl Fn() -> bool,
) -> Result<bool, Error> {
    // With FULL, a power cut can bring back a deleted journal after the file was truncated: the
    // restore is then undone, and a file that became shorter is damaged.
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
    // A new connection has its own setting; this restores it for the caller of this one.
    let _ = target.pragma_update(None, "synchronous", synchronous);
    replaced
}

/// Sets `synchronous` to EXTRA and returns its previous value.
fn sync_fully(target: &Connection) -> rusqlite::Result<i64> {
    let before = target.pragma_query_value(None, "synchronous", |row| row.get(0))?;
    target.pragma_update(None, "synchronous", "EXTRA")?;
    Ok(before)
}

/// Makes SQLite treat the database as empty, or ends that: a pragma reads the schema, which may be
/// the damaged part.
/// <https://sqlite.org/c3ref/c_dbconfig_defensive.html#sqlitedbconfigresetdatabase>
fn unread(target: &Connection, on: bool) -> Result<(), Error> {
    target
        .set_db_config(SQLITE_DBCONFIG_RESET_DATABASE, on)
        .map(|_now| ())
        .map_err(error::sqlite)
}

/// Leaves WAL mode if the page sizes differ: <https://sqlite.org/c3ref/backup_finish.html>
fn fit_pages(source: &Connection, target: &Connection) -> Result<(), Error> {
    if page_size(source)? != page_size(target)? {
        let mode = "PRAGMA main.journal_mode = DELETE";
        target
            .query_row(mode, [], |_| Ok(()))
            .map_err(error::sqlite)?;
    }
    Ok(())
}

/// The version of a backup. The backup of an adopted file has no ledger; its version is the one
/// whose schema it has, so that another application's file is not restored.
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
