//! Errors of a catalogue and its folders.

use std::path::Path;

use super::{Error, ErrorKind};
use crate::Version;
pub(crate) fn catalogue_empty() -> Error {
    Error::new(ErrorKind::BadCatalogue, "the catalogue has no step")
        .hint("begin with a folder such as `0001_first`")
}

pub(crate) fn catalogue_gap(folder: &str, expected: Version) -> Error {
    Error::new(
        ErrorKind::BadCatalogue,
        format!("`{folder}` is in the place of version {expected}"),
    )
    .hint(format!(
        "versions are counted without gaps; name it `{expected:04}_…`"
    ))
}

pub(crate) fn folder_unreadable(folder: &Path, source: std::io::Error) -> Error {
    Error::new(
        ErrorKind::BadCatalogue,
        format!("`{}` cannot be read", folder.display()),
    )
    .hint("give the folder that holds the versions' folders")
    .caused_by(source)
}

pub(crate) fn step_file_unreadable(folder: &str, file: &str, source: std::io::Error) -> Error {
    Error::new(
        ErrorKind::BadCatalogue,
        format!("`{folder}/{file}` cannot be read"),
    )
    .hint("each version's folder has `up.sql`, `notes.md`, and `down.sql` or `irreversible.md`")
    .caused_by(source)
}

pub(crate) fn way_back_missing(folder: &str) -> Error {
    Error::new(
        ErrorKind::BadCatalogue,
        format!("`{folder}` has neither `down.sql` nor `irreversible.md`"),
    )
    .hint("write the way back, or `irreversible.md` with the reason why there is none")
}

pub(crate) fn way_back_twice(folder: &str) -> Error {
    Error::new(
        ErrorKind::BadCatalogue,
        format!("`{folder}` has both `down.sql` and `irreversible.md`"),
    )
    .hint("keep one of them")
}

pub(crate) fn way_back_unsaid(folder: &str) -> Error {
    Error::new(
        ErrorKind::BadCatalogue,
        format!("`{folder}` has no way back, and no reason why"),
    )
    .hint("write `down.sql`, or `irreversible.md` with the reason why there is none")
}
