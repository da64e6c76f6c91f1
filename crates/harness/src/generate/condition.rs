//! What a CHECK asks of the columns, read out of its expression.
//!
//! A condition is a tree of wishes. What is not understood is left out: the wishes only make it likely
//! that SQLite takes a row, and SQLite decides.

use schema::sql::fold;
use sqlite3_parser::ast::{
    Cmd, Expr, LikeOperator, Literal, OneSelect, Operator, ResultColumn, Stmt, UnaryOperator,
};
use sqlite3_parser::lexer::sql::Parser;
use sqlite3_parser::{Bump, FallibleIterator};

use super::dice::Dice;
use super::need::{Need, Stamp};
use crate::observe::Value;

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
        with_expression(expression, |expr| {
            Reader { columns }.condition(expr, true, 0)
        })
        .unwrap_or(Condition::Free)
    }

    /// Chooses one way to fulfil the condition.
    pub(super) fn choose(&self, dice: &mut Dice, wishes: &mut Wishes) {
        match self {
            Condition::Free => {}
            Condition::All(all) => all.iter().for_each(|one| one.choose(dice, wishes)),
            Condition::Any(any) => {
                if let Some(one) = dice.pick(any) {
                    one.choose(dice, wishes);
                }
            }
            Condition::Need(column, need) => wishes.needs.push((*column, need.clone())),
            Condition::Pair(a, order, b) => wishes.pairs.push((*a, *order, *b)),
        }
    }
}

/// The literals of an expression, for conditions that are not understood.
pub(super) fn literals(expression: &str) -> Vec<Value> {
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

struct Reader<'a> {
    columns: &'a [String],
}

/// What is said of a column: of itself, or of something computed from it alone.
enum Side {
    Column(usize),
    Call(String, usize, Option<Value>),
    Rest(usize, i64),
}

