//! Reads comparisons of a column, or of a function of it, with a value or another column.

use sqlite3_parser::ast::{Expr, Operator};

use super::called::{called, lossy};
use super::expression::value;
use super::read::{Reader, Side};
use super::wish::{Condition, DEEPEST, Order, join};
use crate::need::Need;
use crate::stamp::Stamp;
use observe::Value;

impl Reader<'_> {
    pub(super) fn comparison(
        &self,
        a: &Expr<'_>,
        op: Operator,
        b: &Expr<'_>,
        want: bool,
    ) -> Condition {
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

    /// Two conditions that must have equal results, or different ones.
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
