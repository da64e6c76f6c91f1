//! The real file system.

#![expect(
    clippy::disallowed_methods,
    reason = "this is the file system of an application"
)]

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io::{self, ErrorKind};
use std::path::Path;

use fs4::{FileExt, TryLockError};

use super::{FileInfo, Files, NewFile};

/// The file system of this computer, and SQLite's default VFS.
///
/// On Unix, copies get the mode, owner, group and extended attributes of the file, including access
/// control lists. If a group or a list cannot be copied, the rights that it would limit are
/// removed: the copy is then readable only by its owner, or by those whom the rights for others
/// admit. On other systems, copies get the rights that their directory gives them.
#[derive(Clone, Copy, Debug)]
pub struct SystemFiles;

/// A file that nobody removes while it is open, because [`File::try_lock`] locks it. On Windows,
/// SQLite's own handle has that effect, and such a lock would exclude SQLite.
#[derive(Debug)]
struct Made {
    file: File,
    /// The final mode, if it differs from the present one.
    #[cfg(unix)]
    mode: Option<u32>,
}

impl NewFile for Made {
    fn finish(&self) -> io::Result<()> {
        #[cfg(unix)]
        if let Some(mode) = self.mode {
            super::attributes::set_mode(&self.file, mode)?;
        }
        self.file.sync_all()
    }
}

impl Files for SystemFiles {
    fn create(&self, path: &Path, like: Option<&Path>) -> io::Result<Box<dyn NewFile>> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, super::attributes::OWNER_ONLY);
        let file = options.open(path)?;
        if cfg!(unix) && !locked(&file, path) {
            // A cleaning process took the file for an abandoned one and removes it.
            return Err(ErrorKind::AlreadyExists.into());
        }
        dress(file, like).inspect_err(|_| {
            let _ = fs::remove_file(path);
        })
    }

    fn look(&self, path: &Path) -> io::Result<FileInfo> {
        let data = fs::metadata(path)?;
        if !data.is_file() {
            return Err(ErrorKind::InvalidInput.into());
        }
        Ok(FileInfo {
            bytes: data.len(),
            modified: data.modified().ok(),
        })
    }

    fn same(&self, one: &Path, other: &Path) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::MetadataExt;
            let both = fs::metadata(one).and_then(|one| Ok((one, fs::metadata(other)?)));
            both.is_ok_and(|(one, other)| (one.dev(), one.ino()) == (other.dev(), other.ino()))
        }
        #[cfg(not(unix))]
        {
            let both = fs::canonicalize(one).and_then(|one| Ok((one, fs::canonicalize(other)?)));
            both.is_ok_and(|(one, other)| one == other)
        }
    }

    fn list(&self, directory: &Path) -> io::Result<Vec<OsString>> {
        fs::read_dir(directory)?
            .map(|entry| entry.map(|entry| entry.file_name()))
            .collect()
    }

    fn link(&self, path: &Path, new: &Path) -> io::Result<()> {
        fs::hard_link(path, new)
    }

    fn rename(&self, path: &Path, new: &Path) -> io::Result<()> {
        fs::rename(path, new)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_abandoned(&self, path: &Path) -> io::Result<()> {
        // This module makes only regular files, and opening anything else may block for ever.
        if !fs::symlink_metadata(path)?.is_file() {
            return Err(ErrorKind::InvalidInput.into());
        }
        if cfg!(unix) {
            let file = File::open(path)?;
            FileExt::try_lock(&file)?;
            return fs::remove_file(path);
        }
        fs::remove_file(path)
    }

    fn sync_directory(&self, directory: &Path) -> io::Result<()> {
        // Only Unix opens a directory as a file.
        if !cfg!(unix) {
            return Ok(());
        }
        match File::open(directory).and_then(|directory| directory.sync_all()) {
            // A directory that is writable but not readable cannot be opened, and some file systems
            // sync no directory.
            Err(error)
                if matches!(
                    error.kind(),
                    ErrorKind::PermissionDenied | ErrorKind::InvalidInput | ErrorKind::Unsupported
                ) =>
            {
                Ok(())
            }
            synced => synced,
        }
    }

    fn free_space(&self, directory: &Path) -> io::Result<u64> {
        fs4::available_space(directory)
    }
}

/// Whether the new file is locked and still has its name. Without such locks in the system, nobody
/// removes it.
fn locked(file: &File, path: &Path) -> bool {
    match FileExt::try_lock(file) {
        Ok(()) => has_name(file, path),
        Err(TryLockError::WouldBlock) => false,
        Err(TryLockError::Error(_)) => true,
    }
}

#[cfg(unix)]
fn has_name(file: &File, path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt;
    let both = file
        .metadata()
        .and_then(|own| Ok((own, fs::symlink_metadata(path)?)));
    both.is_ok_and(|(own, there)| (own.dev(), own.ino()) == (there.dev(), there.ino()))
}

#[cfg(not(unix))]
fn has_name(_: &File, _: &Path) -> bool {
    true
}

#[cfg(unix)]
fn dress(file: File, like: Option<&Path>) -> io::Result<Box<dyn NewFile>> {
    let mode = like.map_or(Ok(None), |like| super::attributes::copy(like, &file))?;
    Ok(Box::new(Made { file, mode }))
}

#[cfg(not(unix))]
fn dress(file: File, like: Option<&Path>) -> io::Result<Box<dyn NewFile>> {
    like.map_or(Ok(()), |like| fs::metadata(like).map(drop))?;
    Ok(Box::new(Made { file }))
}
