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

/// The words of an expression outside of strings, folded; a name in quotes is one word.
pub(crate) fn words_of(expression: &str) -> Vec<String> {
    let mut words = Vec::new();
    let mut rest = expression;
    let is_word = |c: char| c.is_alphanumeric() || c == '_' || c == '$';
    while let Some(first) = rest.chars().next() {
        let end = match first {
            '\'' | '"' | '`' => rest[1..].find(first).map(|at| at + 2),
            '[' => rest.find(']').map(|at| at + 1),
            first if is_word(first) => rest.find(|c: char| !is_word(c)),
            first => Some(first.len_utf8()),
        };
        let (word, after) = rest.split_at(end.unwrap_or(rest.len()));
        if first != '\'' && (is_word(first) || word.len() > 2) {
            words.push(bare(word));
        }
        rest = after;
    }
    words
}
