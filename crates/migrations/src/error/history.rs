//! Errors of a ledger, and of steps that differ from what was applied.

use schema::sql::{self, Statement};

use super::sqlite_code::{not_the_statement, sqlite};
use super::{Error, ErrorKind};
use crate::Version;
use crate::digest::digest;
use crate::remedy::Remedy;
pub(crate) fn ledger_unreadable(source: rusqlite::Error) -> Error {
    if not_the_statement(&source) {
        return sqlite(source);
    }
    Error::new(
        ErrorKind::NotOurs,
        "the table `schema_migrations` is not this engine's ledger",
    )
    .hint("another migration tool uses the same name; this file cannot be migrated here")
    .caused_by(source)
}

pub(crate) fn ledger_has_trigger() -> Error {
    Error::new(
        ErrorKind::HistoryEdited,
        "the ledger `schema_migrations` has a trigger",
    )
    .hint("find out who made it, and drop it: it would change what the engine records")
}

pub(crate) fn not_ours(found: i32, ours: i32) -> Error {
    Error::new(
        ErrorKind::NotOurs,
        format!(
            "the file belongs to another application: application_id {found:#x}, not {ours:#x}"
        ),
    )
    .hint("check the path")
}

pub(crate) fn no_ledger(user_version: i32, empty: bool) -> Error {
    if empty {
        let message = format!("the file has no table, but its user_version is {user_version}");
        return Error::new(ErrorKind::NotOurs, message)
            .hint("check the path; a new database needs a new file");
    }
    Error::new(
        ErrorKind::NotOurs,
        format!("the file has tables but no ledger (its user_version is {user_version})"),
    )
    .remedy(Remedy::Adopt)
}

pub(crate) fn ledger_gap(expected: Version, found: Version) -> Error {
    Error::new(
        ErrorKind::HistoryEdited,
        format!("the ledger has a gap: version {expected} is not in it, version {found} is"),
    )
    .hint("restore the file from a backup; its ledger was changed by hand")
}

pub(crate) fn ledger_disagrees(ledger: Version, user_version: i32) -> Error {
    Error::new(
        ErrorKind::HistoryEdited,
        format!("the ledger ends at version {ledger}, but user_version is {user_version}"),
    )
    .hint("restore the file from a backup; its user_version or ledger was changed by hand")
}

pub(crate) fn stored_back_damaged(version: Version, name: &str) -> Error {
    Error::new(
        ErrorKind::HistoryEdited,
        format!(
            "the way back of version {version} (`{name}`) in the ledger does not match its digest"
        ),
    )
    .hint("restore the file from a backup; its ledger was changed by hand")
}

/// `stored` is what the ledger keeps: the text, or only its digest in files of older engines.
pub(crate) fn history_edited(
    script: &str,
    name: &str,
    stored: Result<&str, &str>,
    present: &str,
) -> Error {
    let message = format!("`{script}` is not what was applied to this file as `{name}`");
    let [was, is] = match stored {
        Ok(stored) => first_difference(stored, present),
        Err(stored) => {
            let present = digest(present);
            [format!("digest {stored}"), format!("digest {present}")]
        }
    };
    Error::new(ErrorKind::HistoryEdited, message)
        .detail(format!("stored   {was}"))
        .detail(format!("present  {is}"))
        .hint(
            "what shipped is frozen: restore the script as it was and put the change into a new \
               version",
        )
}

/// The first statement in which two scripts differ, apart from whitespace and comments: its first
/// line in each script, or the first line that differs.
fn first_difference(stored: &str, present: &str) -> [String; 2] {
    let (old, new) = (sql::statements(stored), sql::statements(present));
    let same = |(old, new): &(&Statement<'_>, &Statement<'_>)| {
        sql::canonical(old.text) == sql::canonical(new.text)
    };
    let at = old.iter().zip(&new).take_while(same).count();
    let lines = |statement: &Statement<'_>| -> Vec<String> {
        let lines = statement.text.lines().map(|line| line.trim().to_owned());
        lines.collect()
    };
    let (Some(was), Some(is)) = (old.get(at), new.get(at)) else {
        return [old.get(at), new.get(at)].map(|statement| match statement {
            Some(statement) => line(statement.line, &lines(statement), 0),
            None => "ends before that".to_owned(),
        });
    };
    let (was_lines, is_lines) = (lines(was), lines(is));
    let equal = was_lines
        .iter()
        .zip(&is_lines)
        .take_while(|(old, new)| old == new);
    let equal = equal.count();
    [
        line(was.line, &was_lines, equal),
        line(is.line, &is_lines, equal),
    ]
}

/// Formats `line 3: …`.
fn line(first: usize, lines: &[String], nth: usize) -> String {
    match lines.get(nth) {
        Some(text) => format!("line {}: {text}", first + nth),
        None => "ends before that".to_owned(),
    }
}
