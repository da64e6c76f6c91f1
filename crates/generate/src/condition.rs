//! What a CHECK asks of the columns, read out of its expression.
//!
//! A condition is a tree of wishes. What is not understood is left out: the wishes only make it likely
//! that SQLite takes a row, and SQLite decides.

mod compare;
mod read;

use schema::sql::fold;
use sqlite3_parser::ast::{Cmd, Expr, Literal, OneSelect, ResultColumn, Stmt, UnaryOperator};
use sqlite3_parser::lexer::sql::Parser;
use sqlite3_parser::{Bump, FallibleIterator};

use self::read::Reader;
use crate::need::Need;
use observe::Value;
use stdx::Rng;

/// Deeper trees are not read; SQLite allows 1,000 levels.
const DEEPEST: usize = 200;

/// What must hold.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Condition {
    /// Nothing that is understood.
    Free,
    All(Vec<Condition>),
    Any(Vec<Condition>),
    /// Of one column, by place.
    Need(usize, Need),
    /// Between two columns.
    Pair(usize, Order, usize),
}

/// How the values of two columns of a row stand to each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Order {
    Less,
    LessOrSame,
    Same,
    Other,
}

/// What one row is to fulfil: the branches of each OR are chosen.
#[derive(Debug, Default)]
pub(super) struct Wishes {
    pub(super) needs: Vec<(usize, Need)>,
    pub(super) pairs: Vec<(usize, Order, usize)>,
}

impl Condition {
    /// Reads the expression of a CHECK over `columns`.
    pub(super) fn read(expression: &str, columns: &[String]) -> Condition {
        Condition::wanted(expression, columns, true)
    }

    /// The same of what the CHECK does not allow.
    pub(super) fn read_against(expression: &str, columns: &[String]) -> Condition {
        Condition::wanted(expression, columns, false)
    }

    fn wanted(expression: &str, columns: &[String], want: bool) -> Condition {
        with_expression(expression, |expr| {
            Reader { columns }.condition(expr, want, 0)
        })
        .unwrap_or(Condition::Free)
    }

    /// Chooses one way to fulfil the condition.
    pub(super) fn choose(&self, rng: &mut Rng, wishes: &mut Wishes) {
        match self {
            Condition::Free => {}
            Condition::All(all) => all.iter().for_each(|one| one.choose(rng, wishes)),
            Condition::Any(any) => {
                if let Some(one) = rng.choose(any) {
                    one.choose(rng, wishes);
                }
            }
            Condition::Need(column, need) => wishes.needs.push((*column, need.clone())),
            Condition::Pair(a, order, b) => wishes.pairs.push((*a, *order, *b)),
        }
    }
}

/// The literals of an expression, for conditions that are not understood.
pub fn literals(expression: &str) -> Vec<Value> {
    let mut found = Vec::new();
    let bump = Bump::new();
    let text = format!("SELECT ({expression})");
    let mut parser = Parser::new(&bump, text.as_bytes());
    if let Ok(Some(Cmd::Stmt(Stmt::Select(_)))) = parser.next() {
        // Tokens suffice: a literal is one wherever it stands.
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
pub(super) fn constant(expression: &str) -> Option<Value> {
    with_expression(expression, value).flatten()
}

fn with_expression<T>(expression: &str, take: impl FnOnce(&Expr<'_>) -> T) -> Option<T> {
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

fn bare<'a, 'b>(expr: &'a Expr<'b>) -> &'a Expr<'b> {
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

/// The value of a literal, signed ones and words in double quotes too.
fn value(expr: &Expr<'_>) -> Option<Value> {
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

fn inner(text: &str, quote: char) -> Option<String> {
    let inner = text.strip_prefix(quote)?.strip_suffix(quote)?;
    Some(inner.replace(&format!("{quote}{quote}"), &quote.to_string()))
}

fn number(text: &str, negative: bool) -> Option<Value> {
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

fn join(mut parts: Vec<Condition>, all: bool) -> Condition {
    // A way that asks for nothing is one of the ways of an OR, unless all are so.
    if all || parts.iter().all(|part| *part == Condition::Free) {
        parts.retain(|part| *part != Condition::Free);
    }
    match parts.len() {
        0 => Condition::Free,
        1 => parts.remove(0),
        _ if all => Condition::All(parts),
        _ => Condition::Any(parts),
    }
}

/// How often values against a condition are drawn.
const AGAINST: usize = 4;

/// Values that a condition over `columns` does not allow, as far as it is understood, by the column's place.
pub fn values_against(condition: &str, columns: &[String]) -> Vec<(usize, Value)> {
    let broken = Condition::read_against(condition, columns);
    let mut rng = Rng::new(1);
    let mut found = Vec::new();
    for _ in 0..AGAINST {
        let mut wishes = Wishes::default();
        broken.choose(&mut rng, &mut wishes);
        for (column, need) in wishes.needs {
            let value = crate::need::meet(&[need], schema::Affinity::Blob, &mut rng);
            found.extend(value.map(|value| (column, value)));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::stamp::Stamp;

    fn read(text: &str) -> Condition {
        Condition::read(text, &["a".to_owned(), "b".to_owned()])
    }

    #[test]
    fn usual_checks_are_understood() {
        let need = |need| Condition::Need(0, need);
        let words = vec![Value::text("x"), Value::text("it's")];
        assert_eq!(read("a IN ('x', 'it''s')"), need(Need::OneOf(words)));
        assert_eq!(
            read("a IS NULL OR length(a) <= 3"),
            Condition::Any(vec![need(Need::Null), need(Need::Length(0, Some(3)))])
        );
        assert_eq!(read("json_valid(a)"), need(Need::Json(None)));
        assert_eq!(read("json_valid(a) = 1"), need(Need::Json(None)));
        assert_eq!(
            read("a NOT GLOB '*[^0-9]*'"),
            need(Need::Only("0-9".to_owned()))
        );
        assert_eq!(read("0 < a"), need(Need::AtLeast(Value::Integer(0), true)));
        assert_eq!(
            read("NOT (a > -5)"),
            need(Need::AtMost(Value::Integer(-5), false))
        );
        assert_eq!(read("a >= b"), Condition::Pair(1, Order::LessOrSame, 0));
        assert_eq!(read("date(a) IS a"), need(Need::Time(Stamp::Date)));
        assert_eq!(read("a % 5 = 0"), need(Need::Rest(5, 0)));
        assert_eq!(
            read("\"a\" = \"word\""),
            need(Need::OneOf(vec![Value::text("word")]))
        );
    }

    #[test]
    fn what_is_not_understood_asks_for_nothing() {
        for text in ["a REGEXP 'x'", "nosuch = 1", "SELECT", "a + b = 3", ""] {
            assert_eq!(read(text), Condition::Free, "{text}");
        }
        assert_eq!(
            literals("f(a, 'x', 12)"),
            [Value::text("x"), Value::Integer(12)]
        );
    }

    #[test]
    fn one_or_the_other_is_two_ways() {
        let way = |a, b| Condition::All(vec![Condition::Need(0, a), Condition::Need(1, b)]);
        let both = vec![
            way(Need::Null, Need::NotNull),
            way(Need::NotNull, Need::Null),
        ];
        assert_eq!(read("(a IS NULL) <> (b IS NULL)"), Condition::Any(both));
    }
}
