//! The text of SQLite's messages.

/// SQLite's message, without the statement.
pub(super) fn words(source: &rusqlite::Error) -> String {
    match source {
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    }
}
