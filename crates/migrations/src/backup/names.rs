//! The names of files beside a database. Names are bytes, as in the file system, so any name works.
//! A file whose name is not exactly one of these is left alone.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process;

use crate::Version;
use crate::files::Files;

/// The suffixes of the files that SQLite keeps beside a database.
pub(crate) const COMPANIONS: [&str; 3] = ["-journal", "-wal", "-shm"];

/// The purpose of a copy that has no final name, or never gets one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Draft {
    /// A backup that is being made: `notes.db.PID.partial`.
    Partial,
    /// The file before a rehearsal: `notes.db.PID.before.rehearsal`.
    Before,
    /// The copy on which a rehearsal runs: `notes.db.PID.after.rehearsal`.
    After,
}

impl Draft {
    const ALL: [Draft; 3] = [Draft::Partial, Draft::Before, Draft::After];

    fn ending(self) -> &'static str {
        match self {
            Draft::Partial => ".partial",
            Draft::Before => ".before.rehearsal",
            Draft::After => ".after.rehearsal",
        }
    }

    /// The path of the draft with this number. Threads of one process may need one each, and so may
    /// processes with equal ids in different containers.
    pub(super) fn path(self, file: &Path, number: u32) -> PathBuf {
        let ending = self.ending();
        match (process::id(), number) {
            (id, 1) => beside(file, &format!("{id}{ending}")),
            (id, number) => beside(file, &format!("{id}-{number}{ending}")),
        }
    }
}

/// The path of a backup: `notes.db.v1.backup` for version 1, `notes.db.v1.2.backup` for the second
/// backup of that version.
pub(super) fn backup(file: &Path, version: Version, number: u32) -> PathBuf {
    match number {
        1 => beside(file, &format!("v{version}.backup")),
        number => beside(file, &format!("v{version}.{number}.backup")),
    }
}

/// The version and the number in the name of a backup; `None` for any other name.
pub(super) fn parse_backup(file: &Path, name: &OsStr) -> Option<(Version, u32)> {
    let rest = after(file, name)?
        .strip_prefix(b"v")?
        .strip_suffix(b".backup")?;
    let rest = str::from_utf8(rest).ok()?;
    let (version, number) = match rest.split_once('.') {
        None => (rest.parse().ok()?, 1),
        Some((version, number)) => (version.parse().ok()?, number.parse().ok()?),
    };
    // No backup is ever named `v01` or `v+1`.
    let given = backup(file, version, number);
    (given.file_name() == Some(name)).then_some((version, number))
}

/// Removes the drafts beside `file` that killed processes left; those of live processes stay.
pub(crate) fn remove_abandoned(files: &dyn Files, file: &Path) {
    let names = files.list(directory(file)).unwrap_or_default();
    let ours = names.iter().filter_map(|name| parse_draft(file, name));
    let mut drafts: Vec<OsString> = ours.collect();
    drafts.sort();
    drafts.dedup();
    for draft in drafts {
        let draft = file.with_file_name(draft);
        let _ = files.remove_abandoned(&draft);
        if files.look(&draft).is_err() {
            remove_companions(files, &draft);
        }
    }
}

pub(crate) fn remove_companions(files: &dyn Files, path: &Path) {
    for ending in COMPANIONS {
        let mut name = path.to_owned().into_os_string();
        name.push(ending);
        remove(files, Path::new(&name));
    }
}

/// Removes a file. On a network file system the answer may be lost; the retry then fails with "not
/// found".
pub(crate) fn remove(files: &dyn Files, path: &Path) {
    if files.remove(path).is_err() {
        let _ = files.remove(path);
    }
}

/// The name of the draft that `name`, or the file that `name` accompanies, refers to.
fn parse_draft(file: &Path, name: &OsStr) -> Option<OsString> {
    let rest = str::from_utf8(after(file, name)?).ok()?;
    let companion = COMPANIONS.iter().find_map(|own| rest.strip_suffix(own));
    let rest = companion.unwrap_or(rest);
    let endings = Draft::ALL.map(Draft::ending);
    let id = endings.iter().find_map(|own| rest.strip_suffix(own))?;
    let number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let ours = match id.split_once('-') {
        None => number(id),
        Some((id, nth)) => number(id) && number(nth),
    };
    let draft = || Some(beside(file, rest).file_name()?.to_owned());
    ours.then(draft)?
}

/// The rest of `name` after the file's name and a dot.
fn after<'a>(file: &Path, name: &'a OsStr) -> Option<&'a [u8]> {
    let own = file.file_name()?.as_encoded_bytes();
    name.as_encoded_bytes()
        .strip_prefix(own)?
        .strip_prefix(b".")
}

fn beside(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.file_name().unwrap_or_default().to_owned();
    name.push(".");
    name.push(ending);
    file.with_file_name(name)
}

pub(super) fn directory(file: &Path) -> &Path {
    match file.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_are_given_here_are_read() {
        let file = Path::new("/d/a.db");
        let backup = |name: &str| parse_backup(file, OsStr::new(name));
        assert_eq!(backup("a.db.v1.backup"), Some((1, 1)));
        assert_eq!(backup("a.db.v12.3.backup"), Some((12, 3)));
        for other in [
            "a.db.v01.backup",
            "a.db.v+1.backup",
            "a.db.v1.1.backup",
            "a.db.v1.02.backup",
            "a.db.v1.2.3.backup",
            "a.db.1.v1.backup",
            "a.db.v.backup",
            "a.db.v1.backup.txt",
            "b.db.v1.backup",
        ] {
            assert_eq!(backup(other), None, "{other}");
        }
        let draft = |name: &str| {
            let found = parse_draft(file, OsStr::new(name))?;
            Some(found.into_string().expect("it is text"))
        };
        for (name, of) in [
            ("a.db.7.partial", "a.db.7.partial"),
            ("a.db.7-2.partial", "a.db.7-2.partial"),
            ("a.db.7.partial-journal", "a.db.7.partial"),
            ("a.db.7.after.rehearsal-wal", "a.db.7.after.rehearsal"),
            ("a.db.7.before.rehearsal", "a.db.7.before.rehearsal"),
        ] {
            assert_eq!(draft(name).as_deref(), Some(of));
        }
        for other in [
            "a.db.notes.partial-report.txt",
            "a.db.notes.partial",
            "a.db.1.7.partial",
            "a.db.7.partial.txt",
            "a.db.7.partial-report",
            "a.db.partial",
            "a.db..partial",
            "a.db.-2.partial",
            "a.db.7.rehearsal",
            "a.db.x7.after.rehearsal",
            "b.db.7.partial",
        ] {
            assert_eq!(draft(other), None, "{other}");
        }
    }
}
