//! The file system of a machine, for the calls that a program makes without SQLite.

use std::ffi::{CStr, OsString};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::device::FileKind;
use crate::disk::Inode;
use crate::fault::{Call, Code};
use crate::ffi::{Host, Registered};
use crate::locks::Opener;
use crate::os_state::State;

/// The file system of a machine. A call fails once the machine and all connections to it are gone.
#[derive(Clone, Copy, Debug)]
pub struct FileSystem(&'static Registered);

/// A new file that its creator has open.
#[derive(Debug)]
pub struct OpenFile {
    host: Arc<Host>,
    opener: Opener,
}

/// The size and the modification time of a file.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Metadata {
    /// Its size.
    pub bytes: u64,
    /// The time of its last change.
    pub modified: SystemTime,
}

impl OpenFile {
    /// Syncs the file.
    ///
    /// # Errors
    /// If the machine fails.
    pub fn sync(&self) -> io::Result<()> {
        self.host.sync(self.opener).map_err(failure)
    }
}

impl Drop for OpenFile {
    fn drop(&mut self) {
        self.host.close(self.opener);
    }
}

impl FileSystem {
    pub(crate) fn new(host: &Host) -> FileSystem {
        FileSystem(host.registered())
    }

    /// The name of the SQLite VFS that reads and writes the same files.
    pub fn vfs_name(self) -> &'static CStr {
        self.0.name()
    }

    /// Makes an empty file that must not exist yet. The file `like`, if given, must exist.
    ///
    /// # Errors
    /// `AlreadyExists`, `NotFound` for `like`, and when the machine fails.
    pub fn create(self, path: &Path, like: Option<&Path>) -> io::Result<OpenFile> {
        let host = self.host()?;
        let mut opener = None;
        let created = change(&host, Call::Create, |state| {
            if let Some(like) = like {
                state.find(like)?;
            }
            if state.find(path).is_ok() {
                return Err(ErrorKind::AlreadyExists.into());
            }
            opener = Some(state.claim(file_name(path)?));
            Ok(())
        });
        // After a late failure the file exists, and no handle to it is open.
        let file = opener.map(|opener| OpenFile { host, opener });
        created.and_then(|()| file.ok_or_else(|| ErrorKind::Other.into()))
    }

    /// Returns the size and the modification time of a file.
    ///
    /// # Errors
    /// `NotFound`, and when the machine fails.
    pub fn metadata(self, path: &Path) -> io::Result<Metadata> {
        read(&*self.host()?, Call::Size, |state| {
            let inode = state.find(path)?;
            let age = Duration::from_secs(state.disk.modified(inode));
            Ok(Metadata {
                bytes: state.disk.read(inode).len() as u64,
                modified: UNIX_EPOCH + age,
            })
        })
    }

    /// Whether both names refer to one file.
    ///
    /// # Errors
    /// `NotFound`, and when the machine fails.
    pub fn is_same_file(self, one: &Path, other: &Path) -> io::Result<bool> {
        read(&*self.host()?, Call::Size, |state| {
            Ok(state.find(one)? == state.find(other)?)
        })
    }

    /// Lists the names in the one directory.
    ///
    /// # Errors
    /// If the machine fails.
    pub fn list(self) -> io::Result<Vec<OsString>> {
        read(&*self.host()?, Call::List, |state| {
            Ok(state.disk.names().into_iter().map(OsString::from).collect())
        })
    }

    /// Gives the file at `path` the additional name `new`.
    ///
    /// # Errors
    /// `AlreadyExists` if `new` is taken, `Unsupported` on a [`Device`](crate::Device) without
    /// links, and when the machine fails.
    pub fn link(self, path: &Path, new: &Path) -> io::Result<()> {
        change(&*self.host()?, Call::Link, |state| {
            let inode = state.find(path)?;
            if state.find(new).is_ok() {
                return Err(ErrorKind::AlreadyExists.into());
            }
            if !state.device.links {
                return Err(ErrorKind::Unsupported.into());
            }
            state.disk.link(file_name(new)?, inode);
            Ok(())
        })
    }

    /// Renames the file at `path` to `new`.
    ///
    /// # Errors
    /// `NotFound`, and when the machine fails.
    pub fn rename(self, path: &Path, new: &Path) -> io::Result<()> {
        change(&*self.host()?, Call::Rename, |state| {
            let inode = state.find(path)?;
            state.disk.rename(file_name(path)?, file_name(new)?, inode);
            Ok(())
        })
    }

    /// Removes a name.
    ///
    /// # Errors
    /// `NotFound`, and when the machine fails.
    pub fn remove(self, path: &Path) -> io::Result<()> {
        remove(&mut self.host()?.state(), path)
    }

    /// Removes the name of a file that its [creator](FileSystem::create) does not have open.
    ///
    /// # Errors
    /// `WouldBlock` if its creator has it open, `NotFound`, and when the machine fails.
    pub fn remove_abandoned(self, path: &Path) -> io::Result<()> {
        let host = self.host()?;
        let mut state = host.state();
        let inode = state.find(path)?;
        if state.is_claimed(inode) {
            return Err(ErrorKind::WouldBlock.into());
        }
        remove(&mut state, path)
    }

    /// Syncs the directory.
    ///
    /// # Errors
    /// If the machine fails.
    pub fn sync_directory(self) -> io::Result<()> {
        change(&*self.host()?, Call::SyncNames, |state| {
            if !state.stopped {
                state.disk.sync_names();
            }
            Ok(())
        })
    }

    fn host(self) -> io::Result<Arc<Host>> {
        let gone = || io::Error::other("the machine is gone");
        self.0.host().ok_or_else(gone)
    }
}

/// Makes a call that changes nothing.
fn read<T>(host: &Host, call: Call, act: impl FnOnce(&State) -> io::Result<T>) -> io::Result<T> {
    let mut state = host.state();
    state.admit(call, FileKind::Main).whole().map_err(failure)?;
    act(&state)
}

/// Makes a call that changes the disk. It may fail after it is done.
fn change<T>(
    host: &Host,
    call: Call,
    act: impl FnOnce(&mut State) -> io::Result<T>,
) -> io::Result<T> {
    let mut state = host.state();
    change_state(&mut state, call, act)
}

fn change_state<T>(
    state: &mut State,
    call: Call,
    act: impl FnOnce(&mut State) -> io::Result<T>,
) -> io::Result<T> {
    let late = state.admit(call, FileKind::Main).late().map_err(failure)?;
    let done = act(state)?;
    late.map_or(Ok(done), |code| Err(failure(code)))
}

fn remove(state: &mut State, path: &Path) -> io::Result<()> {
    let inode = state.find(path)?;
    change_state(state, Call::Delete, |state| {
        state.disk.delete(file_name(path)?);
        if !state.is_open(inode) {
            state.disk.forget(inode);
        }
        Ok(())
    })
}

/// The file's name in the only directory.
fn file_name(path: &Path) -> io::Result<&str> {
    path.to_str().ok_or_else(|| ErrorKind::InvalidInput.into())
}

fn failure(code: Code) -> io::Error {
    io::Error::other(format!("the machine fails with SQLite's code {code}"))
}

impl State {
    fn find(&self, path: &Path) -> io::Result<Inode> {
        let found = self.disk.find(file_name(path)?);
        found.ok_or_else(|| ErrorKind::NotFound.into())
    }
}
