//! Errors of a sweep.

use std::fmt;

/// The reason why a sweep cannot be made.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The machine cannot be made.
    Sqlite(rusqlite::Error),
    /// The work fails without an injected fault; contains the reason.
    Workload(String),
}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Error {
        Error::Sqlite(error)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Sqlite(error) => error.fmt(f),
            Error::Workload(reason) => f.write_str(reason),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::Sqlite(error) => Some(error),
            Error::Workload(_) => None,
        }
    }
}
