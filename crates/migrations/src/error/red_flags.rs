//! Red flags: the run would cost more than the caller agreed to.

use super::{Error, ErrorKind};
use crate::facts::AtRisk;
use crate::remedy::Remedy;
use crate::skipped_rows::SkippedRow;
pub(crate) fn consent_needed(risks: &[AtRisk]) -> Error {
    let message = "the run would lose data that no later upgrade brings back:";
    ask_consent(message, risks)
}

/// Undeclared losses that were counted.
pub(crate) fn consent_needed_for_unknown(risks: &[AtRisk]) -> Error {
    let message = "the down migrations stored in the file delete data that they do not declare, \
                   and this build does not know whether a later upgrade restores it:";
    ask_consent(message, risks).hint("or go back with the build that knows these steps")
}

fn ask_consent(message: &str, risks: &[AtRisk]) -> Error {
    let lines = risks.iter().map(|risk| {
        let more = if risk.rows > risk.examples.len() as u64 {
            ", …"
        } else {
            ""
        };
        let rows = if risk.rows == 1 { "row" } else { "rows" };
        let examples = match risk.examples.as_slice() {
            [] => String::new(),
            examples => format!(" ({}{more})", examples.join(", ")),
        };
        let why = match risk.why.as_str() {
            "" => String::new(),
            why => format!(": {why}"),
        };
        format!("{}: {} {rows}{examples}{why}", risk.object, risk.rows)
    });
    Error::new(ErrorKind::ConsentNeeded, message)
        .details(lines)
        .remedy(Remedy::AcceptLoss)
}

pub(crate) fn query_would_break(
    folder: &str,
    query: &str,
    older: bool,
    source: rusqlite::Error,
) -> Error {
    let (whose, remedy) = if older {
        (
            " of the previous build, which the notes declare supported",
            "keep what it reads, or write `Backwards compatibility: not supported` with the reason",
        )
    } else {
        (
            "",
            "end the query before this version, or keep what it reads",
        )
    };
    Error::new(
        ErrorKind::BreaksQuery,
        format!("after `{folder}` the query `{query}`{whose} would not work"),
    )
    .hint(remedy)
    .caused_by(source)
}

pub(crate) fn undocumented(folder: &str, missing: &[String]) -> Error {
    let message = format!("`{folder}/notes.md` is not complete:");
    Error::new(ErrorKind::Undocumented, message)
        .details(missing)
        .hint("write what changes, why, and what each new column means, before it is shipped")
}

pub(crate) fn undeclared_loss(found: &[String]) -> Error {
    let message = "on a copy of the file, the run made changes that no notes declare:";
    Error::new(ErrorKind::UndeclaredLoss, message)
        .details(found)
        .hint("fix the step, or declare this in its `notes.md` if it is intended")
}

pub(crate) fn strict_refuses(skipped: &[SkippedRow]) -> Error {
    let lines = skipped.iter().map(|row| {
        let (table, key, reason) = (&row.table, &row.key, &row.reason);
        format!("{table} {key}: {reason}")
    });
    let message = "strict: these rows would stay as they are:";
    Error::new(ErrorKind::ConsentNeeded, message)
        .details(lines)
        .remedy(Remedy::MendRows)
}
