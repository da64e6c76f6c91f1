//! A row that cannot be treated.

use std::fmt;

use rusqlite::ErrorCode;

use crate::error::BoxError;

/// A row that cannot be treated.
#[derive(Debug)]
pub(super) struct RowError {
    /// Counted from 1, as it is read.
    pub(super) number: u64,
    /// Its first column, as a person would look for it.
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

/// Whether it is the row that SQLite refuses, and not the file or the machine that fails.
pub(super) fn refuses_row(error: &rusqlite::Error) -> bool {
    matches!(
        error.sqlite_error_code(),
        Some(ErrorCode::ConstraintViolation | ErrorCode::TypeMismatch | ErrorCode::TooBig)
    )
}
