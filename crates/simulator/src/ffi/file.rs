//! The callbacks of an open file.

use std::ffi::{c_int, c_void};
use std::ptr;
use std::sync::Arc;

use rusqlite::ffi;

use super::code::code;
use super::host::Host;
use crate::locks::{Level, Opener};

/// The number of bytes that SQLite allocates for an open file.
pub(crate) const SIZE: c_int = size_of::<File>() as c_int;

/// An open file, in memory that SQLite owns.
#[repr(C)]
struct File {
    base: ffi::sqlite3_file,
    /// From `Box::into_raw` in [`fill`], until [`close`].
    handle: *mut Handle,
}

/// A file that a connection has open on a machine.
pub(crate) struct Handle {
    pub(crate) host: Arc<Host>,
    pub(crate) opener: Opener,
}

static METHODS: ffi::sqlite3_io_methods = ffi::sqlite3_io_methods {
    iVersion: 2,
    xClose: Some(close),
    xRead: Some(read),
    xWrite: Some(write),
    xTruncate: Some(truncate),
    xSync: Some(sync),
    xFileSize: Some(file_size),
    xLock: Some(lock),
    xUnlock: Some(unlock),
    xCheckReservedLock: Some(check_reserved_lock),
    xFileControl: Some(file_control),
    xSectorSize: Some(sector_size),
    xDeviceCharacteristics: Some(device_characteristics),
    xShmMap: Some(shm_map),
    xShmLock: Some(shm_lock),
    xShmBarrier: Some(shm_barrier),
    xShmUnmap: Some(shm_unmap),
    xFetch: None,
    xUnfetch: None,
};

/// Marks the file as having nothing to close: SQLite does not close a file without methods.
///
/// # Safety
/// `file` is memory of [`SIZE`] bytes, aligned for any type, that nobody else uses.
pub(crate) unsafe fn close_nothing(file: *mut ffi::sqlite3_file) {
    let file = file.cast::<File>();
    // SAFETY: as above; a `File` has no invalid bytes to be dropped.
    unsafe {
        (*file).base.pMethods = ptr::null();
        (*file).handle = ptr::null_mut();
    }
}

/// Makes `file` an open file.
///
/// # Safety
/// As for [`close_nothing`].
pub(crate) unsafe fn fill(file: *mut ffi::sqlite3_file, handle: Handle) {
    let file = file.cast::<File>();
    let handle = Box::into_raw(Box::new(handle));
    // SAFETY: as above.
    unsafe {
        (*file).base.pMethods = &raw const METHODS;
        (*file).handle = handle;
    }
}

/// # Safety
/// `file` was given to [`fill`] and is not closed; the result is not used after [`close`].
unsafe fn handle<'a>(file: *mut ffi::sqlite3_file) -> &'a Handle {
    // SAFETY: by the above `file` is the start of a `File` whose handle is a live box. Nobody takes
    // it mutably before it is closed, and SQLite closes a file when no other call on it runs.
    unsafe { &*(*file.cast::<File>()).handle }
}

unsafe extern "C" fn close(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: SQLite closes what was opened, once, so the box is live and nobody uses it any more.
    let handle = unsafe { Box::from_raw((*file.cast::<File>()).handle) };
    handle.host.close(handle.opener);
    ffi::SQLITE_OK
}

unsafe extern "C" fn read(
    file: *mut ffi::sqlite3_file,
    buffer: *mut c_void,
    length: c_int,
    offset: i64,
) -> c_int {
    let (Ok(length), Ok(offset)) = (usize::try_from(length), usize::try_from(offset)) else {
        return ffi::SQLITE_IOERR_READ;
    };
    // SAFETY: `file` is open, and SQLite passes `length` bytes of memory that nobody else uses.
    // They are made zeros first, because SQLite may not have written them.
    let (handle, buffer) = unsafe {
        ptr::write_bytes(buffer.cast::<u8>(), 0, length);
        (
            handle(file),
            std::slice::from_raw_parts_mut(buffer.cast::<u8>(), length),
        )
    };
    code(handle.host.read(handle.opener, offset, buffer))
}

unsafe extern "C" fn write(
    file: *mut ffi::sqlite3_file,
    data: *const c_void,
    length: c_int,
    offset: i64,
) -> c_int {
    let (Ok(length), Ok(offset)) = (usize::try_from(length), usize::try_from(offset)) else {
        return ffi::SQLITE_IOERR_WRITE;
    };
    // SAFETY: `file` is open, and SQLite passes `length` bytes of memory that stay as they are
    // meanwhile.
    let (handle, data) = unsafe {
        (
            handle(file),
            std::slice::from_raw_parts(data.cast::<u8>(), length),
        )
    };
    code(handle.host.write(handle.opener, offset, data))
}

unsafe extern "C" fn truncate(file: *mut ffi::sqlite3_file, size: i64) -> c_int {
    let Ok(size) = usize::try_from(size) else {
        return ffi::SQLITE_IOERR_TRUNCATE;
    };
    // SAFETY: `file` is open.
    let handle = unsafe { handle(file) };
    code(handle.host.truncate(handle.opener, size))
}

