//! Red flags: a run that would cost more than somebody has agreed to.

use super::{Error, ErrorKind};
use crate::facts::AtRisk;
use crate::remedy::Remedy;
use crate::skipped_rows::SkippedRow;
pub(crate) fn consent_needed(risks: &[AtRisk]) -> Error {
    let message = "the run would lose data that no later upgrade brings back:";
    ask_consent(message, risks)
}

/// Losses that were counted and not declared.
pub(crate) fn consent_needed_for_unknown(risks: &[AtRisk]) -> Error {
    let message = "the way back that the file stores takes away data that it does not declare, and this build \
                   does not know whether a later upgrade brings it back:";
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
            " of the build before, which the notes call supported",
            "keep what it reads, or say `Backwards compatibility: not supported`, with why",
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
    let message = "on a copy of the file, the run did what no notes declare:";
    Error::new(ErrorKind::UndeclaredLoss, message)
        .details(found)
        .hint("mend the step, or declare it in its `notes.md` if it is meant")
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
