//! Results as SQLite's result codes.

use std::ffi::c_int;

use rusqlite::ffi;

use crate::fault::Code;

/// `SQLITE_OK`, or the code of the error.
pub(crate) fn code(result: Result<(), Code>) -> c_int {
    result.err().unwrap_or(ffi::SQLITE_OK)
}
