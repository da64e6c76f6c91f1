//! The error of reading a schema.

use std::fmt;

/// A schema could not be read. Nothing was written.
///
/// The message names the part that was being read; [`source`](std::error::Error::source) is
/// SQLite's own error.
#[derive(Debug)]
pub struct Error {
    what: &'static str,
    source: Option<rusqlite::Error>,
}

impl Error {
    /// Wraps the error of SQLite while `what` was read.
    pub(crate) fn reading(what: &'static str) -> impl FnOnce(rusqlite::Error) -> Error {
        move |source| Error {
            what,
            source: Some(source),
        }
    }

    /// The error when other connections change the schema each time it is read.
    pub(crate) fn restless() -> Error {
        Error {
            what: "the schema, because it changes while it is read",
            source: None,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot read {}", self.what)
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.source.as_ref().map(|source| source as _)
    }
}
