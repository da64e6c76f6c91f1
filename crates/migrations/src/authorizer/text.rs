//! Refusals by the text of a statement or by SQLite's message.

use super::refuse::{refuse, refuse_attach};
use crate::facts::Refusal;

/// Judges statements for which SQLite does not call the authorizer.
pub(crate) fn judge_text(statement: &str) -> Option<Refusal> {
    let word = statement
        .split(|next: char| !next.is_ascii_alphabetic())
        .next()
        .unwrap_or_default();
    if word.eq_ignore_ascii_case("VACUUM") {
        return refuse(
            "VACUUM",
            "it does not work inside a transaction: put it into a step of its own, with \
             `outside_transaction.md`",
        );
    }
    if statement.contains('\0') {
        return refuse(
            "a NUL character",
            "remove it: SQLite stops reading there and would skip the rest of the statement",
        );
    }
    None
}

/// Judges the refusals that SQLite makes before it calls the authorizer: any write to
/// `sqlite_schema` (a run turns `writable_schema` off, so SQLite always refuses it), and whatever
/// else the settings of a run forbid.
pub(crate) fn judge_failure(source: &rusqlite::Error) -> Option<Refusal> {
    let words = source.to_string();
    let schema = ["sqlite_master", "sqlite_schema", "sqlite_temp_master"];
    let refused = |tables: &[&str]| {
        tables
            .iter()
            .any(|table| words.contains(&format!("table {table} may not be modified")))
    };
    if refused(&schema) {
        return refuse(
            "a write to `sqlite_schema`",
            "use CREATE, ALTER and DROP: one wrong byte there makes the whole file unreadable",
        );
    }
    if words.contains("too many attached databases") {
        return refuse_attach();
    }
    None
}
