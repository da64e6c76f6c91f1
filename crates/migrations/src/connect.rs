//! Opening a file. Only here connections are opened and their pragmas set.

use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use crate::error::{self, Error};
use crate::options::Options;

/// Whether a file that is not there is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    Create,
    Refuse,
}

/// Opens `path` with the busy timeout of `options` and foreign keys on, and reads its header, so that
/// a file that is not a database is told here.
pub(crate) fn open(path: &Path, missing: Missing, options: &Options) -> Result<Connection, Error> {
    if path.is_dir() {
        return Err(error::is_directory(path));
    }
    if !path.exists() {
        let directory = path
            .parent()
            .filter(|parent| !parent.as_os_str().is_empty());
        if let Some(directory) = directory.filter(|directory| !directory.is_dir()) {
            return Err(error::directory_missing(directory));
        }
        if missing == Missing::Refuse {
            return Err(error::file_missing(path));
        }
    }
    let connection = handle(path, missing, options)?;
    let _: i64 = connection
        .pragma_query_value(None, "schema_version", |row| row.get(0))
        .map_err(|source| error::cannot_open(path, source))?;
    Ok(connection)
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
    }
    let failed = |source| error::cannot_open(path, source);
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    connection
        .busy_timeout(options.busy_timeout)
        .map_err(failed)?;
    connection
        .pragma_update(None, "foreign_keys", true)
        .map_err(failed)?;
    Ok(connection)
}

/// Opens `path` to look at it.
pub(crate) fn reading(path: &Path) -> Result<Connection, Error> {
    reading_handle(path).map_err(|source| error::cannot_open(path, source))
}

/// The same with SQLite's own error, for callers who know better what it means.
pub(crate) fn reading_handle(path: &Path) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags)
}

/// A file for a copy, made where there is none.
pub(crate) fn new_file(path: &Path) -> rusqlite::Result<Connection> {
    Connection::open(path)
}
