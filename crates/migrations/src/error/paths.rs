//! Errors of paths: a missing file, a directory, a different file.

use std::path::Path;

use rusqlite::ErrorCode;
use schema::escape;

use super::sqlite_code::by_code;
use super::{Error, ErrorKind};
use crate::remedy::Remedy;
pub(crate) fn cannot_open(path: &Path, source: rusqlite::Error) -> Error {
    let mut error = match source.sqlite_error_code() {
        Some(ErrorCode::CannotOpen) => Error::new(
            ErrorKind::ReadOnly,
            format!("cannot open `{}`", path.display()),
        )
        .hint("check the permissions of the file and of its directory"),
        _ => by_code(&source, &format!("cannot open `{}`", path.display())),
    };
    let shown = escape::line(&format!("`{}`", path.display())).into_owned();
    if !error.0.message.contains(&shown) {
        error = error.named(&shown);
    }
    error.caused_by(source)
}

pub(crate) fn file_missing(path: &Path) -> Error {
    Error::new(
        ErrorKind::NotFound,
        format!("`{}` does not exist", path.display()),
    )
    .remedy(Remedy::CreateFile)
}

pub(crate) fn directory_missing(directory: &Path) -> Error {
    Error::new(
        ErrorKind::NotFound,
        format!("the directory `{}` does not exist", directory.display()),
    )
    .hint("check the path, or make the directory first")
}

pub(crate) fn is_directory(path: &Path) -> Error {
    Error::new(
        ErrorKind::NotADatabase,
        format!("`{}` is a directory", path.display()),
    )
    .hint("give the path of the database file")
}

pub(crate) fn path_empty() -> Error {
    Error::new(ErrorKind::Unsuitable, "the path of the database is empty")
        .hint("give the path of a file")
}

pub(crate) fn path_of_memory(path: &Path) -> Error {
    let shown = path.display();
    Error::new(
        ErrorKind::Unsuitable,
        format!("`{shown}` is SQLite's name for a database in memory, not a file"),
    )
    .hint(format!(
        "give the path of a file; one of this name is `./{shown}`"
    ))
    .hint("a program makes a database in memory with `Migrator::in_memory`")
}

pub(crate) fn path_is_uri(path: &Path) -> Error {
    let shown = path.display();
    Error::new(
        ErrorKind::Unsuitable,
        format!("`{shown}` is a URI, not the path of a file"),
    )
    .hint(format!(
        "give the path without `file:` and without what follows a `?`; a file of this name is \
         `./{shown}`"
    ))
}

pub(crate) fn path_holds_nul(path: &Path) -> Error {
    Error::new(
        ErrorKind::Unsuitable,
        format!("`{}` holds a NUL, which ends a path", path.display()),
    )
    .hint("check the path")
}

pub(crate) fn path_of_directory(path: &Path) -> Error {
    Error::new(
        ErrorKind::Unsuitable,
        format!("`{}` is the path of a directory", path.display()),
    )
    .hint("give the path of a file, without `/` at its end")
}

/// SQLite returns the path in the encoding of the database, which cannot represent all bytes.
pub(crate) fn path_not_utf8(path: &Path) -> Error {
    Error::new(
        ErrorKind::Unsuitable,
        format!(
            "`{}` is not UTF-8, and the database is in UTF-16",
            path.display()
        ),
    )
    .hint("rename the file and its directories: no backup can be made under this name")
}

pub(crate) fn not_a_directory(found: &Path, source: std::io::Error) -> Error {
    Error::new(
        ErrorKind::NotFound,
        format!("`{}` is a file and not a directory", found.display()),
    )
    .hint("check the path")
    .caused_by(source)
}

pub(crate) fn directory_closed(path: &Path, directory: &Path, source: std::io::Error) -> Error {
    let (shown, directory) = (path.display(), directory.display());
    Error::new(
        ErrorKind::ReadOnly,
        format!("`{shown}` cannot be reached: the directory `{directory}` may not be searched"),
    )
    .hint("check the permissions of this directory: users need `x` on it to open a file in it")
    .caused_by(source)
}

pub(crate) fn cannot_reach(path: &Path, source: std::io::Error) -> Error {
    Error::new(
        ErrorKind::NotFound,
        format!("`{}` cannot be reached", path.display()),
    )
    .hint("check the path")
    .caused_by(source)
}

pub(crate) fn not_a_file(path: &Path) -> Error {
    Error::new(
        ErrorKind::Unsuitable,
        format!("`{}` is not a regular file", path.display()),
    )
    .hint("give the path of a database file: a device or a pipe keeps nothing")
}

pub(crate) fn hard_linked(path: &Path, links: u64) -> Error {
    let shown = path.display();
    Error::new(
        ErrorKind::Unsuitable,
        format!("`{shown}` has {links} names (hard links), and cannot be written safely"),
    )
    .hint(
        "remove the other names, which `find DIRECTORY -samefile FILE` lists; or put a copy in \
         place of this one: \
         `cp FILE COPY`, then `mv COPY FILE`, while no program has it open",
    )
    .hint(
        "SQLite names its journal after the name in use: after a crash, an open by a different \
         name would not find it, and the file would be damaged",
    )
}
