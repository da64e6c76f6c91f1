//! The file system beneath copies of a database: what the engine asks of it besides SQLite's own
//! work.
//!
//! SQLite reads and writes databases through a [VFS](https://sqlite.org/vfs.html). Backups,
//! rehearsals and restores need more: a new file that nobody reads who may not read its database, a
//! sync of it when it is finished, a name that it gets only then. [`Files`] is all of that, so that
//! a proof can put a file system in its place that loses what is not synced, and whose calls fail.

#[cfg(unix)]
mod attributes;
mod system;

use std::ffi::{CStr, OsString};
use std::fmt;
use std::io;
use std::path::Path;
use std::time::SystemTime;

pub use system::SystemFiles;

/// A file system, as far as the engine asks it for more than SQLite does. [`SystemFiles`] is the
/// real one.
///
/// As a VFS is, it is there as long as the process: [`Options::files`](crate::Options::files)
/// refers to it.
pub trait Files: fmt::Debug + Send + Sync {
    /// The name of the SQLite VFS that reads and writes the same files; `None` for SQLite's
    /// default.
    fn vfs(&self) -> Option<&CStr> {
        None
    }

    /// Whether two threads may call at once. Where they may not, calls come in the same order each
    /// time.
    fn concurrent(&self) -> bool {
        true
    }

    /// Makes an empty file that was not there, with the mode, the owner and the extended attributes
    /// of the file `like`; without one, only its owner may read it. At no moment anybody may read
    /// it who may not read `like`; what cannot be copied is left out, with the rights that it would
    /// limit. Its owner may write it until [`NewFile::finish`].
    ///
    /// # Errors
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists) where there is something of this name.
    fn create(&self, path: &Path, like: Option<&Path>) -> io::Result<Box<dyn NewFile>>;

    /// The size and the age of a regular file; links are followed.
    ///
    /// # Errors
    /// Where there is none.
    fn look(&self, path: &Path) -> io::Result<FileInfo>;

    /// Whether both names lead to one file.
    fn same(&self, one: &Path, other: &Path) -> bool;

    /// The names in a directory.
    ///
    /// # Errors
    /// When it cannot be read.
    fn list(&self, directory: &Path) -> io::Result<Vec<OsString>>;

    /// Gives the file at `path` the name `new`, too.
    ///
    /// # Errors
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists) where `new` is taken; others where the file
    /// system has no links.
    fn link(&self, path: &Path, new: &Path) -> io::Result<()>;

    /// Gives the file at `path` the name `new` in place of its own.
    ///
    /// # Errors
    /// When it cannot.
    fn rename(&self, path: &Path, new: &Path) -> io::Result<()>;

    /// Removes a name.
    ///
    /// # Errors
    /// When it cannot; [`NotFound`](io::ErrorKind::NotFound) where there is none.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Removes the name of a file that [`Files::create`] made, unless whoever made it, in this
    /// process or in another, still has its [`NewFile`].
    ///
    /// # Errors
    /// When it cannot, and when the file is in use.
    fn remove_abandoned(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in a directory last, whatever happens to the power. Where the system cannot,
    /// it has done so already or never does.
    ///
    /// # Errors
    /// When the names may be lost.
    fn sync_directory(&self, directory: &Path) -> io::Result<()>;

    /// How many bytes there is room for.
    ///
    /// # Errors
    /// Where nobody knows.
    fn free_space(&self, directory: &Path) -> io::Result<u64>;
}

/// A file that [`Files::create`] made. As long as this lives, [`Files::remove_abandoned`] leaves
/// the file alone.
pub trait NewFile: fmt::Debug + Send + Sync {
    /// Makes what is written last, whatever happens to the power, and takes the rights away that
    /// only its maker needed.
    ///
    /// # Errors
    /// When it may be lost.
    fn finish(&self) -> io::Result<()>;
}

/// The size and the age of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileInfo {
    /// The size in bytes.
    pub bytes: u64,
    /// The time of the last write, if the file system knows it.
    pub modified: Option<SystemTime>,
}

impl FileInfo {
    /// The size and the time of the last write of a file.
    pub fn new(bytes: u64, modified: Option<SystemTime>) -> FileInfo {
        FileInfo { bytes, modified }
    }
}
