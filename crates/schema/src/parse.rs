//! Parses a `CREATE` statement into its declarations.

mod others;
mod table;

use sqlite3_parser::ast::{Cmd, Stmt};
use sqlite3_parser::lexer::sql::Parser;
use sqlite3_parser::{Bump, FallibleIterator};

use crate::sql::token::{Kind, words};

pub(crate) use others::{index, trigger, view, virtual_table};
pub(crate) use table::table;

/// The limit for nested parentheses and successive operators. The tree is walked by recursion;
/// SQLite itself refuses expressions deeper than 1,000
/// (<https://sqlite.org/limits.html#max_expr_depth>).
const DEEPEST: usize = 1_000;

/// Passes the parsed statement to `take`. `None` if the text is not one statement of the grammar,
/// or if `take` cannot use it.
fn parsed<T>(sql: &str, take: impl FnOnce(&Stmt<'_>) -> Option<T>) -> Option<T> {
    if too_deep(sql) {
        return None;
    }
    let bump = Bump::new();
    let mut parser = Parser::new(&bump, sql.as_bytes());
    let Ok(Some(Cmd::Stmt(statement))) = parser.next() else {
        return None;
    };
    match parser.next() {
        Ok(None) => take(&statement),
        _ => None,
    }
}

/// Whether an expression may be deeper than SQLite allows. Each word and symbol between two commas
/// counts as a level, so the estimate is too high, but harmless for any realistic SQL.
fn too_deep(sql: &str) -> bool {
    let mut deepest = 0;
    let mut nested: Vec<usize> = Vec::new();
    let mut here = 0_usize;
    for token in words(sql) {
        match token.text {
            "(" => {
                nested.push(here);
                here += 1;
            }
            ")" => here = nested.pop().unwrap_or_default(),
            "," | ";" => here = nested.last().map_or(0, |outer| outer + 1),
            _ if token.kind == Kind::Symbol => here += 1,
            _ if ["and", "or", "not", "is", "like", "case", "collate"]
                .iter()
                .any(|word| token.text.eq_ignore_ascii_case(word)) =>
            {
                here += 1;
            }
            _ => {}
        }
        deepest = deepest.max(here);
    }
    deepest > DEEPEST
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Appends one more `again` to `text` than is allowed, then as many as are allowed.
    fn limit(text: &str, again: &str, already: usize) {
        let with = |times: usize| format!("{text}{}", again.repeat(times));
        assert!(!too_deep(&with(DEEPEST - already)), "{text} {again}");
        assert!(too_deep(&with(DEEPEST - already + 1)), "{text} {again}");
    }

    #[test]
    fn what_nests_or_follows_counts() {
        limit("SELECT ", "(", 0);
        limit("SELECT ", "- ", 0);
        limit("SELECT 1 ", "AND 1 ", 0);
        limit("SELECT ", "not ", 0);
        // After a closing parenthesis, the depth is that of before.
        limit("- - -", "()-", 3);
        // After a comma, it is that of the parenthesis.
        limit(&format!("{}+ + + +,", "(".repeat(400)), "+", 400);
        limit("+ + +;", "+", 0);
    }

    #[test]
    fn what_is_wide_is_not_deep() {
        for wide in ["()", "a ", "+a,", "a + b;", "(a + b), "] {
            assert!(!too_deep(&wide.repeat(5 * DEEPEST)), "{wide}");
        }
    }
}
