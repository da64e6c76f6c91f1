//! The reasons why SQL was not run to its end.

use crate::sqlite_message::sqlite_message;

/// The reason why untrusted SQL was not run to its end, although SQLite itself reports no error in
/// it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stop {
    /// It needs something outside its own database.
    Refused(String),
    /// It needs more work than a statement may do.
    Statement,
    /// It needs more space than it may use.
    Size(String),
    /// The step, or the whole run, has no work left.
    Scope(String),
}

impl Stop {
    /// The reason as a clause.
    pub fn why(&self) -> String {
        match self {
            Stop::Refused(what) => format!("{what}, which is not done here"),
            Stop::Statement => "the statement does not end within the work it may do".to_owned(),
            Stop::Size(what) => format!("{what}, which is more than is tried here"),
            Stop::Scope(what) => what.clone(),
        }
    }
}

/// Recognizes refusals by defensive mode and by an untrusted schema, for which SQLite does not call
/// the authorizer.
pub(crate) fn distrusted(error: &rusqlite::Error) -> Option<Stop> {
    let words = sqlite_message(error);
    let refused = |what: String| Some(Stop::Refused(what));
    if let Some(what) = words.strip_prefix("unsafe use of ") {
        return refused(format!(
            "a view, a trigger or a table uses {what} by itself"
        ));
    }
    if words.starts_with("table ") && words.ends_with(" may not be modified") {
        return refused(format!(
            "{words}: it belongs to SQLite or to a virtual table"
        ));
    }
    None
}
