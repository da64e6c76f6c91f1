//! Demands on a value, and values that meet them.

use schema::Affinity;

use crate::pattern::{characters, expand, glob_of_like};
use crate::role;
use crate::stamp::Stamp;
use observe::Value;
use stdx::Rng;

/// The maximum length of a value; longer demands are left to trial and rejection.
const LONGEST: usize = 100_000;

/// A demand of a condition on a column. NULL is left to the condition, because it satisfies a
/// CHECK.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Need {
    Null,
    NotNull,
    OneOf(Vec<Value>),
    NoneOf(Vec<Value>),
    /// At least this value; more than it if `true`.
    AtLeast(Value, bool),
    /// At most this value; less than it if `true`.
    AtMost(Value, bool),
    /// The minimum and maximum number of characters or bytes.
    Length(usize, Option<usize>),
    Like(String),
    Glob(String),
    /// Only characters of a set in GLOB syntax, such as `a-z0-9_`.
    Only(String),
    Contains(String),
    /// The type, as `typeof` names it.
    Type(String),
    /// JSON of a type, as `json_type` names it.
    Json(Option<String>),
    Time(Stamp),
    /// A divisor and its remainder.
    Rest(i64, i64),
    Lower,
    Upper,
    Trimmed,
}

impl Need {
    /// The demand of `x = name(x)`.
    pub(super) fn form(name: &str) -> Option<Need> {
        match name {
            "lower" => Some(Need::Lower),
            "upper" => Some(Need::Upper),
            "trim" | "ltrim" | "rtrim" => Some(Need::Trimmed),
            "json" => Some(Need::Json(None)),
            "abs" => Some(Need::AtLeast(Value::Integer(0), false)),
            _ => None,
        }
    }
}

