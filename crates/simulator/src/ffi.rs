//! The C side of the VFS and of the allocator: callbacks that check what SQLite passes and call
//! [`Os`]. All `unsafe` of the workspace is here.
//!
//! A registered VFS is never freed, because SQLite may hold a pointer to it as long as a connection
//! exists. Machines use it one after the other: a machine releases it when the machine and the last
//! of its open files are gone.

#![expect(
    unsafe_code,
    reason = "a VFS and an allocator are tables of C functions, and SQLite has no other interface"
)]

mod code;
mod file;
mod host;
mod memory;

use std::ffi::{CStr, CString, c_char, c_int, c_void};
use std::ptr;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::ffi;

use crate::device::{Device, FileKind};
use crate::fault::Code;
use crate::os::{OpenMode, Os};
use code::code;
use file::Handle;
use host::FREE;
pub(crate) use host::{Host, Registered};
pub(crate) use memory::{watch, watches};

/// The number of registrations so far, for their names.
static COUNT: Mutex<u32> = Mutex::new(0);

/// Makes the operating system of a new machine, which SQLite reaches by the name of its VFS.
pub(crate) fn register(device: Device) -> rusqlite::Result<Arc<Host>> {
    let free = FREE.lock().unwrap_or_else(PoisonError::into_inner).pop();
    let registered = match free {
        Some(registered) => registered,
        None => register_another()?,
    };
    let os = Os::new(device);
    let host = Arc::new(Host { os, registered });
    let mut place = registered
        .host
        .lock()
        .unwrap_or_else(PoisonError::into_inner);
    *place = Arc::downgrade(&host);
    drop(place);
    Ok(host)
}

fn register_another() -> rusqlite::Result<&'static Registered> {
    let mut count = COUNT.lock().unwrap_or_else(PoisonError::into_inner);
    *count += 1;
    let name = CString::new(format!("simulated-machine-{count}"))?;
    let host = Mutex::default();
    let registered: &'static Registered = Box::leak(Box::new(Registered { name, host }));
    let vfs = Box::leak(Box::new(ffi::sqlite3_vfs {
        iVersion: 2,
        szOsFile: file::SIZE,
        mxPathname: 512,
        pNext: ptr::null_mut(),
        zName: registered.name.as_ptr(),
        pAppData: ptr::from_ref(registered).cast_mut().cast(),
        xOpen: Some(open),
        xDelete: Some(delete),
        xAccess: Some(access),
        xFullPathname: Some(full_pathname),
        xDlOpen: Some(no_library),
        xDlError: Some(no_library_error),
        xDlSym: None, // No library is ever opened.
        xDlClose: Some(no_library_close),
        xRandomness: Some(randomness),
        xSleep: Some(sleep),
        xCurrentTime: Some(current_time),
        xGetLastError: Some(last_error),
        xCurrentTimeInt64: Some(current_time_int64),
        xSetSystemCall: None,
        xGetSystemCall: None,
        xNextSystemCall: None,
    }));
    // SAFETY: the structure, its name and its data are leaked, so they outlive every use; every
    // function that version 2 of a VFS needs is there, but for xDlSym, which needs a library that
    // xDlOpen never gives.
    match unsafe { ffi::sqlite3_vfs_register(vfs, 0) } {
        ffi::SQLITE_OK => Ok(registered),
        code => Err(rusqlite::Error::SqliteFailure(ffi::Error::new(code), None)),
    }
}

/// # Safety
/// `vfs` is one of those that [`register_another`] registered.
unsafe fn host(vfs: *mut ffi::sqlite3_vfs) -> Result<Arc<Host>, Code> {
    // SAFETY: by the above its data is a leaked `Registered`. Only this field is read, because
    // SQLite may write `pNext` of the same structure from another thread.
    let registered = unsafe { &*(*vfs).pAppData.cast::<Registered>() };
    registered.host().ok_or(ffi::SQLITE_CANTOPEN)
}

/// # Safety
/// `name` is null or a C string that lives as long as the result is used.
unsafe fn text<'a>(name: *const c_char) -> Option<std::borrow::Cow<'a, str>> {
    // SAFETY: it is not null here, and by the above a C string.
    (!name.is_null()).then(|| unsafe { CStr::from_ptr(name) }.to_string_lossy())
}

