//! Errors of the proof.

use std::fmt;
use std::io;

/// An error of the proof. A broken law is a finding and not an error.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    kind: ErrorKind,
    message: String,
}

/// The kinds of errors, by who must act.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// SQLite refuses a database or a statement of the proof.
    Sqlite,
    /// The engine refuses a run, or a run fails.
    Engine,
    /// A file cannot be read or written.
    File,
    /// The declarations of the subject do not fit together: a fixture does not load, a step does
    /// not reach its version, or the application fails.
    Subject,
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

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}

/// A message about the subject.
impl From<String> for Error {
    fn from(message: String) -> Error {
        Error::new(ErrorKind::Subject, message)
    }
}

/// A message about the subject.
impl From<&str> for Error {
    fn from(message: &str) -> Error {
        Error::new(ErrorKind::Subject, message)
    }
}

impl From<migrations::BoxError> for Error {
    fn from(error: migrations::BoxError) -> Error {
        Error::new(ErrorKind::Subject, error.to_string())
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

impl From<observe::Error> for Error {
    fn from(error: observe::Error) -> Error {
        Error::new(ErrorKind::Sqlite, error.to_string())
    }
}

impl From<simulator::Error> for Error {
    fn from(error: simulator::Error) -> Error {
        let kind = match &error {
            simulator::Error::Sqlite(_) => ErrorKind::Sqlite,
            _ => ErrorKind::Subject,
        };
        Error::new(kind, error.to_string())
    }
}

/// The whole report of the engine.
impl From<migrations::Error> for Error {
    fn from(error: migrations::Error) -> Error {
        Error::new(ErrorKind::Engine, error.report())
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Error {
        Error::new(ErrorKind::File, error.to_string())
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Error {
        Error::new(ErrorKind::File, error.to_string())
    }
}
