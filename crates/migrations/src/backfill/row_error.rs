//! The error of one row.

use std::fmt;

use rusqlite::ErrorCode;

use crate::error::BoxError;

/// The error of one row.
#[derive(Debug)]
pub(super) struct RowError {
    /// The row's number in the order of reading, from 1.
    pub(super) number: u64,
    /// The row's first column, by which a person finds it.
    pub(super) key: String,
    pub(super) source: BoxError,
}

impl fmt::Display for RowError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {} ({})", self.number, self.key)
    }
}

impl std::error::Error for RowError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(&*self.source)
    }
}

/// Whether SQLite refuses the row itself; false if the file or the machine fails.
pub(super) fn refuses_row(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch | ErrorCode::TooBig)
    )
}
