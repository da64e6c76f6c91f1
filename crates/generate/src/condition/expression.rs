//! Expressions as SQLite's grammar reads them: literals and values.

use observe::Value;
use schema::sql::fold;
use sqlite3_parser::ast::{Cmd, Expr, Literal, OneSelect, ResultColumn, Stmt, UnaryOperator};
use sqlite3_parser::lexer::sql::Parser;
use sqlite3_parser::{Bump, FallibleIterator};

/// The literals of an expression, for conditions that cannot be parsed.
pub fn literals(expression: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let bump = Bump::new();
    let text = format!("SELECT ({expression})");
    let mut parser = Parser::new(&bump, text.as_bytes());
    if let Ok(Some(Cmd::Stmt(Stmt::Select(_)))) = parser.next() {
        // Tokens suffice: a literal is one in any place.
        let mut rest = expression;
        while let Some(start) = rest.find(['\'', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
        {
            rest = rest.get(start..).unwrap_or_default();
            let length = match rest.strip_prefix('\'') {
                Some(inner) => inner.find('\'').map_or(rest.len(), |end| end + 2),
                None => rest
                    .find(|c: char| !c.is_ascii_alphanumeric() && c != '.')
                    .unwrap_or(rest.len()),
            };
            let (token, after) = rest.split_at(length);
            found.extend(match token.strip_prefix('\'') {
                Some(inner) => Some(Value::text(inner.trim_end_matches('\''))),
                None => number(token, false),
            });
            rest = after;
        }
    }
    found
}

/// The value of a literal default; `None` for one that is computed.
pub(crate) fn constant(expression: &str) -> Option<Value> {
    with_expression(expression, value).flatten()
}

pub(super) fn with_expression<T>(expression: &str, take: impl FnOnce(&Expr<'_>) -> T) -> Option<T> {
    let bump = Bump::new();
    let text = format!("SELECT ({expression})");
    let mut parser = Parser::new(&bump, text.as_bytes());
    let Ok(Some(Cmd::Stmt(Stmt::Select(select)))) = parser.next() else {
        return None;
    };
    match &select.body.select {
        OneSelect::Select { columns, .. } => match columns {
            [ResultColumn::Expr(expr, _)] => Some(take(expr)),
            _ => None,
        },
        OneSelect::Values(_) => None,
    }
}

pub(super) fn bare<'a, 'b>(expr: &'a Expr<'b>) -> &'a Expr<'b> {
    let mut expr = expr;
    loop {
        expr = match expr {
            Expr::Parenthesized(inner) => match inner.as_slice() {
                [only] => only,
                _ => return expr,
            },
            Expr::Collate(inner, _) => inner,
            Expr::Unary(UnaryOperator::Positive, inner) => inner,
            _ => return expr,
        };
    }
}

/// The value of a literal, including signed ones and words in double quotes.
pub(super) fn value(expr: &Expr<'_>) -> Option<Value> {
    match bare(expr) {
        Expr::Literal(Literal::Numeric(text)) => number(text, false),
        Expr::Unary(UnaryOperator::Negative, inner) => match bare(inner) {
            Expr::Literal(Literal::Numeric(text)) => number(text, true),
            _ => None,
        },
        Expr::Literal(Literal::String(text)) => Some(Value::text(&inner(text, '\'')?)),
        Expr::Literal(Literal::Null) => Some(Value::Null),
        Expr::Literal(Literal::Keyword(word)) | Expr::Id(sqlite3_parser::ast::Id(word)) => {
            match fold(word).as_str() {
                "true" => Some(Value::Integer(1)),
                "false" => Some(Value::Integer(0)),
                quoted => inner(quoted, '"')
                    .map(|_| inner(word, '"').unwrap_or_default())
                    .map(|text| Value::text(&text)),
            }
        }
        _ => None,
    }
}

pub(super) fn inner(text: &str, quote: char) -> Option<String> {
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    Some(inner.replace(&format!("{quote}{quote}"), &quote.to_string()))
}

pub(super) fn number(text: &str, negative: bool) -> Option<Value> {
    let text = fold(text).replace('_', "");
    if let Some(digits) = text.strip_prefix("0x") {
        let bits = u64::from_str_radix(digits, 16).ok()?.cast_signed();
        return Some(Value::Integer(if negative {
            bits.wrapping_neg()
        } else {
            bits
        }));
    }
    let signed = if negative { format!("-{text}") } else { text };
    match signed.parse::<i64>() {
        Ok(whole) => Some(Value::Integer(whole)),
        Err(_) => signed
            .parse::<f64>()
            .ok()
            .map(|real| Value::Real(real.to_bits())),
    }
}
