//! Opens files. Connections are opened, and their pragmas set, only here.

#![expect(
    clippy::disallowed_methods,
    reason = "which file a path means is decided here"
)]

pub(crate) mod file;
pub(crate) mod made;

use std::borrow::Cow;
use std::fs;
use std::io;
use std::path::{MAIN_SEPARATOR, Path};

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::error::{self, Error};
use crate::files::Files;
use crate::options::Options;

/// The name by which SQLite opens [a database without a file](https://sqlite.org/inmemorydb.html).
const MEMORY: &str = ":memory:";

/// The prefix of [SQLite's URIs](https://sqlite.org/uri.html). Some builds of SQLite accept them
/// everywhere.
const URI: &[u8] = b"file:";

/// The policy for a file that does not exist.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Missing {
    Create,
    Refuse,
}

/// Spells `path` so that SQLite opens exactly that file.
///
/// # Errors
/// When SQLite or a person would read the path differently. Nothing is opened or created then.
pub(crate) fn spelled(path: &Path) -> Result<Cow<'_, Path>, Error> {
    let bytes = path.as_os_str().as_encoded_bytes();
    if bytes.is_empty() {
        return Err(error::path_empty());
    }
    if path.as_os_str() == MEMORY {
        return Err(error::path_of_memory(path));
    }
    if bytes.starts_with(URI) {
        return Err(error::path_is_uri(path));
    }
    if bytes.contains(&0) {
        return Err(error::path_holds_nul(path));
    }
    // SQLite reads `notes.db/` and `notes.db/.` as `notes.db`; the system does not.
    let text = bytes.strip_suffix(b".").unwrap_or(bytes);
    let separator = |byte: &u8| *byte == b'/' || char::from(*byte) == MAIN_SEPARATOR;
    if path.file_name().is_none() || text.last().is_some_and(separator) {
        return Err(if path.is_dir() {
            error::is_directory(path)
        } else {
            error::path_of_directory(path)
        });
    }
    Ok(if path.is_absolute() {
        Cow::Borrowed(path)
    } else {
        Cow::Owned(Path::new(".").join(path))
    })
}

/// Opens `path` with the busy timeout of `options` and foreign keys on. Reads `user_version` from
/// the header, so that a file that is not a database is reported here.
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

/// Opens `path` without reading the file, which another process may have locked.
pub(crate) fn handle(
    path: &Path,
    missing: Missing,
    options: &Options,
) -> Result<Connection, Error> {
    let mut flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    if missing == Missing::Create {
        flags |= OpenFlags::SQLITE_OPEN_CREATE;
    }
    // The path is examined only if opening it failed.
    let connection = named(path, options.files)
        .map(|named| open_on(options.files, &named, flags))?
        .map_err(|source| not_opened(path, missing, source))?;
    with_settings(connection, options).map_err(|source| error::cannot_open(path, source))
}

/// The path in the spelling for SQLite; another VFS has its own names.
fn named<'a>(path: &'a Path, files: &dyn Files) -> Result<Cow<'a, Path>, Error> {
    match files.vfs() {
        Some(_) => Ok(Cow::Borrowed(path)),
        None => spelled(path),
    }
}

/// Opens a new database in memory with the same settings.
pub(crate) fn in_memory(options: &Options) -> Result<Connection, Error> {
    Connection::open_in_memory()
        .and_then(|connection| with_settings(connection, options))
        .map_err(error::sqlite)
}

fn with_settings(connection: Connection, options: &Options) -> rusqlite::Result<Connection> {
    connection.busy_timeout(options.busy_timeout)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY, true)?;
    Ok(connection)
}

/// Explains why SQLite did not open `path`; its own message is the same for every reason.
fn not_opened(path: &Path, missing: Missing, source: rusqlite::Error) -> Error {
    match fs::metadata(path) {
        Ok(data) if data.is_dir() => error::is_directory(path),
        Ok(_) => error::cannot_open(path, source),
        Err(why) if why.kind() == io::ErrorKind::NotFound => {
            let directory = path
                .parent()
                .filter(|parent| !parent.as_os_str().is_empty());
            match directory.filter(|directory| !directory.is_dir()) {
                Some(directory) => error::directory_missing(directory),
                None if missing == Missing::Refuse => error::file_missing(path),
                None => error::cannot_open(path, source),
            }
        }
        Err(why) => not_reached(path, why),
    }
}

/// Explains why the system does not report whether there is a file at `path`.
fn not_reached(path: &Path, why: io::Error) -> Error {
    let above = path.ancestors().skip(1);
    let mut above = above.filter(|directory| !directory.as_os_str().is_empty());
    let reached = above.find_map(|directory| Some((directory, fs::metadata(directory).ok()?)));
    let directory = reached
        .as_ref()
        .map_or(Path::new("."), |(directory, _)| directory);
    match (why.kind(), reached.as_ref()) {
        (_, Some((directory, data))) if !data.is_dir() => error::not_a_directory(directory, why),
        (io::ErrorKind::PermissionDenied, _) => error::directory_closed(path, directory, why),
        _ => error::cannot_reach(path, why),
    }
}

/// Explains why there is no file to read at `path`, where a backup should be.
pub(crate) fn no_backup(path: &Path) -> Error {
    if let Err(error) = spelled(path) {
        return error;
    }
    match fs::metadata(path) {
        Err(why) if why.kind() != io::ErrorKind::NotFound => not_reached(path, why),
        _ => error::backup_missing(path),
    }
}

/// Opens `path` for reading.
pub(crate) fn reading(path: &Path, files: &dyn Files) -> Result<Connection, Error> {
    let named = named(path, files)?;
    reading_handle(&named, files).map_err(|source| error::cannot_open(path, source))
}

/// Opens `path` for reading, and returns SQLite's own error for callers that know its meaning and
/// use the path that SQLite gave.
pub(crate) fn reading_handle(path: &Path, files: &dyn Files) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    open_on(files, path, flags)
}

/// Opens the existing, empty file of a copy. SQLite neither syncs it nor keeps a journal: the
/// caller syncs the finished file, and removes it on failure.
pub(crate) fn copy_target(path: &Path, files: &dyn Files) -> rusqlite::Result<Connection> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = open_on(files, path, flags)?;
    connection.pragma_update(None, "synchronous", "OFF")?;
    without_journal(&connection)?;
    Ok(connection)
}

/// Makes SQLite write the file without a journal and without a WAL.
pub(crate) fn without_journal(connection: &Connection) -> rusqlite::Result<()> {
    connection.query_row("PRAGMA main.journal_mode = OFF", [], |_| Ok(()))
}

fn open_on(files: &dyn Files, path: &Path, flags: OpenFlags) -> rusqlite::Result<Connection> {
    match files.vfs() {
        Some(vfs) => Connection::open_with_flags_and_vfs(path, flags, vfs),
        None => Connection::open_with_flags(path, flags),
    }
}
