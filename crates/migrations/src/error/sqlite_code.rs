//! SQLite's own errors, with a kind and a hint by their code.

use std::path::Path;

use rusqlite::ErrorCode;
use rusqlite::ffi::{SQLITE_IOERR_WRITE, SQLITE_READONLY_DBMOVED};

use super::words::words;
use super::{BoxError, Error, ErrorKind};
/// Wraps an error of SQLite with the kind and hint of its code.
pub(crate) fn sqlite(source: impl Into<BoxError>) -> Error {
    let source = source.into();
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&*source);
    while let Some(one) = cause {
        if let Some(known) = one.downcast_ref::<rusqlite::Error>() {
            return by_code(known, NO_WORK).caused_by(source);
        }
        cause = one.source();
    }
    Error::new(ErrorKind::Sqlite, NO_WORK).caused_by(source)
}

pub(super) const NO_WORK: &str = "SQLite reported an error";

pub(super) fn by_code(source: &rusqlite::Error, otherwise: &str) -> Error {
    match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => {
            Error::new(ErrorKind::NotADatabase, "the file is not a SQLite database")
                .hint("check the path; an encrypted or truncated file looks like this, too")
        }
        Some(ErrorCode::DatabaseCorrupt)
            if words(source).starts_with("malformed database schema") =>
        {
            Error::new(ErrorKind::Damaged, "the file's schema cannot be read")
                .hint(
                    "it may be written for a newer SQLite than this program has; update the \
                       program",
                )
                .hint("if it is not, copy the file away, then see https://sqlite.org/recovery.html")
        }
        Some(ErrorCode::DatabaseCorrupt) => Error::new(ErrorKind::Damaged, "the file is damaged")
            .hint("copy it away first, then see https://sqlite.org/recovery.html"),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            Error::new(ErrorKind::Busy, "another process has the file locked")
                .hint("close the other program or wait for it, then try again")
        }
        Some(ErrorCode::ReadOnly) if left_behind(source) => Error::new(
            ErrorKind::Interrupted,
            "a process that wrote to the file was killed, and its journal can only be rolled back \
             by \
             someone who may write",
        )
        .hint("open the file once with a program that may write to it and to its directory")
        .hint("keep its `-journal` or `-wal`: without it the file is damaged"),
        Some(ErrorCode::ReadOnly) if extended(source) == Some(SQLITE_READONLY_DBMOVED) => {
            file_moved(None)
        }
        Some(ErrorCode::ReadOnly) => Error::new(ErrorKind::ReadOnly, "the file cannot be written")
            .hint("check the permissions of the file and of its directory"),
        Some(ErrorCode::DiskFull) => Error::new(ErrorKind::DiskFull, "the disk is full")
            .hint("a run needs about the size of the file once more; make room, then try again"),
        Some(ErrorCode::OperationInterrupted) => {
            Error::new(ErrorKind::Sqlite, "the work was interrupted").hint("try again")
        }
        Some(ErrorCode::SystemIoFailure) if extended(source) == Some(SQLITE_IOERR_WRITE) => {
            Error::new(ErrorKind::Sqlite, otherwise).hint(
                "check the disk, and whether the size of files is limited (`ulimit -f`), then try \
                 again",
            )
        }
        Some(ErrorCode::SystemIoFailure) => Error::new(ErrorKind::Sqlite, otherwise)
            .hint("check the disk and its connection, then try again"),
        _ => Error::new(ErrorKind::Sqlite, otherwise),
    }
}

fn extended(source: &rusqlite::Error) -> Option<i32> {
    source.sqlite_error().map(|error| error.extended_code)
}

/// Whether a hot journal or a WAL blocks a reader that may not write.
/// <https://sqlite.org/rescode.html#readonly_rollback>
fn left_behind(source: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{
        SQLITE_READONLY_CANTINIT, SQLITE_READONLY_RECOVERY, SQLITE_READONLY_ROLLBACK,
    };
    matches!(
        extended(source),
        Some(SQLITE_READONLY_ROLLBACK | SQLITE_READONLY_RECOVERY | SQLITE_READONLY_CANTINIT)
    )
}

/// Whether the file or the machine caused the failure, independent of the statement.
pub(super) fn not_the_statement(source: &rusqlite::Error) -> bool {
    matches!(
        source.sqlite_error_code(),
        Some(
            ErrorCode::NotADatabase
                | ErrorCode::DatabaseCorrupt
                | ErrorCode::DatabaseBusy
                | ErrorCode::ReadOnly
                | ErrorCode::DiskFull
                | ErrorCode::OperationInterrupted
                | ErrorCode::SystemIoFailure
                | ErrorCode::OutOfMemory
        )
    )
}

pub(super) fn is_busy(source: &rusqlite::Error) -> bool {
    matches!(
        source.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
}

/// The file was moved. SQLite notices some cases itself:
/// <https://sqlite.org/rescode.html#readonly_dbmoved>
pub(crate) fn file_moved(path: Option<&Path>) -> Error {
    let shown = path.map_or("the file".to_owned(), |path| {
        format!("`{}`", path.display())
    });
    Error::new(
        ErrorKind::Moved,
        format!("{shown} was moved, replaced or removed while it was open"),
    )
    .hint("open the file again, at its present path: what is written now would be lost")
}