/// All demands on one column together.
#[derive(Debug, Default)]
struct Shape<'a> {
    one_of: Option<&'a [Value]>,
    none_of: Vec<&'a Value>,
    low: Option<(&'a Value, bool)>,
    high: Option<(&'a Value, bool)>,
    length: (usize, Option<usize>),
    pattern: Option<String>,
    only: Option<&'a str>,
    contains: Option<&'a str>,
    kind: Option<&'a str>,
    json: Option<Option<&'a str>>,
    time: Option<Stamp>,
    rest: Option<(i64, i64)>,
    forms: Vec<&'a Need>,
}

impl<'a> Shape<'a> {
    fn of(needs: &'a [Need]) -> Shape<'a> {
        let mut shape = Shape::default();
        for need in needs {
            match need {
                Need::Null | Need::NotNull => {}
                Need::OneOf(values) => {
                    // Of two lists, the shorter is probably a part of the longer.
                    let better = shape.one_of.is_none_or(|known| values.len() < known.len());
                    shape.one_of = if better { Some(values) } else { shape.one_of };
                }
                Need::NoneOf(values) => shape.none_of.extend(values),
                Need::AtLeast(value, more) => shape.low = Some((value, *more)),
                Need::AtMost(value, less) => shape.high = Some((value, *less)),
                Need::Length(low, high) => {
                    shape.length.0 = shape.length.0.max(*low);
                    shape.length.1 = match (shape.length.1, *high) {
                        (Some(a), Some(b)) => Some(a.min(b)),
                        (a, b) => a.or(b),
                    };
                }
                Need::Like(pattern) => shape.pattern = Some(glob_of_like(pattern)),
                Need::Glob(pattern) => shape.pattern = Some(pattern.clone()),
                Need::Only(set) => shape.only = Some(set),
                Need::Contains(part) => shape.contains = Some(part),
                Need::Type(kind) => shape.kind = Some(kind),
                Need::Json(kind) => shape.json = Some(kind.as_deref()),
                Need::Time(stamp) => shape.time = Some(*stamp),
                Need::Rest(by, rest) => shape.rest = Some((*by, *rest)),
                Need::Lower | Need::Upper | Need::Trimmed => shape.forms.push(need),
            }
        }
        shape
    }

    /// Draws a number between the limits, mostly near the lower one, sometimes a limit itself.
    fn number(&self, affinity: Affinity, rng: &mut Rng) -> Value {
        let real = affinity == Affinity::Real || self.kind == Some("real");
        let as_real = |value: &Value| match value {
            Value::Integer(number) => Some(*number as f64),
            Value::Real(bits) => Some(f64::from_bits(*bits)),
            _ => None,
        };
        let (low, high) = (
            self.low
                .and_then(|(value, more)| Some((as_real(value)?, more))),
            self.high
                .and_then(|(value, less)| Some((as_real(value)?, less))),
        );
        if real {
            let start = low.map_or_else(
                || high.map_or(0.0, |(high, _)| (high - 100.0).min(0.0)),
                |(low, _)| low,
            );
            let end = high.map_or(start + 1_000.0, |(high, _)| high);
            let part = (1 + rng.index(98)) as f64 / 100.0;
            let value = start + (end - start).clamp(0.0, 1_000.0) * part;
            let round = (value * 4.0).round() / 4.0;
            let value = if round > start && round < end {
                round
            } else {
                value
            };
            return Value::Real(value.to_bits());
        }
        let next = |(low, more): (f64, bool)| {
            (low.ceil() as i64).saturating_add(i64::from(more && low.fract() == 0.0))
        };
        let before = |(high, less): (f64, bool)| {
            (high.floor() as i64).saturating_sub(i64::from(less && high.fract() == 0.0))
        };
        let (first, last) = match (low.map(next), high.map(before)) {
            (Some(first), Some(last)) => (first, last),
            (Some(first), None) => (first, first.saturating_add(100)),
            // With only an upper limit, numbers that are not negative are usual.
            (None, Some(last)) => (
                if last < 0 {
                    last.saturating_sub(100)
                } else {
                    0
                },
                last,
            ),
            (None, None) => (0, 100),
        };
        let mut number = match rng.index(4) {
            0 => first,
            1 if high.is_some() && last >= first => last,
            _ => rng.between(first, last),
        };
        if let Some((by, rest)) = self.rest.filter(|(by, _)| *by != 0) {
            number = number
                .wrapping_sub(number.rem_euclid(by))
                .wrapping_add(rest);
            if number < first {
                number = number.wrapping_add(by.wrapping_abs());
            }
        }
        Value::Integer(number)
    }

    fn text(&self, rng: &mut Rng) -> String {
        let mut text = match (&self.pattern, self.only) {
            (Some(pattern), only) => expand(pattern, only, self.length, rng),
            (None, Some(set)) => {
                let set = characters(set);
                let low = self.length.0.clamp(1, LONGEST);
                let length =
                    low + rng.index(self.length.1.unwrap_or(low + 6).saturating_sub(low) + 1);
                (0..length).filter_map(|_| rng.choose(&set)).collect()
            }
            (None, None) => role::words(rng),
        };
        for form in &self.forms {
            text = match form {
                Need::Lower => text.to_lowercase(),
                Need::Upper => text.to_uppercase(),
                _ => text.trim().to_owned(),
            };
        }
        if let Some(part) = self.contains.filter(|part| !text.contains(part)) {
            text.push_str(part);
            text.push('b');
        }
        if self.pattern.is_none() {
            fit(&mut text, self.length);
        }
        text
    }
}

/// A value that meets the demands, as far as they are known; `None` if there are none.
pub(super) fn meet(needs: &[Need], affinity: Affinity, rng: &mut Rng) -> Option<Value> {
    let shape = Shape::of(needs);
    if let Some(values) = shape.one_of {
        let allowed: Vec<&Value> = values
            .iter()
            .filter(|value| !shape.none_of.contains(value))
            .collect();
        return rng.choose(&allowed).map(|value| (*value).clone());
    }
    if let Some(kind) = shape.json {
        return Some(Value::text(&role::json(kind, rng)));
    }
    if let Some(stamp) = shape.time {
        return Some(Value::text(&role::time(stamp, rng)));
    }
    let text_end = |end: Option<(&Value, bool)>| matches!(end, Some((Value::Text(_), _)));
    if text_end(shape.low) || text_end(shape.high) {
        return between_texts(&shape, rng);
    }
    let textual = shape.pattern.is_some()
        || shape.only.is_some()
        || shape.contains.is_some()
        || !shape.forms.is_empty();
    let bounded = shape.low.is_some() || shape.high.is_some() || shape.rest.is_some();
    let sized = shape.length != (0, None);
    let value = match shape.kind {
        Some("null") => Value::Null,
        Some("integer" | "real") => shape.number(affinity, rng),
        Some("blob") => blob(shape.length, rng),
        Some("text") => Value::text(&shape.text(rng)),
        _ if textual => Value::text(&shape.text(rng)),
        _ if bounded => shape.number(affinity, rng),
        _ if sized && affinity == Affinity::Blob => blob(shape.length, rng),
        _ if sized && affinity == Affinity::Text => Value::text(&shape.text(rng)),
        // Digits without a leading zero keep their value when they become a number.
        _ if sized => {
            Value::Integer(10_i64.pow(u32::try_from(shape.length.0.clamp(1, 18)).unwrap_or(1) - 1))
        }
        _ => return None,
    };
    Some(value)
}

fn blob(length: (usize, Option<usize>), rng: &mut Rng) -> Value {
    let low = length.0.min(LONGEST);
    let high = length.1.unwrap_or(low.max(8));
    let size = low + rng.index(high.saturating_sub(low).min(16) + 1);
    Value::Blob((0..size).map(|_| rng.next_u64().to_le_bytes()[0]).collect())
}

/// Draws a text between two others; dates are the texts that are usually compared with `<`.
fn between_texts(shape: &Shape<'_>, rng: &mut Rng) -> Option<Value> {
    let text = |end: Option<(&Value, bool)>| match end {
        Some((Value::Text(bytes), _)) => Some(String::from_utf8_lossy(bytes).into_owned()),
        _ => None,
    };
    let (low, high) = (text(shape.low), text(shape.high));
    let mut candidates = (0..16).map(|_| role::time(Stamp::Date, rng));
    let fits = |text: &String| {
        low.as_ref().is_none_or(|low| text > low) && high.as_ref().is_none_or(|high| text < high)
    };
    let found = candidates.find(fits);
    // `x > ''` only excludes the empty text.
    let found = found.or_else(|| low.map(|low| format!("{low}a"))).or(high);
    found.map(|text| Value::text(&text))
}

/// Cuts or fills text to a length in characters.
fn fit(text: &mut String, (low, high): (usize, Option<usize>)) {
    let length = text.chars().count();
    if let Some(high) = high.filter(|high| length > *high) {
        *text = text.chars().take(high).collect();
    }
    for at in length..low.min(LONGEST) {
        text.push(char::from(b'a' + (at % 26) as u8));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_met() {
        let mut rng = Rng::new(1);
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        let mut check = |needs: &[Need], affinity, condition: &str| {
            for _ in 0..50 {
                let value = meet(needs, affinity, &mut rng).unwrap();
                let sql = format!("SELECT {condition} FROM (SELECT ?1 AS a)");
                let good: bool = connection
                    .query_row(&sql, [&value], |row| row.get(0))
                    .unwrap();
                assert!(good, "{value} does not meet {condition}");
            }
        };
        let text = Affinity::Text;
        check(
            &[Need::Like("%_@_%.com".into())],
            text,
            "a LIKE '%_@_%.com'",
        );
        check(
            &[Need::Glob("[A-Z][A-Z]-[0-9]*".into())],
            text,
            "a GLOB '[A-Z][A-Z]-[0-9]*'",
        );
        check(
            &[Need::Only("a-f0-9".into()), Need::Length(40, Some(40))],
            text,
            "a NOT GLOB '*[^a-f0-9]*' AND length(a) = 40",
        );
        check(
            &[Need::Length(3, Some(5)), Need::Upper],
            text,
            "a = upper(a) AND length(a) BETWEEN 3 AND 5",
        );
        check(
            &[
                Need::AtLeast(Value::Integer(1), false),
                Need::AtMost(Value::Integer(5), false),
            ],
            Affinity::Integer,
            "a BETWEEN 1 AND 5",
        );
        check(
            &[Need::AtLeast(Value::Integer(0), true)],
            Affinity::Integer,
            "a > 0",
        );
        check(
            &[Need::AtMost(Value::Integer(0), true)],
            Affinity::Integer,
            "a < 0",
        );
        check(
            &[Need::Rest(25, 0), Need::AtLeast(Value::Integer(1), false)],
            Affinity::Integer,
            "a % 25 = 0 AND a >= 1",
        );
        let small = Value::Real(0.5_f64.to_bits());
        check(
            &[
                Need::AtLeast(Value::Integer(0), true),
                Need::AtMost(small, false),
            ],
            Affinity::Real,
            "a > 0 AND a <= 0.5",
        );
        check(
            &[Need::Json(Some("array".into()))],
            text,
            "json_type(a) = 'array'",
        );
        check(&[Need::Time(Stamp::DateTime)], text, "datetime(a) = a");
        check(&[Need::Time(Stamp::Date)], text, "date(a) = a");
        check(
            &[Need::AtLeast(Value::text("2020-01-01"), false)],
            text,
            "a >= '2020-01-01'",
        );
    }
}