impl Reader<'_> {
    fn condition(&self, expr: &Expr<'_>, want: bool, depth: usize) -> Condition {
        if depth > DEEPEST {
            return Condition::Free;
        }
        let next = |expr: &Expr<'_>, want: bool| self.condition(expr, want, depth + 1);
        let all = |parts: Vec<Condition>| join(parts, true);
        let any = |parts: Vec<Condition>| join(parts, false);
        match bare(expr) {
            Expr::Unary(UnaryOperator::Not, inner) => next(inner, !want),
            Expr::Binary(a, op @ (Operator::And | Operator::Or), b) => {
                let parts = vec![next(a, want), next(b, want)];
                if (*op == Operator::And) == want {
                    all(parts)
                } else {
                    any(parts)
                }
            }
            Expr::Binary(a, op, b) => self.comparison(a, *op, b, want),
            Expr::Between {
                lhs,
                not,
                start,
                end,
            } => {
                let low = self.comparison(lhs, Operator::GreaterEquals, start, want != *not);
                let high = self.comparison(lhs, Operator::LessEquals, end, want != *not);
                if want == *not {
                    any(vec![low, high])
                } else {
                    all(vec![low, high])
                }
            }
            Expr::IsNull(inner) => self.null(inner, want),
            Expr::NotNull(inner) => self.null(inner, !want),
            Expr::InList { lhs, not, rhs } => {
                let values: Vec<Value> = rhs.unwrap_or_default().iter().filter_map(value).collect();
                self.in_list(lhs, values, want != *not)
            }
            Expr::Like {
                lhs,
                not,
                op,
                rhs,
                escape,
            } if escape.is_none() => self.like(lhs, op, rhs, want != *not),
            Expr::Case {
                base: None,
                when_then_pairs,
                else_expr,
            } => {
                let mut ways = Vec::new();
                let mut before = Vec::new();
                for (when, then) in *when_then_pairs {
                    let mut way: Vec<Condition> = before.clone();
                    way.extend([next(when, true), next(then, want)]);
                    ways.push(all(way));
                    before.push(next(when, false));
                }
                // Without ELSE the whole is NULL, which a CHECK lets pass.
                before.extend(else_expr.map(|otherwise| next(otherwise, want)));
                ways.push(all(before));
                any(ways)
            }
            other => self.alone(other, want),
        }
    }

    /// A term that is true or false by itself.
    fn alone(&self, expr: &Expr<'_>, want: bool) -> Condition {
        match (self.side(expr), value(expr)) {
            (Some(Side::Column(column)), _) => match want {
                true => Condition::Need(column, Need::OneOf(vec![Value::Integer(1)])),
                false => Condition::Need(column, Need::OneOf(vec![Value::Integer(0)])),
            },
            (Some(Side::Call(name, column, more)), _) => match (name.as_str(), want) {
                ("json_valid", true) => Condition::Need(column, Need::Json(None)),
                ("length", true) => Condition::Need(column, Need::Length(1, None)),
                ("instr", true) => match more {
                    Some(Value::Text(part)) => {
                        Condition::Need(column, Need::Contains(lossy(&part)))
                    }
                    _ => Condition::Free,
                },
                _ => Condition::Free,
            },
            _ => Condition::Free,
        }
    }

    fn null(&self, expr: &Expr<'_>, want: bool) -> Condition {
        match self.side(expr) {
            Some(Side::Column(column)) if want => Condition::Need(column, Need::Null),
            Some(Side::Column(column)) => Condition::Need(column, Need::NotNull),
            Some(Side::Call(name, column, _)) if !want => match Stamp::by_function(&name) {
                Some(stamp) => Condition::Need(column, Need::Time(stamp)),
                None => Condition::Need(column, Need::NotNull),
            },
            _ => match bare(expr) {
                Expr::FunctionCall {
                    name,
                    args: Some(args),
                    ..
                } if fold(name.0) == "coalesce" => {
                    let parts = args.iter().map(|arg| self.null(arg, want)).collect();
                    join(parts, want)
                }
                _ => Condition::Free,
            },
        }
    }

    fn in_list(&self, lhs: &Expr<'_>, values: Vec<Value>, want: bool) -> Condition {
        match (self.side(lhs), want) {
            (Some(Side::Column(column)), true) if !values.is_empty() => {
                Condition::Need(column, Need::OneOf(values))
            }
            (Some(Side::Column(column)), false) => Condition::Need(column, Need::NoneOf(values)),
            (Some(Side::Call(name, column, _)), true) => {
                let ways = values
                    .iter()
                    .map(|value| called(&name, column, Operator::Equals, value));
                join(ways.collect(), false)
            }
            _ => Condition::Free,
        }
    }

    fn like(&self, lhs: &Expr<'_>, op: &LikeOperator, rhs: &Expr<'_>, want: bool) -> Condition {
        let (Some(Side::Column(column) | Side::Call(_, column, _)), Some(Value::Text(pattern))) =
            (self.side(lhs), value(rhs))
        else {
            return Condition::Free;
        };
        let pattern = lossy(&pattern);
        match (op, want) {
            (LikeOperator::Like, true) => Condition::Need(column, Need::Like(pattern)),
            (LikeOperator::Glob, true) => Condition::Need(column, Need::Glob(pattern)),
            // `NOT GLOB '*[^a-z]*'` is how SQL says "only these characters".
            (LikeOperator::Glob, false) => {
                let inner = pattern
                    .strip_prefix("*[^")
                    .and_then(|rest| rest.strip_suffix("]*"));
                match inner {
                    Some(set) => Condition::Need(column, Need::Only(set.to_owned())),
                    None => Condition::Free,
                }
            }
            _ => Condition::Free,
        }
    }

    fn comparison(&self, a: &Expr<'_>, op: Operator, b: &Expr<'_>, want: bool) -> Condition {
        let Some(op) = (if want { Some(op) } else { opposite(op) }) else {
            return Condition::Free;
        };
        // A comparison of conditions, as in `json_valid(x) = 1` or `(a IS NULL) = (b IS NULL)`.
        match (self.side(a), value(a), self.side(b), value(b)) {
            (Some(a), _, _, Some(b)) => against(&a, op, &b),
            (_, Some(a), Some(b), _) => {
                mirrored(op).map_or(Condition::Free, |op| against(&b, op, &a))
            }
            (Some(Side::Column(a)), _, Some(Side::Column(b)), _) => match op {
                Operator::Less => Condition::Pair(a, Order::Less, b),
                Operator::LessEquals => Condition::Pair(a, Order::LessOrSame, b),
                Operator::Greater => Condition::Pair(b, Order::Less, a),
                Operator::GreaterEquals => Condition::Pair(b, Order::LessOrSame, a),
                Operator::Equals | Operator::Is => Condition::Pair(a, Order::Same, b),
                Operator::NotEquals | Operator::IsNot => Condition::Pair(a, Order::Other, b),
                _ => Condition::Free,
            },
            (Some(Side::Call(name, column, _)), _, Some(Side::Column(own)), _)
            | (Some(Side::Column(own)), _, Some(Side::Call(name, column, _)), _)
                if column == own && matches!(op, Operator::Equals | Operator::Is) =>
            {
                match Stamp::by_function(&name) {
                    Some(stamp) => Condition::Need(column, Need::Time(stamp)),
                    None => Need::form(&name)
                        .map_or(Condition::Free, |need| Condition::Need(column, need)),
                }
            }
            (None, None, None, Some(Value::Integer(flag @ (0 | 1)))) => match op {
                Operator::Equals | Operator::Is => self.condition(a, flag == 1, DEEPEST / 2),
                Operator::NotEquals | Operator::IsNot => self.condition(a, flag == 0, DEEPEST / 2),
                _ => Condition::Free,
            },
            (None, None, None, None) => match op {
                Operator::Equals | Operator::Is => self.alike(a, b, true),
                Operator::NotEquals | Operator::IsNot => self.alike(a, b, false),
                _ => Condition::Free,
            },
            _ => Condition::Free,
        }
    }

    /// Two conditions that are to come out alike, or not.
    fn alike(&self, a: &Expr<'_>, b: &Expr<'_>, alike: bool) -> Condition {
        let way = |first: bool| {
            let second = if alike { first } else { !first };
            let parts = [(a, first), (b, second)];
            join(
                parts
                    .map(|(expr, want)| self.condition(expr, want, DEEPEST / 2))
                    .into(),
                true,
            )
        };
        join(vec![way(true), way(false)], false)
    }

    fn column(&self, name: &str) -> Option<usize> {
        let name = inner(name, '"').unwrap_or_else(|| name.to_owned());
        self.columns
            .iter()
            .position(|own| own.eq_ignore_ascii_case(&name))
    }

    fn side(&self, expr: &Expr<'_>) -> Option<Side> {
        match bare(expr) {
            Expr::Id(id) => self.column(id.0).map(Side::Column),
            Expr::Name(name) | Expr::Qualified(_, name) => self.column(name.0).map(Side::Column),
            Expr::Cast { expr, .. } => match self.side(expr) {
                Some(Side::Column(column)) => Some(Side::Column(column)),
                _ => None,
            },
            Expr::Binary(a, Operator::Modulus, b) => match (self.side(a), value(b)) {
                (Some(Side::Column(column)), Some(Value::Integer(by))) => {
                    Some(Side::Rest(column, by))
                }
                _ => None,
            },
            Expr::FunctionCall {
                name,
                args: Some(args),
                ..
            } => {
                let name = fold(name.0);
                // The column of `strftime` stands second.
                let at = usize::from(matches!(name.as_str(), "strftime"));
                let Some(Side::Column(column)) = self.side(args.get(at)?) else {
                    return None;
                };
                let more = args.get(1 - at).and_then(value);
                Some(Side::Call(name, column, more))
            }
            _ => None,
        }
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
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

fn opposite(op: Operator) -> Option<Operator> {
    Some(match op {
        Operator::Less => Operator::GreaterEquals,
        Operator::LessEquals => Operator::Greater,
        Operator::Greater => Operator::LessEquals,
        Operator::GreaterEquals => Operator::Less,
        Operator::Equals => Operator::NotEquals,
        Operator::NotEquals => Operator::Equals,
        Operator::Is => Operator::IsNot,
        Operator::IsNot => Operator::Is,
        _ => return None,
    })
}

fn mirrored(op: Operator) -> Option<Operator> {
    Some(match op {
        Operator::Less => Operator::Greater,
        Operator::LessEquals => Operator::GreaterEquals,
        Operator::Greater => Operator::Less,
        Operator::GreaterEquals => Operator::LessEquals,
        Operator::Equals | Operator::NotEquals | Operator::Is | Operator::IsNot => op,
        _ => return None,
    })
}

fn against(side: &Side, op: Operator, value: &Value) -> Condition {
    match side {
        Side::Call(name, column, Some(Value::Text(part))) if name == "instr" => match (op, value) {
            (Operator::Greater, Value::Integer(0)) | (Operator::NotEquals, Value::Integer(0)) => {
                Condition::Need(*column, Need::Contains(lossy(part)))
            }
            _ => Condition::Free,
        },
        Side::Call(name, column, _) => called(name, *column, op, value),
        Side::Rest(column, by) => match (op, value) {
            (Operator::Equals | Operator::Is, Value::Integer(rest)) => {
                Condition::Need(*column, Need::Rest(*by, *rest))
            }
            _ => Condition::Free,
        },
        Side::Column(column) => {
            let need = match (op, value) {
                (Operator::Is, Value::Null) => Need::Null,
                (Operator::IsNot, Value::Null) => Need::NotNull,
                (_, Value::Null) => return Condition::Free,
                (Operator::Equals | Operator::Is, value) => Need::OneOf(vec![value.clone()]),
                (Operator::NotEquals | Operator::IsNot, value) => Need::NoneOf(vec![value.clone()]),
                (Operator::Greater, value) => Need::AtLeast(value.clone(), true),
                (Operator::GreaterEquals, value) => Need::AtLeast(value.clone(), false),
                (Operator::Less, value) => Need::AtMost(value.clone(), true),
                (Operator::LessEquals, value) => Need::AtMost(value.clone(), false),
                _ => return Condition::Free,
            };
            Condition::Need(*column, need)
        }
    }
}

/// What `name(column) op value` asks of the column.
fn called(name: &str, column: usize, op: Operator, value: &Value) -> Condition {
    let size = |value: &Value| match value {
        Value::Integer(number) => usize::try_from(*number).ok(),
        _ => None,
    };
    let equal = matches!(op, Operator::Equals | Operator::Is);
    let word = match value {
        Value::Text(text) => fold(&lossy(text)),
        _ => String::new(),
    };
    let need = match (name, op) {
        ("length" | "octet_length", _) => {
            let Some(size) = size(value) else {
                return Condition::Free;
            };
            match op {
                Operator::Equals | Operator::Is => Need::Length(size, Some(size)),
                Operator::Greater => Need::Length(size.saturating_add(1), None),
                Operator::GreaterEquals => Need::Length(size, None),
                Operator::Less => Need::Length(0, Some(size.saturating_sub(1))),
                Operator::LessEquals => Need::Length(0, Some(size)),
                Operator::NotEquals | Operator::IsNot if size == 0 => Need::Length(1, None),
                _ => return Condition::Free,
            }
        }
        ("trim", Operator::NotEquals | Operator::IsNot) => Need::Length(1, None),
        ("typeof", _) if equal => Need::Type(word),
        ("json_valid", _) if equal && *value == Value::Integer(1) => Need::Json(None),
        ("json_valid", Operator::NotEquals) if *value == Value::Integer(0) => Need::Json(None),
        ("json_valid", Operator::Greater) => Need::Json(None),
        ("json_type", _) if equal => Need::Json(Some(word)),
        ("abs", Operator::LessEquals | Operator::Less) => {
            Need::AtMost(value.clone(), op == Operator::Less)
        }
        ("abs", Operator::GreaterEquals | Operator::Greater) => {
            Need::AtLeast(value.clone(), op == Operator::Greater)
        }
        ("lower" | "upper" | "trim", _) if equal => Need::OneOf(vec![value.clone()]),
        ("substr" | "substring", _) if equal => Need::Glob(format!(
            "{}*",
            lossy(match value {
                Value::Text(text) => text,
                _ => return Condition::Free,
            })
        )),
        _ => return Condition::Free,
    };
    Condition::Need(column, need)
}

#[cfg(test)]
mod tests {
    use super::*;

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
