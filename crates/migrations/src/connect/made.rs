//! A file that was created by opening it, and is removed if nothing was ever written to it.

#![expect(
    clippy::disallowed_methods,
    reason = "which file a path means is decided here"
)]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::file::{identity, links};

/// An empty file that SQLite created when it was opened, before any write.
///
/// Drop it after its connection: closing any handle of a file releases the process's locks on it,
/// and only SQLite knows how to postpone that.
#[derive(Debug)]
pub(crate) struct Made {
    path: PathBuf,
    /// Whether the operation that created the file failed.
    pub(crate) failed: bool,
}

impl Made {
    /// Prepares to create `path`; `None` if something exists there already, or if that is unknown.
    pub(crate) fn about_to(path: &Path) -> Option<Made> {
        match fs::metadata(path) {
            Err(why) if why.kind() == io::ErrorKind::NotFound => Some(Made {
                path: path.to_owned(),
                failed: false,
            }),
            _ => None,
        }
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        if self.failed {
            // The error that is already being returned matters more than a failure here.
            let _ = remove_if_empty(&self.path);
        }
    }
}

/// Removes an empty file that no process has locked. If another process has opened it but not
/// locked it yet, SQLite reports to that process that the file was moved, before it writes.
fn remove_if_empty(path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    // A symbolic link stays; its target was created.
    let path = fs::canonicalize(path)?;
    let empty = || {
        let data = fs::metadata(&path).ok()?;
        let empty = data.is_file() && data.len() == 0 && links(&data) == 1;
        empty.then(|| identity(&data))
    };
    let Some(found) = empty() else {
        return Ok(());
    };
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let probe = Connection::open_with_flags(&path, flags)?;
    // Nothing will be written, and a journal on the disk may be the cause of the failure.
    probe.pragma_update(None, "journal_mode", "MEMORY")?;
    probe.execute_batch("BEGIN EXCLUSIVE")?;
    // Another process may have written to the file or replaced it.
    if empty() == Some(found) {
        fs::remove_file(&path)?;
    }
    Ok(())
}
