//! Errors of locks and transactions.

use super::sqlite_code::{by_code, is_busy};
use super::{Error, ErrorKind};
/// `BEGIN IMMEDIATE` waits for writers; readers do not block it.
pub(crate) fn cannot_begin(source: rusqlite::Error) -> Error {
    if is_busy(&source) {
        return Error::new(ErrorKind::Busy, "another process is writing to the file")
            .hint("let it finish or close it, then try again; a longer busy timeout waits longer")
            .caused_by(source);
    }
    by_code(&source, "could not begin the run").caused_by(source)
}

/// Without a WAL, a reader prevents writing to the file.
pub(crate) fn cannot_exclude_readers(source: rusqlite::Error) -> Error {
    if is_busy(&source) {
        return Error::new(
            ErrorKind::Busy,
            "the run cannot begin while another process is reading the file",
        )
        .hint("close the program that holds the file open in a transaction, then try again")
        .caused_by(source);
    }
    by_code(&source, "could not begin the run").caused_by(source)
}

/// Without a WAL, a reader delays the COMMIT.
pub(crate) fn cannot_commit(source: rusqlite::Error) -> Error {
    if is_busy(&source) {
        return Error::new(
            ErrorKind::Busy,
            "the run cannot be committed while another process is reading the file",
        )
        .hint("close the program that holds the file open in a transaction, then try again")
        .caused_by(source);
    }
    by_code(&source, "could not commit the run").caused_by(source)
}

pub(crate) fn inside_transaction() -> Error {
    Error::new(
        ErrorKind::Unsuitable,
        "the connection is inside a transaction",
    )
    .hint("commit or roll it back before the run: foreign keys cannot be turned off inside one")
}
