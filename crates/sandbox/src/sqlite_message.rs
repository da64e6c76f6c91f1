//! SQLite's errors as text.

use rusqlite::{Error, ErrorCode, ffi};

/// The message of SQLite without the statement, for a report that shows the statement elsewhere.
pub fn sqlite_message(error: &Error) -> String {
    match error {
        Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    }
}

/// Whether an error is an interruption.
pub fn is_interrupted(error: &rusqlite::Error) -> bool {
    error.sqlite_error_code() == Some(ErrorCode::OperationInterrupted)
        || (error.sqlite_error()).is_some_and(|error| error.extended_code == ffi::SQLITE_INTERRUPT)
}
