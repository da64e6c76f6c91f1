//! Expressions, queries and triggers as text that is equal exactly when the meaning is equal.
//!
//! The parser's tree is written as tokens in one spelling only: keywords in upper case, names
//! folded and without quotes, `==` as `=`, one space where a space belongs.

use std::collections::HashSet;

use sqlite3_parser::ast::Expr;
use sqlite3_parser::ast::fmt::{ToTokens, TokenStream};
use sqlite3_parser::dialect::TokenType::{self, *};

use crate::show::collation;
use crate::sql::{fold, quote_name, show_name, unquote, unquote_name};

/// The folded names to which a `"x"` may refer. SQLite reads `"x"` as a string if no such name is
/// in scope (<https://sqlite.org/quirks.html#dblquote>), so `"x"` is written as the name `x` only
/// if it is known to be one.
pub(crate) type Names = HashSet<String>;

/// The text of a piece of the tree.
pub(crate) fn text(node: &impl ToTokens, names: &Names) -> String {
    let mut tokens = Tokens::default();
    tokens.add(node);
    tokens.text(names)
}

/// The expression without outer parentheses. They mean nothing around a whole expression, but in a
/// result list they change the name of the column.
pub(crate) fn bare<'a, 'b>(mut expression: &'a Expr<'b>) -> &'a Expr<'b> {
    while let Expr::Parenthesized(inner) = expression
        && let [only] = inner.as_slice()
    {
        expression = only;
    }
    expression
}

/// The tokens of several pieces, one after the other.
#[derive(Default)]
pub(crate) struct Tokens(Vec<(TokenType, String)>);

impl TokenStream for Tokens {
    type Error = std::convert::Infallible;

    fn append(&mut self, kind: TokenType, value: Option<&str>) -> Result<(), Self::Error> {
        // Only names may be empty; an empty piece would leave only a space.
        let value = value.or(kind.as_str()).unwrap_or_default();
        // `INNER` is the default of a join, and the parser writes `CROSS` as `CROSS INNER JOIN`.
        // Ascending is the default of a term; a column named `asc` is a `TK_ID`.
        let elided = kind == TK_ASC || (kind == TK_JOIN_KW && value == "INNER");
        if !value.is_empty() && !elided {
            self.0.push((kind, value.to_owned()));
        }
        Ok(())
    }
}

impl Tokens {
    pub(crate) fn add(&mut self, node: &impl ToTokens) -> &mut Tokens {
        let Ok(()) = node.to_tokens(self);
        self
    }

    pub(crate) fn text(&self, names: &Names) -> String {
        let mut shown = String::new();
        for (at, (kind, value)) in self.0.iter().enumerate() {
            let before = at
                .checked_sub(1)
                .and_then(|at| self.0.get(at))
                .map(|token| token.0);
            let after = self.0.get(at + 1).map(|token| token.0);
            // A name directly after an operand is an alias, whose `AS` may be omitted.
            let alias = *kind == TK_ID && before.is_some_and(ends_operand);
            if alias {
                shown.push_str(" AS");
            }
            let before = if alias { Some(TK_AS) } else { before };
            if self.spaced(at, before, *kind) {
                shown.push(' ');
            }
            match kind {
                // Shown as everywhere else.
                TK_ID if before == Some(TK_COLLATE) => {
                    shown.push_str(&collation(&unquote_name(value).to_ascii_uppercase()));
                }
                TK_ID => shown.push_str(&name(value, before, after, names)),
                TK_BLOB => shown.push_str(&format!("x'{}'", value.to_ascii_uppercase())),
                // Strings keep their content, parameters their case.
                TK_STRING | TK_VARIABLE => shown.push_str(value),
                // Each has a long spelling, which the parser distinguishes.
                TK_NOTNULL => shown.push_str("IS NOT NULL"),
                TK_ISNULL => shown.push_str("IS NULL"),
                TK_FLOAT | TK_INTEGER => shown.push_str(&value.to_ascii_lowercase()),
                _ => shown.push_str(&value.to_ascii_uppercase()),
            }
        }
        shown
    }

    /// Whether a space belongs before the token at `at`.
    fn spaced(&self, at: usize, before: Option<TokenType>, kind: TokenType) -> bool {
        let Some(before) = before else { return false };
        let sign = |kind| matches!(kind, TK_MINUS | TK_PLUS | TK_BITNOT);
        if matches!(kind, TK_COMMA | TK_RP | TK_DOT | TK_SEMI) || matches!(before, TK_LP | TK_DOT) {
            return false;
        }
        if kind == TK_LP && before == TK_ID {
            return false;
        }
        // A sign after a token that cannot end an operand belongs to the next one; `- -1` keeps its
        // space, or it would begin a comment.
        let two_before = at
            .checked_sub(2)
            .and_then(|at| self.0.get(at))
            .map(|token| token.0);
        !(sign(before) && !sign(kind) && !two_before.is_some_and(ends_operand))
    }
}

fn ends_operand(kind: TokenType) -> bool {
    matches!(
        kind,
        TK_ID | TK_STRING | TK_BLOB | TK_FLOAT | TK_INTEGER | TK_VARIABLE
    ) || matches!(
        kind,
        TK_RP | TK_NULL | TK_CTIME_KW | TK_END | TK_ISNULL | TK_NOTNULL
    )
}

/// The compared form of a name, or of the string as which SQLite would read it.
fn name(value: &str, before: Option<TokenType>, after: Option<TokenType>, names: &Names) -> String {
    let Some(inner) = unquote(value) else {
        // Several words are a type, which is compared without regard to case.
        let words: Vec<String> = value.split_ascii_whitespace().map(fold).collect();
        return match words.as_slice() {
            [_] => show_name(value),
            _ => words.join(" "),
        };
    };
    let surely_name = !value.starts_with('"')
        || matches!(
            before,
            Some(TK_AS | TK_DOT | TK_COLLATE | TK_FROM | TK_JOIN | TK_INTO | TK_UPDATE)
        )
        || matches!(after, Some(TK_DOT | TK_LP))
        || names.contains(&fold(&inner));
    if surely_name {
        show_name(&inner)
    } else {
        quote_name(&inner)
    }
}
