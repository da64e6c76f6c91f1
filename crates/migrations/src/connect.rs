//! Opening a file. Only here connections are opened and their pragmas set.

use std::path::Path;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::error::{self, Error};
use crate::files::Files;
use crate::options::Options;

/// What SQLite takes for [a database without a file](https://sqlite.org/inmemorydb.html): there is none to open.
const IN_MEMORY: [&str; 2] = ["", ":memory:"];

/// Whether a file that is not there is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    Create,
    Refuse,
}

/// Opens `path` with the busy timeout of `options` and foreign keys on, and reads `user_version` from its
/// header, so that a file that is not a database is told here.
pub(crate) fn open(
    path: &Path,
    missing: Missing,
    options: &Options,
) -> Result<(Connection, i64), Error> {
    let connection = handle(path, missing, options)?;
    let user_version = connection
        .pragma_query_value(None, "user_version", |row| row.get(0))
        .map_err(|source| error::cannot_open(path, source))?;
    Ok((connection, user_version))
}

/// The same without a look into the file, which somebody may have locked just now.
pub(crate) fn handle(
    path: &Path,
    missing: Missing,
    options: &Options,
) -> Result<Connection, Error> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if missing == Missing::Create {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    } else if IN_MEMORY.iter().any(|name| path.as_os_str() == *name) {
        return Err(error::file_missing(path));
    }
    // What is wrong is looked up only where something is.
    let connection =
        open_on(options.files, path, flags).map_err(|source| not_opened(path, missing, source))?;
    let failed = |source| error::cannot_open(path, source);
    connection
        .busy_timeout(options.busy_timeout)
        .map_err(failed)?;
    connection
        .set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true)
        .map_err(failed)?;
    Ok(connection)
}

/// Why SQLite did not open `path`; its own words are the same for everything.
fn not_opened(path: &Path, missing: Missing, source: rusqlite::Error) -> Error {
    if path.is_dir() {
        return error::is_directory(path);
    }
    if path.exists() {
        return error::cannot_open(path, source);
    }
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    match directory.filter(|directory| !directory.is_dir()) {
        Some(directory) => error::directory_missing(directory),
        None if missing == Missing::Refuse => error::file_missing(path),
        None => error::cannot_open(path, source),
    }
}

/// Opens `path` to look at it.
pub(crate) fn reading(path: &Path, files: &dyn Files) -> Result<Connection, Error> {
    reading_handle(path, files).map_err(|source| error::cannot_open(path, source))
}

/// The same with SQLite's own error, for callers who know better what it means.
pub(crate) fn reading_handle(path: &Path, files: &dyn Files) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    open_on(files, path, flags)
}

/// A file for a copy, which is there and empty. SQLite neither syncs it nor keeps a journal: who wants it to last
/// syncs the finished file, and who fails removes it.
pub(crate) fn copy_target(path: &Path, files: &dyn Files) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = open_on(files, path, flags)?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    without_journal(&connection)?;
    Ok(connection)
}

/// Has the file written without a journal and without a WAL.
pub(crate) fn without_journal(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA main.journal_mode = OFF", [], |_| Ok(()))
}

fn open_on(files: &dyn Files, path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    match files.vfs() {
        Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs),
        None => Connection::open_with_flags(path, flags),
    }
}
