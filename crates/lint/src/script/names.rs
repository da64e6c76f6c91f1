//! Names as a statement writes them.

use schema::sql::fold;
use sqlite3_parser::ast::Name;

/// A name without quotes, folded.
pub(crate) fn bare(name: &str) -> String {
    let inner = name
        .strip_prefix(['"', '`', '[', '\''])
        .and_then(|rest| rest.strip_suffix(['"', '`', ']', '\'']));
    fold(&inner.unwrap_or(name).replace("\"\"", "\""))
}

/// The folded text of a name.
pub(crate) fn named(name: &Name<'_>) -> String {
    bare(name.0)
}
