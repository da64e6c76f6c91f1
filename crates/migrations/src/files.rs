//! The file system operations that copies of a database need, besides those of SQLite.
//!
//! SQLite reads and writes databases through a [VFS](https://sqlite.org/vfs.html). Backups,
//! rehearsals and restores need more: a new file that is readable only by those who may read its
//! database, a sync of the finished file, and a name that it gets only after that. [`Files`] has
//! these operations, so that a proof can substitute a file system that loses unsynced data and
//! whose calls fail.

#[cfg(unix)]
mod attributes;
mod system;

use std::ffi::{CStr, OsString};
use std::fmt;
use std::io;
use std::path::Path;
use std::time::SystemTime;

pub use system::SystemFiles;

/// A file system, as far as the engine needs operations beyond SQLite's VFS. [`SystemFiles`] is the
/// real one.
///
/// Like a VFS it lives as long as the process: [`Options::files`](crate::Options::files) refers to
/// it.
pub trait Files: fmt::Debug + Send + Sync {
    /// The name of the SQLite VFS that reads and writes the same files; `None` for SQLite's
    /// default.
    fn vfs(&self) -> Option<&CStr> {
        None
    }

    /// Whether two threads may call at once. If they may not, calls come in the same order each
    /// time.
    fn concurrent(&self) -> bool {
        true
    }

    /// Creates an empty file that did not exist, with the mode, the owner and the extended
    /// attributes of the file `like`; without `like`, only its owner may read it. At no moment may
    /// anybody read it who may not read `like`. An attribute that cannot be copied is left out,
    /// together with the rights that it would limit. The owner may write to the file until
    /// [`NewFile::finish`].
    ///
    /// # Errors
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists) if the name is taken.
    fn create(&self, path: &Path, like: Option<&Path>) -> io::Result<Box<dyn NewFile>>;

    /// The size and the age of a regular file; follows symbolic links.
    ///
    /// # Errors
    /// When there is none.
    fn look(&self, path: &Path) -> io::Result<FileInfo>;

    /// Whether both names refer to one file.
    fn same(&self, one: &Path, other: &Path) -> bool;

    /// Lists the names in a directory.
    ///
    /// # Errors
    /// When the directory cannot be read.
    fn list(&self, directory: &Path) -> io::Result<Vec<OsString>>;

    /// Adds the name `new` to the file at `path`.
    ///
    /// # Errors
    /// [`AlreadyExists`](io::ErrorKind::AlreadyExists) if `new` is taken; other errors if the file
    /// system has no hard links.
    fn link(&self, path: &Path, new: &Path) -> io::Result<()>;

    /// Renames the file at `path` to `new`.
    ///
    /// # Errors
    /// When the file cannot be renamed.
    fn rename(&self, path: &Path, new: &Path) -> io::Result<()>;

    /// Removes a name.
    ///
    /// # Errors
    /// When the name cannot be removed; [`NotFound`](io::ErrorKind::NotFound) if it does not exist.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Removes a file that [`Files::create`] made, unless its creator, in this process or in
    /// another, still has its [`NewFile`].
    ///
    /// # Errors
    /// When the file cannot be removed or is in use.
    fn remove_abandoned(&self, path: &Path) -> io::Result<()>;

    /// Makes the names in a directory durable. On systems without such a call this does nothing.
    ///
    /// # Errors
    /// When a power cut could still lose the names.
    fn sync_directory(&self, directory: &Path) -> io::Result<()>;

    /// The free space in bytes.
    ///
    /// # Errors
    /// When it is unknown.
    fn free_space(&self, directory: &Path) -> io::Result<u64>;
}

/// A file that [`Files::create`] made. While this lives, [`Files::remove_abandoned`] leaves the
/// file alone.
pub trait NewFile: fmt::Debug + Send + Sync {
    /// Makes the content durable, and removes the rights that only the creator needed.
    ///
    /// # Errors
    /// When a power cut could still lose the content.
    fn finish(&self) -> io::Result<()>;
}

/// The size and the age of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FileInfo {
    /// The size in bytes.
    pub bytes: u64,
    /// The time of the last write, if the file system records it.
    pub modified: Option<SystemTime>,
}

impl FileInfo {
    /// Creates the description of a file with this size and time of the last write.
    pub fn new(bytes: u64, modified: Option<SystemTime>) -> FileInfo {
        FileInfo { bytes, modified }
    }
}
