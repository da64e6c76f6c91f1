//! The file that a connection has open, and a check that its path still names it.

#![expect(
    clippy::disallowed_methods,
    reason = "which file a path means is decided here"
)]

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::error::{self, Error};

/// The identity of a file: device and number. Not every system has it.
type Identity = Option<(u64, u64)>;

/// A file at the time when it was opened.
#[derive(Debug)]
pub(crate) struct OpenFile {
    /// The path that the caller gave.
    path: PathBuf,
    /// `None` if the system does not know the file, because another VFS stores it.
    identity: Option<Identity>,
}

impl OpenFile {
    /// The file that was just opened by `path`.
    pub(crate) fn from_path(path: &Path) -> OpenFile {
        let identity = fs::metadata(path).ok().map(|data| identity(&data));
        OpenFile {
            path: path.to_owned(),
            identity,
        }
    }

    /// Refuses if the path now names a different file or none: what is written to an open file
    /// without a name is lost. SQLite itself notices this only when it creates a journal, so not in
    /// WAL mode, and only after a backup of the wrong file.
    pub(crate) fn check(&self) -> Result<(), Error> {
        let now = fs::metadata(&self.path).ok().map(|data| identity(&data));
        if self.identity.is_none() || now == self.identity {
            Ok(())
        } else {
            Err(error::file_moved(Some(&self.path)))
        }
    }
}

/// The identity of the file, if the system has one.
pub(super) fn identity(data: &Metadata) -> Identity {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        Some((data.dev(), data.ino()))
    }
    #[cfg(not(unix))]
    {
        let _ = data;
        None
    }
}

/// The number of names of the file; 1 if the system does not report it.
pub(super) fn links(data: &Metadata) -> u64 {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        data.nlink()
    }
    #[cfg(not(unix))]
    {
        let _ = data;
        1
    }
}

/// Refuses a file that has more than one name, or that is not a regular file, such as `/dev/null`.
/// SQLite names a journal after the name by which the file was opened. After a crash, an open by a
/// different name does not find the journal, and the file is damaged.
/// <https://sqlite.org/howtocorrupt.html#_multiple_links_to_the_same_file>
pub(crate) fn check_links(path: &Path) -> Result<(), Error> {
    match fs::metadata(path) {
        Ok(data) if !data.is_file() => Err(error::not_a_file(path)),
        Ok(data) if links(&data) > 1 => Err(error::hard_linked(path, links(&data))),
        _ => Ok(()),
    }
}

/// The path of the file that a connection has open, as SQLite resolved it; `None` for a database
/// without a file. No file has that path if the file was moved or another VFS stores it.
///
/// # Errors
/// When the path is not UTF-8 and the database is in UTF-16, because SQLite then returns the path
/// in UTF-16.
pub(crate) fn find_open_file(connection: &Connection) -> Result<Option<PathBuf>, Error> {
    if let Some(path) = connection.path() {
        return Ok(Some(path)
            .filter(|path| !path.is_empty())
            .map(PathBuf::from));
    }
    // No file, or one whose path is not UTF-8: this query returns it as bytes.
    let sql = "SELECT file FROM pragma_database_list WHERE name = 'main'";
    let bytes: Vec<u8> = connection
        .query_row(sql, [], |row| {
            Ok(row.get_ref(0)?.as_bytes_or_null()?.map(<[u8]>::to_vec))
        })
        .map_err(error::sqlite)?
        .unwrap_or_default();
    if bytes.is_empty() {
        return Ok(None);
    }
    let path = from_bytes(bytes);
    match fs::symlink_metadata(&path) {
        Err(_) if path.to_string_lossy().contains('\u{fffd}') => Err(error::path_not_utf8(&path)),
        _ => Ok(Some(path)),
    }
}

#[cfg(unix)]
fn from_bytes(bytes: Vec<u8>) -> PathBuf {
    use std::os::unix::ffi::OsStringExt;
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}

#[cfg(not(unix))]
fn from_bytes(bytes: Vec<u8>) -> PathBuf {
    PathBuf::from(String::from_utf8_lossy(&bytes).into_owned())
}
