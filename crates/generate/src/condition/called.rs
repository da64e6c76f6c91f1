//! The demands of a comparison with the result of a function on its column.

use observe::Value;
use schema::sql::fold;
use sqlite3_parser::ast::Operator;

use super::wish::Condition;
use crate::need::Need;

/// The demand of `name(column) op value` on the column.
pub(super) fn called(name: &str, column: usize, op: Operator, value: &Value) -> Condition {
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

pub(super) fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
