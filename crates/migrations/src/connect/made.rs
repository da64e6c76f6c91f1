//! A file that was made by opening it, and is removed where nothing was ever written to it.

#![expect(
    clippy::disallowed_methods,
    reason = "which file a path means is decided here"
)]

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::{Connection, OpenFlags};

use super::file::{identity, links};

/// An empty file that SQLite made when it was opened, before anything was written.
///
/// It must be dropped after its connection: whoever closes a file gives up the locks of all
/// connections of the process to it, and only SQLite knows how to wait with that.
#[derive(Debug)]
pub(crate) struct Made {
    path: PathBuf,
    /// Whether what it was made for failed.
    pub(crate) failed: bool,
}

impl Made {
    /// `None` where there is something at `path` already, or nobody can tell.
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
            // The error that is on its way says more than that this failed.
            let _ = remove_if_empty(&self.path);
        }
    }
}

/// Removes a file of no bytes that nobody has locked. Who has opened it and not locked it yet is
/// told by SQLite that it was moved, before anything is written.
fn remove_if_empty(path: &Path) -> Result<(), Box<dyn std::error::Error>> {
    // A link stays, and what it leads to was made.
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
    // Nothing will be written, and a journal on the disk might be what failed.
    probe.pragma_update(None, "journal_mode", "MEMORY")?;
    probe.execute_batch("BEGIN EXCLUSIVE")?;
    // Somebody may have written to it, and somebody may have put another one there.
    if empty() == Some(found) {
        fs::remove_file(&path)?;
    }
    Ok(())
}
