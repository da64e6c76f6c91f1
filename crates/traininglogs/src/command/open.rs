//! Opens the file of a verb.

#![expect(
    clippy::disallowed_methods,
    reason = "the command reads what its user names, and the clock"
)]

use std::fs;
use std::io;
use std::path::Path;

use migrations::{ErrorKind, Migrator, Options};

use super::command_line::command_line;
use crate::error::{self, Error};
use crate::{TrainingLogs, catalogue};

/// Opens an existing file, at whatever version it is.
pub(super) fn open(path: &Path, options: Options) -> Result<Migrator<'static>, Error> {
    let opened = Migrator::open(catalogue(), path, options);
    opened.map_err(|error| explain_missing(path, error.into()))
}

/// Opens an existing file that is at the current version.
pub(super) fn open_current(path: &Path) -> Result<TrainingLogs, Error> {
    let opened = TrainingLogs::open_current(path, Options::default());
    opened.map_err(|error| explain_missing(path, error))
}

/// Adds the command that makes the file to an error about a missing file. The engine itself reports
/// a missing directory.
fn explain_missing(path: &Path, error: Error) -> Error {
    let kind = error.engine().map(migrations::Error::kind);
    let gone = fs::metadata(path).is_err_and(|why| why.kind() == io::ErrorKind::NotFound);
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    if kind == Some(ErrorKind::NotFound) && gone && directory.is_none_or(Path::is_dir) {
        error::file_missing(path, &command_line(path, "init"))
    } else {
        error
    }
}
