//! What the engine asks of a file system besides SQLite's own work, on a machine that can fail.

use std::ffi::{CStr, OsString};
use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use migrations::{FileInfo, Files, NewFile};

use super::disk::Inode;
use super::fault::{Call, Code, FileKind};
use super::ffi::Registered;
use super::locks::Opener;
use super::system::{State, System};

/// A file that the engine made and has still.
#[derive(Debug)]
struct Made {
    system: Arc<System>,
    opener: Opener,
}

impl NewFile for Made {
    fn finish(&self) -> io::Result<()> {
        self.system.sync(self.opener).map_err(failed)
    }
}

impl Drop for Made {
    fn drop(&mut self) {
        self.system.close(self.opener);
    }
}

impl Files for Registered {
    fn vfs(&self) -> Option<&CStr> {
        Some(self.name())
    }

    /// The n-th call is the same each time.
    fn concurrent(&self) -> bool {
        false
    }

    fn create(&self, path: &Path, like: Option<&Path>) -> io::Result<Box<dyn NewFile>> {
        let system = on(self)?;
        let mut state = system.state();
        let late = state
            .admit(Call::Create, FileKind::Main)
            .late()
            .map_err(failed)?;
        if let Some(like) = like {
            state.find(like)?;
        }
        if state.find(path).is_ok() {
            return Err(ErrorKind::AlreadyExists.into());
        }
        let opener = state.claim(name(path)?);
        drop(state);
        let made = Made { system, opener };
        done(late).map(|()| Box::new(made) as Box<dyn NewFile>)
    }

    fn look(&self, path: &Path) -> io::Result<FileInfo> {
        let system = on(self)?;
        let mut state = system.state();
        state
            .admit(Call::Size, FileKind::Main)
            .whole()
            .map_err(failed)?;
        let inode = state.find(path)?;
        Ok(FileInfo {
            bytes: state.disk.read(inode).len() as u64,
            modified: Some(UNIX_EPOCH + Duration::from_secs(state.disk.modified(inode))),
        })
    }

    fn same(&self, one: &Path, other: &Path) -> bool {
        let both = || {
            let system = on(self)?;
            let mut state = system.state();
            state
                .admit(Call::Size, FileKind::Main)
                .whole()
                .map_err(failed)?;
            Ok::<_, io::Error>(state.find(one)? == state.find(other)?)
        };
        both().unwrap_or(false)
    }

    fn list(&self, _directory: &Path) -> io::Result<Vec<OsString>> {
        let system = on(self)?;
        let mut state = system.state();
        state
            .admit(Call::List, FileKind::Main)
            .whole()
            .map_err(failed)?;
        Ok(state.disk.names().into_iter().map(OsString::from).collect())
    }

    fn link(&self, path: &Path, new: &Path) -> io::Result<()> {
        let system = on(self)?;
        let mut state = system.state();
        let late = state
            .admit(Call::Link, FileKind::Main)
            .late()
            .map_err(failed)?;
        let inode = state.find(path)?;
        if state.find(new).is_ok() {
            return Err(ErrorKind::AlreadyExists.into());
        }
        if !state.device.links {
            return Err(ErrorKind::Unsupported.into());
        }
        state.disk.link(name(new)?, inode);
        done(late)
    }

    fn rename(&self, path: &Path, new: &Path) -> io::Result<()> {
        let system = on(self)?;
        let mut state = system.state();
        let late = state
            .admit(Call::Rename, FileKind::Main)
            .late()
            .map_err(failed)?;
        let inode = state.find(path)?;
        state.disk.rename(name(path)?, name(new)?, inode);
        done(late)
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        let system = on(self)?;
        remove(&mut system.state(), path)
    }

    fn remove_abandoned(&self, path: &Path) -> io::Result<()> {
        let system = on(self)?;
        let mut state = system.state();
        let inode = state.find(path)?;
        match state.is_claimed(inode) {
            true => Err(ErrorKind::WouldBlock.into()),
            false => remove(&mut state, path),
        }
    }

    fn sync_directory(&self, _directory: &Path) -> io::Result<()> {
        let system = on(self)?;
        let mut state = system.state();
        let late = state
            .admit(Call::SyncNames, FileKind::Main)
            .late()
            .map_err(failed)?;
        if !state.stopped {
            state.disk.sync_names();
        }
        done(late)
    }

    fn free_space(&self, _directory: &Path) -> io::Result<u64> {
        Err(ErrorKind::Unsupported.into())
    }
}

fn on(registered: &Registered) -> io::Result<Arc<System>> {
    let gone = || io::Error::other("the machine is gone");
    registered.system().ok_or_else(gone)
}

fn remove(state: &mut State, path: &Path) -> io::Result<()> {
    let inode = state.find(path)?;
    let late = state
        .admit(Call::Delete, FileKind::Main)
        .late()
        .map_err(failed)?;
    state.disk.delete(name(path)?);
    if !state.is_open(inode) {
        state.disk.forget(inode);
    }
    done(late)
}

/// There is one directory.
fn name(path: &Path) -> io::Result<&str> {
    path.to_str().ok_or_else(|| ErrorKind::InvalidInput.into())
}

fn failed(code: Code) -> io::Error {
    io::Error::other(format!("the machine fails with SQLite's code {code}"))
}

fn done(late: Option<Code>) -> io::Result<()> {
    late.map_or(Ok(()), |code| Err(failed(code)))
}

impl State {
    fn find(&self, path: &Path) -> io::Result<Inode> {
        let found = self.disk.find(name(path)?);
        found.ok_or_else(|| ErrorKind::NotFound.into())
    }
}
