//! An allocator before SQLite's own, which refuses the requests that [`alloc_faults`] selects.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::OnceLock;

use rusqlite::ffi::{self, sqlite3_mem_methods as Methods};

use crate::alloc_faults;

/// The functions of SQLite's own allocator; `None` if this one could not be installed.
static THEIRS: OnceLock<Option<Theirs>> = OnceLock::new();

#[derive(Clone, Copy)]
struct Theirs {
    malloc: unsafe extern "C" fn(c_int) -> *mut c_void,
    realloc: unsafe extern "C" fn(*mut c_void, c_int) -> *mut c_void,
}

/// Installs this allocator before SQLite's, which is only possible before the process first uses
/// SQLite. Returns whether it is installed.
pub(crate) fn watch() -> bool {
    THEIRS.get_or_init(put).is_some()
}

/// Whether [`watch`] was called in time.
pub(crate) fn watches() -> bool {
    matches!(THEIRS.get(), Some(Some(_)))
}

fn put() -> Option<Theirs> {
    let mut theirs = Methods {
        xMalloc: None,
        xFree: None,
        xRealloc: None,
        xSize: None,
        xRoundup: None,
        xInit: None,
        xShutdown: None,
        pAppData: ptr::null_mut(),
    };
    // SAFETY: this option takes the address of such a structure, and fills it.
    let code = unsafe { ffi::sqlite3_config(ffi::SQLITE_CONFIG_GETMALLOC, &raw mut theirs) };
    if code != ffi::SQLITE_OK {
        return None;
    }
    let (malloc_of_theirs, realloc_of_theirs) = (theirs.xMalloc?, theirs.xRealloc?);
    let ours = Methods {
        xMalloc: Some(malloc),
        xRealloc: Some(realloc),
        ..theirs
    };
    // SAFETY: this option takes the address of such a structure, and copies it. All its functions
    // are those of one allocator, but for two that call their own.
    let code = unsafe { ffi::sqlite3_config(ffi::SQLITE_CONFIG_MALLOC, &raw const ours) };
    (code == ffi::SQLITE_OK).then_some(Theirs {
        malloc: malloc_of_theirs,
        realloc: realloc_of_theirs,
    })
}

unsafe extern "C" fn malloc(size: c_int) -> *mut c_void {
    match THEIRS.get() {
        // SAFETY: what SQLite passes to an allocator is passed on to its own.
        Some(Some(theirs)) if alloc_faults::grant_request() => unsafe { (theirs.malloc)(size) },
        _ => ptr::null_mut(),
    }
}

unsafe extern "C" fn realloc(old: *mut c_void, size: c_int) -> *mut c_void {
    match THEIRS.get() {
        // SAFETY: what SQLite passes to an allocator is passed on to its own.
        Some(Some(theirs)) if alloc_faults::grant_request() => unsafe {
            (theirs.realloc)(old, size)
        },
        _ => ptr::null_mut(),
    }
}