unsafe extern "C" fn sync(file: *mut ffi::sqlite3_file, _flags: c_int) -> c_int {
    // SAFETY: `file` is open.
    let handle = unsafe { handle(file) };
    code(handle.host.sync(handle.opener))
}

unsafe extern "C" fn file_size(file: *mut ffi::sqlite3_file, size: *mut i64) -> c_int {
    // SAFETY: `file` is open.
    let handle = unsafe { handle(file) };
    match handle.host.size(handle.opener) {
        Ok(bytes) => {
            // SAFETY: SQLite passes a place for a number.
            unsafe { *size = i64::try_from(bytes).unwrap_or(i64::MAX) };
            ffi::SQLITE_OK
        }
        Err(code) => code,
    }
}

fn level(number: c_int) -> Level {
    match number {
        ffi::SQLITE_LOCK_NONE => Level::None,
        ffi::SQLITE_LOCK_SHARED => Level::Shared,
        ffi::SQLITE_LOCK_RESERVED => Level::Reserved,
        ffi::SQLITE_LOCK_PENDING => Level::Pending,
        _ => Level::Exclusive,
    }
}

unsafe extern "C" fn lock(file: *mut ffi::sqlite3_file, wanted: c_int) -> c_int {
    // SAFETY: `file` is open.
    let handle = unsafe { handle(file) };
    code(handle.host.lock(handle.opener, level(wanted)))
}

unsafe extern "C" fn unlock(file: *mut ffi::sqlite3_file, wanted: c_int) -> c_int {
    // SAFETY: `file` is open.
    let handle = unsafe { handle(file) };
    handle.host.unlock(handle.opener, level(wanted));
    ffi::SQLITE_OK
}

unsafe extern "C" fn check_reserved_lock(file: *mut ffi::sqlite3_file, out: *mut c_int) -> c_int {
    // SAFETY: `file` is open.
    let handle = unsafe { handle(file) };
    match handle.host.reserved(handle.opener) {
        Ok(reserved) => {
            // SAFETY: SQLite passes a place for a number.
            unsafe { *out = c_int::from(reserved) };
            ffi::SQLITE_OK
        }
        Err(code) => code,
    }
}

unsafe extern "C" fn file_control(
    _file: *mut ffi::sqlite3_file,
    _operation: c_int,
    _argument: *mut c_void,
) -> c_int {
    ffi::SQLITE_NOTFOUND
}

unsafe extern "C" fn sector_size(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: `file` is open.
    let handle = unsafe { handle(file) };
    c_int::try_from(handle.host.device().sector).unwrap_or(4096)
}

unsafe extern "C" fn device_characteristics(file: *mut ffi::sqlite3_file) -> c_int {
    // SAFETY: `file` is open.
    unsafe { handle(file) }.host.device_promises()
}

unsafe extern "C" fn shm_map(
    file: *mut ffi::sqlite3_file,
    index: c_int,
    size: c_int,
    extend: c_int,
    out: *mut *mut c_void,
) -> c_int {
    let (Ok(index), Ok(size)) = (usize::try_from(index), usize::try_from(size)) else {
        return ffi::SQLITE_IOERR_SHMMAP;
    };
    // SAFETY: `file` is open.
    let handle = unsafe { handle(file) };
    let mapped = handle.host.map(handle.opener, index, size, extend != 0);
    let address = mapped.map(|address| address.unwrap_or(ptr::null()));
    // SAFETY: SQLite passes a place for an address. What is put there is memory of at least `size`
    // bytes that stays until this file and all others that map it leave, made of atomics, so that
    // SQLite may write it while shared references to it exist; null if there is none.
    unsafe { *out = address.unwrap_or(ptr::null()).cast_mut().cast() };
    code(address.map(drop))
}

unsafe extern "C" fn shm_lock(
    file: *mut ffi::sqlite3_file,
    offset: c_int,
    count: c_int,
    flags: c_int,
) -> c_int {
    let (Ok(start), Ok(count)) = (usize::try_from(offset), usize::try_from(count)) else {
        return ffi::SQLITE_IOERR_SHMLOCK;
    };
    // SAFETY: `file` is open.
    let handle = unsafe { handle(file) };
    let slots = start..start + count;
    if flags & ffi::SQLITE_SHM_UNLOCK != 0 {
        handle.host.unlock_slots(handle.opener, slots);
        return ffi::SQLITE_OK;
    }
    let exclusive = flags & ffi::SQLITE_SHM_EXCLUSIVE != 0;
    code(handle.host.lock_slots(handle.opener, slots, exclusive))
}

unsafe extern "C" fn shm_barrier(_file: *mut ffi::sqlite3_file) {
    std::sync::atomic::fence(std::sync::atomic::Ordering::SeqCst);
}

unsafe extern "C" fn shm_unmap(file: *mut ffi::sqlite3_file, _delete: c_int) -> c_int {
    // SAFETY: `file` is open.
    let handle = unsafe { handle(file) };
    handle.host.unmap(handle.opener);
    ffi::SQLITE_OK
}
