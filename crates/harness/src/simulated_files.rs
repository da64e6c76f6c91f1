//! The file system of a simulated machine, as the engine expects one.

use std::collections::BTreeMap;
use std::ffi::{CStr, OsString};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use migrations::{FileInfo, Files, NewFile};
use simulator::{FileSystem, Machine, OpenFile};

/// The files of the machine, for [`Options::files`](migrations::Options::files). They are valid as
/// long as the machine or a connection to it exists.
pub fn simulated_files(machine: &Machine) -> &'static dyn Files {
    // One for each VFS that was ever registered; there are as many of these as machines at the same
    // time.
    static ALL: Mutex<BTreeMap<&'static CStr, &'static SimulatedFiles>> =
        Mutex::new(BTreeMap::new());
    let system = machine.file_system();
    let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    let files = all.entry(system.vfs_name());
    *files.or_insert_with(|| Box::leak(Box::new(SimulatedFiles(system))))
}

#[derive(Debug)]
struct SimulatedFiles(FileSystem);

#[derive(Debug)]
struct SimulatedFile(OpenFile);

impl NewFile for SimulatedFile {
    fn finish(&self) -> io::Result<()> {
        self.0.sync()
    }
}

impl Files for SimulatedFiles {
    fn vfs(&self) -> Option<&CStr> {
        Some(self.0.vfs_name())
    }

    /// The order of the calls must not vary between runs.
    fn concurrent(&self) -> bool {
        false
    }

    fn create(&self, path: &Path, like: Option<&Path>) -> io::Result<Box<dyn NewFile>> {
        let file = self.0.create(path, like)?;
        Ok(Box::new(SimulatedFile(file)))
    }

    fn look(&self, path: &Path) -> io::Result<FileInfo> {
        let metadata = self.0.metadata(path)?;
        Ok(FileInfo::new(metadata.bytes, Some(metadata.modified)))
    }

    fn same(&self, one: &Path, other: &Path) -> bool {
        self.0.is_same_file(one, other).unwrap_or(false)
    }

    fn list(&self, _directory: &Path) -> io::Result<Vec<OsString>> {
        self.0.list()
    }

    fn link(&self, path: &Path, new: &Path) -> io::Result<()> {
        self.0.link(path, new)
    }

    fn rename(&self, path: &Path, new: &Path) -> io::Result<()> {
        self.0.rename(path, new)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        self.0.remove(path)
    }

    fn remove_abandoned(&self, path: &Path) -> io::Result<()> {
        self.0.remove_abandoned(path)
    }

    fn sync_directory(&self, _directory: &Path) -> io::Result<()> {
        self.0.sync_directory()
    }

    fn free_space(&self, _directory: &Path) -> io::Result<u64> {
        Err(ErrorKind::Unsupported.into())
    }
}
