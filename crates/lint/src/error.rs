//! Why a history cannot be checked.

use std::fmt;

/// Why a history cannot be checked. Faults of the history itself are findings and no errors.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

/// The kinds of errors, by what helps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A step that the options name is not in the history.
    UnknownStep,
    /// The time of [`Options::timeout`](crate::Options::timeout) is over.
    Timeout,
    /// SQLite refuses a database in memory.
    Sqlite,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        let message = message.into();
        Error { kind, message }
    }

    /// The kind of the error.
    pub fn kind(&self) -> ErrorKind {
        self.kind
    }
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Error {
        Error::new(ErrorKind::Sqlite, error.to_string())
    }
}

impl From<schema::Error> for Error {
    fn from(error: schema::Error) -> Error {
        Error::new(ErrorKind::Sqlite, error.to_string())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
