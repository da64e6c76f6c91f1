//! The error of an observation.

use std::fmt;

/// An error of SQLite while a database is observed, with the table if there is one.
#[derive(Debug)]
pub struct Error {
    table: Option<String>,
    source: Source,
}

#[derive(Debug)]
enum Source {
    Sqlite(rusqlite::Error),
    Schema(schema::Error),
}

impl Error {
    pub(crate) fn in_table(table: &str, source: rusqlite::Error) -> Error {
        Error {
            table: Some(table.to_owned()),
            source: Source::Sqlite(source),
        }
    }
}

impl From<rusqlite::Error> for Error {
    fn from(source: rusqlite::Error) -> Error {
        Error {
            table: None,
            source: Source::Sqlite(source),
        }
    }
}

impl From<schema::Error> for Error {
    fn from(source: schema::Error) -> Error {
        Error {
            table: None,
            source: Source::Schema(source),
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(table) = &self.table {
            write!(f, "`{table}` cannot be read: ")?;
        }
        match &self.source {
            Source::Sqlite(error) => error.fmt(f),
            Source::Schema(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        Some(match &self.source {
            Source::Sqlite(error) => error,
            Source::Schema(error) => error,
        })
    }
}
