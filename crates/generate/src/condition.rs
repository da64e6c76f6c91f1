//! The demands of a CHECK on the columns, derived from its expression.
//!
//! A condition is a tree of wishes. Unknown parts are left out: the wishes only make it likely that
//! SQLite accepts a row, and SQLite decides.

mod wish;
mod expression;
mod called;
mod read;
mod compare;

use observe::Value;
use stdx::Rng;

pub(crate) use expression::constant;
pub use expression::literals;
pub(crate) use wish::{Condition, Order, Wishes};

use expression::with_expression;
use read::Reader;

impl Condition {
    /// Reads the expression of a CHECK over `columns`.
    pub(super) fn read(expression: &str, columns: &[String]) -> Condition {
        Condition::wanted(expression, columns, true)
    }

    /// Reads what the CHECK does not allow.
    pub(super) fn read_against(expression: &str, columns: &[String]) -> Condition {
        Condition::wanted(expression, columns, false)
    }

    fn wanted(expression: &str, columns: &[String], want: bool) -> Condition {
        with_expression(expression, |expr| {
            Reader { columns }.condition(expr, want, 0)
        })
        .unwrap_or(Condition::Free)
    }
}

/// The number of draws of values that violate a condition.
const AGAINST: usize = 4;

/// Values that a condition over `columns` does not allow, as far as it can be parsed, by the
/// column's place.
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
    use crate::need::Need;
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
