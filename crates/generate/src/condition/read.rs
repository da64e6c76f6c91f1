//! Reads the terms of an expression.

use schema::sql::fold;
use sqlite3_parser::ast::{Expr, LikeOperator, Operator, UnaryOperator};

use super::called::{called, lossy};
use super::expression::{bare, inner, value};
use super::wish::{Condition, DEEPEST, join};
use crate::need::Need;
use crate::stamp::Stamp;
use observe::Value;

/// Reads expressions over columns.
pub(super) struct Reader<'a> {
    pub(super) columns: &'a [String],
}

/// One side of a comparison: a column, or a value computed only from it.
pub(super) enum Side {
    Column(usize),
    Call(String, usize, Option<Value>),
    Rest(usize, i64),
}

impl Reader<'_> {
    pub(super) fn condition(&self, expr: &Expr<'_>, want: bool, depth: usize) -> Condition {
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
                // Without ELSE the result is NULL, which satisfies a CHECK.
                before.extend(else_expr.map(|otherwise| next(otherwise, want)));
                ways.push(all(before));
                any(ways)
            }
            other => self.alone(other, want),
        }
    }

    /// Reads a term that is true or false by itself.
    fn alone(&self, expr: &Expr<'_>, want: bool) -> Condition {
        match (self.side(expr), value(expr)) {
            (Some(Side::Column(column)), _) => {
                if want {
                    Condition::Need(column, Need::OneOf(vec![Value::Integer(1)]))
                } else {
                    Condition::Need(column, Need::OneOf(vec![Value::Integer(0)]))
                }
            }
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
            // `NOT GLOB '*[^a-z]*'` means "only these characters".
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

    fn column(&self, name: &str) -> Option<usize> {
        let bracketed = name
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'));
        let name = (inner(name, '"').or_else(|| inner(name, '`')))
            .or_else(|| bracketed.map(str::to_owned))
            .unwrap_or_else(|| name.to_owned());
        self.columns
            .iter()
            .position(|own| own.eq_ignore_ascii_case(&name))
    }

    pub(super) fn side(&self, expr: &Expr<'_>) -> Option<Side> {
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
                // The column of `strftime` is the second argument.
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
