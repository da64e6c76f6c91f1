//! The operating system of a machine, as a registered VFS.

use std::ffi::{CStr, CString};
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::os::Os;

/// The registered VFSs without a machine.
pub(crate) static FREE: Mutex<Vec<&'static Registered>> = Mutex::new(Vec::new());

/// The target of `pAppData` in a registered VFS.
#[derive(Debug)]
pub(crate) struct Registered {
    pub(crate) name: CString,
    pub(crate) host: Mutex<Weak<Host>>,
}

/// The operating system of a machine, and its registered VFS. When it is dropped, another machine
/// may use the VFS.
#[derive(Debug)]
pub(crate) struct Host {
    pub(crate) os: Os,
    pub(crate) registered: &'static Registered,
}

impl Host {
    pub(crate) fn vfs_name(&self) -> &'static CStr {
        &self.registered.name
    }

    pub(crate) fn registered(&self) -> &'static Registered {
        self.registered
    }
}

impl Deref for Host {
    type Target = Os;

    fn deref(&self) -> &Os {
        &self.os
    }
}

impl Registered {
    pub(crate) fn name(&self) -> &CStr {
        &self.name
    }

    /// The machine that currently uses the VFS.
    pub(crate) fn host(&self) -> Option<Arc<Host>> {
        let host = self.host.lock();
        host.unwrap_or_else(PoisonError::into_inner).upgrade()
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        let mut free = FREE.lock().unwrap_or_else(PoisonError::into_inner);
        free.push(self.registered);
    }
}