unsafe extern "C" fn open(
    vfs: *mut ffi::sqlite3_vfs,
    name: ffi::sqlite3_filename,
    file: *mut ffi::sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    // SAFETY: SQLite passes `szOsFile` bytes of memory, aligned for any type, that nobody else
    // uses.
    unsafe { file::close_nothing(file) };
    let has = |flag: c_int| flags & flag != 0;
    let how = OpenMode {
        kind: match () {
            () if has(ffi::SQLITE_OPEN_MAIN_DB) => FileKind::Main,
            () if has(ffi::SQLITE_OPEN_MAIN_JOURNAL | ffi::SQLITE_OPEN_SUPER_JOURNAL) => {
                FileKind::Journal
            }
            () if has(ffi::SQLITE_OPEN_WAL) => FileKind::Wal,
            () => FileKind::Temporary,
        },
        create: has(ffi::SQLITE_OPEN_CREATE),
        exclusive: has(ffi::SQLITE_OPEN_EXCLUSIVE),
    };
    // SAFETY: SQLite calls a VFS with itself, and passes a C string or, for a temporary file, null.
    // What goes when it is closed needs no name: nobody else opens it.
    let (host, name) = unsafe { (host(vfs), text(name)) };
    let name = name.filter(|_| !has(ffi::SQLITE_OPEN_DELETEONCLOSE));
    let opened = host.and_then(|host| {
        let opener = host.open(name.as_deref(), how)?;
        Ok(Handle { host, opener })
    });
    let handle = match opened {
        Ok(handle) => handle,
        Err(code) => return code,
    };
    // SAFETY: as above for `file`; `out_flags` is null or a place for a number.
    unsafe {
        file::fill(file, handle);
        if !out_flags.is_null() {
            *out_flags = flags;
        }
    }
    ffi::SQLITE_OK
}

unsafe extern "C" fn delete(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    sync_directory: c_int,
) -> c_int {
    // SAFETY: SQLite calls a VFS with itself, and passes a C string.
    let (host, name) = unsafe { (host(vfs), text(name)) };
    let name = name.unwrap_or_default();
    code(host.and_then(|host| host.delete(&name, sync_directory & 1 != 0)))
}

unsafe extern "C" fn access(
    vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    _flags: c_int,
    out: *mut c_int,
) -> c_int {
    // SAFETY: SQLite calls a VFS with itself, and passes a C string.
    let (host, name) = unsafe { (host(vfs), text(name)) };
    match host.and_then(|host| host.exists(&name.unwrap_or_default())) {
        Ok(there) => {
            // SAFETY: SQLite passes a place for a number.
            unsafe { *out = c_int::from(there) };
            ffi::SQLITE_OK
        }
        Err(code) => code,
    }
}

unsafe extern "C" fn full_pathname(
    _vfs: *mut ffi::sqlite3_vfs,
    name: *const c_char,
    size: c_int,
    out: *mut c_char,
) -> c_int {
    // SAFETY: SQLite passes a C string.
    let name = unsafe { CStr::from_ptr(name) }.to_bytes_with_nul();
    if name.len() > usize::try_from(size).unwrap_or(0) {
        return ffi::SQLITE_CANTOPEN;
    }
    // SAFETY: SQLite passes `size` bytes for the result, which are no part of the name.
    unsafe { ptr::copy_nonoverlapping(name.as_ptr().cast(), out, name.len()) };
    ffi::SQLITE_OK
}

unsafe extern "C" fn no_library(_: *mut ffi::sqlite3_vfs, _: *const c_char) -> *mut c_void {
    ptr::null_mut()
}

unsafe extern "C" fn no_library_error(_: *mut ffi::sqlite3_vfs, size: c_int, out: *mut c_char) {
    if size > 0 {
        // SAFETY: SQLite passes `size` bytes for the message, of which there is none.
        unsafe { *out = 0 };
    }
}

unsafe extern "C" fn no_library_close(_: *mut ffi::sqlite3_vfs, _: *mut c_void) {}

/// SQLite has one random number generator per process, which the default VFS seeds; this one needs
/// no secrecy.
unsafe extern "C" fn randomness(_: *mut ffi::sqlite3_vfs, size: c_int, out: *mut c_char) -> c_int {
    let Ok(length) = usize::try_from(size) else {
        return 0;
    };
    // SAFETY: SQLite passes `size` bytes.
    unsafe { ptr::write_bytes(out, 0x5A, length) };
    size
}

unsafe extern "C" fn sleep(vfs: *mut ffi::sqlite3_vfs, microseconds: c_int) -> c_int {
    // SAFETY: SQLite calls a VFS with itself.
    if let Ok(host) = unsafe { host(vfs) } {
        host.sleep(i64::from(microseconds) / 1_000);
    }
    std::thread::yield_now();
    microseconds
}

unsafe extern "C" fn current_time_int64(vfs: *mut ffi::sqlite3_vfs, out: *mut i64) -> c_int {
    // SAFETY: SQLite calls a VFS with itself.
    match unsafe { host(vfs) } {
        Ok(host) => {
            // SAFETY: SQLite passes a place for a number.
            unsafe { *out = host.now() };
            ffi::SQLITE_OK
        }
        Err(code) => code,
    }
}

unsafe extern "C" fn current_time(vfs: *mut ffi::sqlite3_vfs, out: *mut f64) -> c_int {
    let mut milliseconds = 0;
    // SAFETY: as for the function called.
    let code = unsafe { current_time_int64(vfs, &raw mut milliseconds) };
    // SAFETY: SQLite passes a place for a number.
    unsafe { *out = milliseconds as f64 / 86_400_000.0 };
    code
}

unsafe extern "C" fn last_error(_: *mut ffi::sqlite3_vfs, _: c_int, _: *mut c_char) -> c_int {
    0
}
