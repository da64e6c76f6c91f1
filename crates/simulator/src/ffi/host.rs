//! The operating system of a machine behind a registered VFS.

use std::ffi::{CStr, CString};
use std::ops::Deref;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::os::Os;

/// A registered VFS without machine, or with one that is gone.
pub(crate) static FREE: Mutex<Vec<&'static Registered>> = Mutex::new(Vec::new());

/// What `pAppData` of a registered VFS points to.
#[derive(Debug)]
pub(crate) struct Registered {
    pub(crate) name: CString,
    pub(crate) host: Mutex<Weak<Host>>,
}

/// The operating system of a machine and its right to a registered VFS. Dropped, another machine
/// may have the VFS.
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

    /// The machine that has the VFS now.
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
