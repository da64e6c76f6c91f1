//! Candidates: values that may violate a demand.

use std::collections::BTreeMap;

use schema::sql::fold;
use schema::{Affinity, Column};

use super::assign::{Assignment, Rows, Way};
use super::demand::{Asks, Demand, Pair};
use crate::subject::Subject;
use generate::{literals, values_against, why};
use migrations::Version;
use observe::Value;
use proptest::strategy::{Strategy, ValueTree};

/// The maximum number of values of one column that are paired with those of a second column.
const PAIRED: usize = 14;

/// The maximum number of rows that are tried as the first and the second row of a pair.
const FIRST: usize = 4;

/// The number of values that are drawn from a strategy of the application.
const DRAWN: usize = 24;

/// Pairs of values that some collation or function treats as equal.
const ALIKE: &[(&str, &str)] = &[
    ("same", "SAME"),
    ("same", "same "),
    ("same", " same"),
    ("same", " Same "),
    ("same-a", "samea"),
    ("1", "01"),
    ("1", "1.0"),
    ("2020-01-02", "2020-01-02 00:00:00"),
    ("2020-01-02", "2020-01-02 03:04:05"),
    (
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaax",
        "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaay",
    ),
    ("xaaa", "yaaa"),
];

struct Maker<'a> {
    pair: &'a Pair,
    rows: &'a Rows,
    /// The values that the application declares for columns, by folded name.
    own: BTreeMap<String, Option<Vec<Value>>>,
    found: Vec<Assignment>,
}

/// All candidates for a demand, the most usual ones first.
pub(super) fn candidates(
    subject: &Subject<'_>,
    from: Version,
    demand: &Demand,
    pair: &Pair,
    rows: &Rows,
) -> Vec<Assignment> {
    let mut maker = Maker {
        pair,
        rows,
        own: pair
            .old
            .columns
            .iter()
            .map(|column| {
                (
                    fold(&column.name),
                    drawn(subject, from, &pair.old.name, column),
                )
            })
            .collect(),
        found: Vec::new(),
    };
    match &demand.asks {
        Asks::Different {
            columns,
            filter,
            text,
        } => maker.same(columns, filter, text),
        Asks::Values {
            columns,
            text,
            condition,
        } => maker.values(columns, text, *condition),
        Asks::Parent(key) => maker.orphans(&key.columns),
    }
    maker.found
}

impl Maker<'_> {
    /// The columns before that correspond to these columns after.
    fn columns(&self, names: &[String]) -> Vec<Column> {
        let before = names.iter().filter_map(|name| self.pair.before(name));
        before.cloned().collect()
    }

    fn add(&mut self, rows: &[(usize, Vec<(String, Value)>)], way: Way, why_: String) {
        let mut hostile = Vec::new();
        let mut changed = Vec::new();
        for (row, values) in rows {
            let Some(place) = self.rows.places.get(*row) else {
                return;
            };
            for (name, value) in values {
                let Some(column) = self.pair.old.column(name) else {
                    return;
                };
                let typed = column.declared_type.is_some();
                let there = self.rows.rows.iter().any(|row| {
                    let place = self.rows.place(name);
                    place.and_then(|place| row.get(place)) == Some(value)
                });
                // The application never writes such a value.
                if !there && self.own(column).is_some_and(|own| !own.contains(value)) {
                    return;
                }
                if let Some(why) = why(value, column.affinity, typed).filter(|_| !there) {
                    let mark = format!("`{}.{name}` holds {why}", self.pair.old.name);
                    if !hostile.contains(&mark) {
                        hostile.push(mark);
                    }
                }
            }
            changed.push((place.clone(), values.clone()));
        }
        self.found.push(Assignment {
            table: self.pair.old.name.clone(),
            rows: changed,
            why: why_,
            way,
            hostile,
        });
    }

    /// Adds pairs of rows with equal values in `columns`.
    fn same(&mut self, columns: &[String], filter: &[String], text: &str) {
        let all = self.columns(columns);
        if all.len() < columns.len() || all.is_empty() {
            // The step itself fills a new column.
            return;
        }
        let filters = self.columns(filter);
        let count = self.rows.rows.len().min(FIRST);
        let conditions = self.settings(&filters, text);
        for condition in &conditions {
            for first in 0..count {
                for second in (0..count).filter(|second| *second != first) {
                    self.copy(&all, condition, (first, second));
                }
            }
        }
        for condition in &conditions {
            for (at, column) in all.iter().enumerate() {
                for (way, one, two) in self.pairs(column, text) {
                    self.both(&all, condition, (at, way), (&one, &two));
                }
            }
        }
        // Some keys treat NULL as one value.
        let nulls: Vec<(String, Value)> = all
            .iter()
            .map(|own| (own.name.clone(), Value::Null))
            .collect();
        for row in 0..count.min(2) {
            self.add(
                &[(row, nulls.clone())],
                Way::Null,
                "a row without a value".to_owned(),
            );
        }
        if count >= 2 {
            let rows = [(0, nulls.clone()), (1, nulls)];
            self.add(&rows, Way::Null, "two rows without a value".to_owned());
        }
    }

    /// Copies the values of the first row into the second.
    fn copy(
        &mut self,
        all: &[Column],
        condition: &[(String, Value)],
        (first, second): (usize, usize),
    ) {
        let value = |column: &Column| {
            let value = self.rows.value(first, &column.name)?;
            (*value != Value::Null).then(|| (column.name.clone(), value.clone()))
        };
        let values: Option<Vec<_>> = all.iter().map(value).collect();
        let Some(mut values) = values else { return };
        values.extend(condition.iter().cloned());
        let mut rows = vec![(second, values)];
        if !condition.is_empty() {
            rows.insert(0, (first, condition.to_vec()));
        }
        let names: Vec<String> = all.iter().map(|own| format!("`{}`", own.name)).collect();
        let why = format!("two rows with the same {}", names.join(", "));
        self.add(&rows, Way::Same, why);
    }

    /// Sets one column in two rows, and makes the rows equal in the others.
    fn both(
        &mut self,
        all: &[Column],
        condition: &[(String, Value)],
        (at, way): (usize, Way),
        (one, two): (&Value, &Value),
    ) {
        if self.rows.rows.len() < 2 {
            return;
        }
        let values = |own: &Value| -> Vec<(String, Value)> {
            let others = all.iter().enumerate().map(|(place, column)| {
                let value = if place == at {
                    own.clone()
                } else {
                    let first = self.rows.value(0, &column.name);
                    let first = first.filter(|value| **value != Value::Null).cloned();
                    first.unwrap_or_else(|| usual(column))
                };
                (column.name.clone(), value)
            });
            others.chain(condition.iter().cloned()).collect()
        };
        let name = all.get(at).map_or("", |column| &column.name);
        let why = if one == two {
            format!("two rows with the same `{name}`")
        } else {
            format!("two rows with `{name}` {one} and {two}")
        };
        let rows = [(0, values(one)), (1, values(two))];
        self.add(&rows, way, why);
    }

    /// Values for the columns of a condition: the stored ones and others.
    fn settings(&self, filters: &[Column], text: &str) -> Vec<Vec<(String, Value)>> {
        let mut found = vec![Vec::new()];
        for column in filters {
            let values = self.of_column(column, text, None);
            found.extend(
                values
                    .into_iter()
                    .take(24)
                    .map(|(_, value)| vec![(column.name.clone(), value)]),
            );
        }
        if let [one, two, ..] = filters {
            for (_, a) in self.of_column(one, text, None).into_iter().take(PAIRED) {
                for (_, b) in self.of_column(two, text, None).into_iter().take(PAIRED) {
                    found.push(vec![(one.name.clone(), a.clone()), (two.name.clone(), b)]);
                }
            }
        }
        found
    }

    /// Pairs of values for one column of two rows.
    fn pairs(&self, column: &Column, text: &str) -> Vec<(Way, Value, Value)> {
        let usual = usual(column);
        let mut found = vec![(Way::Same, usual.clone(), usual)];
        let own = self.own(column);
        for value in own.into_iter().flatten() {
            found.push((Way::Same, value.clone(), value.clone()));
        }
        if own.is_some() {
            return found;
        }
        let texts = ALIKE.iter().map(|(a, b)| (Value::text(a), Value::text(b)));
        let keys = text.split('\'').skip(1).step_by(2);
        let keys = keys.filter_map(|path| path.strip_prefix("$."));
        let documents = keys.map(|path| {
            let (mut a, mut b) = ("1".to_owned(), "1".to_owned());
            for (depth, key) in path.rsplit('.').enumerate() {
                a = format!("{{\"{key}\":{a}}}");
                let more = if depth == 0 { ",\"more\":2" } else { "" };
                b = format!("{{\"{key}\":{b}{more}}}");
            }
            (Value::text(&a), Value::text(&b))
        });
        let numbers =
            [(1, -1), (1, 11), (10, 19)].map(|(a, b)| (Value::Integer(a), Value::Integer(b)));
        let reals = [(1.25, 1.5), (1.0, 1.5)]
            .map(|(a, b): (f64, f64)| (Value::Real(a.to_bits()), Value::Real(b.to_bits())));
        let nulls = [
            (Value::Null, Value::text("")),
            (Value::Null, Value::Integer(0)),
            (Value::Integer(1), Value::text("1")),
        ];
        let all = documents
            .chain(texts)
            .chain(numbers)
            .chain(reals)
            .chain(nulls);
        found.extend(all.map(|(a, b)| (Way::Alike, a, b)));
        found
    }

    /// Adds single rows with values that an expression over `columns` may refuse.
    fn values(&mut self, columns: &[String], text: &str, condition: bool) {
        let all = self.columns(columns);
        if self.rows.rows.is_empty() || all.is_empty() {
            return;
        }
        let names: Vec<String> = all.iter().map(|own| own.name.clone()).collect();
        let broken = if condition && all.len() == columns.len() {
            values_against(text, columns)
        } else {
            Vec::new()
        };
        let rows = self.rows.rows.len().min(FIRST);
        for row in 0..rows.min(2) {
            for (at, column) in all.iter().enumerate() {
                let chosen = broken.iter().filter(|(place, _)| *place == at);
                let first: Vec<Value> = chosen.map(|(_, value)| value.clone()).collect();
                for (way, value) in self.of_column(column, text, Some(&first)) {
                    let why = row_with(&column.name, &value);
                    self.add(&[(row, vec![(column.name.clone(), value)])], way, why);
                }
            }
        }
        for (at, one) in all.iter().enumerate() {
            for two in all.iter().skip(at + 1) {
                for (way, a) in self.of_column(one, text, None).into_iter().take(PAIRED) {
                    for (other, b) in self.of_column(two, text, None).into_iter().take(PAIRED) {
                        let way = if way == Way::Usual { other } else { way };
                        let (first, second) = (row_with(&one.name, &a), row_with(&two.name, &b));
                        let why = format!("{first}, {second}");
                        let values = vec![(one.name.clone(), a.clone()), (two.name.clone(), b)];
                        self.add(&[(0, values)], way, why);
                    }
                }
            }
        }
        // If one column alone is not enough, all columns at once.
        if names.len() > 2 {
            for value in [Value::Null, Value::Integer(0), Value::text("")] {
                let values = names.iter().map(|name| (name.clone(), value.clone()));
                let why = format!("{value} in all columns of the expression");
                let way = if value == Value::Null {
                    Way::Null
                } else {
                    Way::Usual
                };
                self.add(&[(0, values.collect())], way, why);
            }
        }
    }

    /// Values to try in one column: those in `first`, the literals of the SQL with their
    /// neighbours, and unusual ones.
    fn of_column(&self, column: &Column, text: &str, first: Option<&[Value]>) -> Vec<(Way, Value)> {
        let mut found: Vec<Value> = Vec::new();
        let mut add = |value: Value| {
            if !found.contains(&value) {
                found.push(value);
            }
        };
        if let Some(own) = self.own(column) {
            own.iter().cloned().for_each(&mut add);
        } else {
            first.into_iter().flatten().cloned().for_each(&mut add);
            add(Value::Null);
            for literal in literals(text) {
                near(&literal).into_iter().for_each(&mut add);
            }
            odd().into_iter().for_each(&mut add);
        }
        let way = |value: &Value| match value {
            Value::Null => Way::Null,
            value if fits(value, column.affinity) => Way::Usual,
            _ => Way::Odd,
        };
        found
            .into_iter()
            .map(|value| (way(&value), value))
            .collect()
    }

    /// The values that the application declares for the column.
    fn own(&self, column: &Column) -> Option<&Vec<Value>> {
        self.own.get(&fold(&column.name))?.as_ref()
    }

    /// Adds rows that refer to no parent by the columns `names`.
    fn orphans(&mut self, names: &[String]) {
        let all = self.columns(names);
        if all.len() < names.len() || self.rows.rows.is_empty() {
            return;
        }
        let nobody = [
            Value::Integer(987_654_321),
            Value::text("no such row"),
            Value::Integer(-1),
        ];
        for value in nobody {
            let values: Vec<(String, Value)> = all
                .iter()
                .map(|own| (own.name.clone(), value.clone()))
                .collect();
            for row in 0..self.rows.rows.len().min(FIRST) {
                let why = format!("a row that refers to nothing: {value}");
                self.add(&[(row, values.clone())], Way::Orphan, why);
            }
        }
        // One column of several; the others stay unchanged.
        for column in all.iter().filter(|_| all.len() > 1) {
            let value = Value::text("no such row");
            let why = format!("a row that refers to nothing: `{}` {value}", column.name);
            self.add(&[(0, vec![(column.name.clone(), value)])], Way::Orphan, why);
        }
    }
}

/// Values of the application's own strategy for a column.
fn drawn(subject: &Subject<'_>, from: Version, table: &str, column: &Column) -> Option<Vec<Value>> {
    let strategy = subject.application.column(from, table, &column.name)?;
    let mut runner = generate::seeded_runner(1);
    let drawn = (0..DRAWN).filter_map(|_| strategy.new_tree(&mut runner).ok());
    Some(drawn.map(|tree| tree.current()).collect())
}

fn row_with(name: &str, value: &Value) -> String {
    format!("a row with `{name}` {value}")
}

/// An ordinary value for a column.
fn usual(column: &Column) -> Value {
    match column.affinity {
        Affinity::Integer | Affinity::Numeric => Value::Integer(7),
        Affinity::Real => Value::Real(7.5_f64.to_bits()),
        Affinity::Text | Affinity::Blob => Value::text("same"),
    }
}

/// Whether `value` has the type that a column of this affinity is meant for.
fn fits(value: &Value, affinity: Affinity) -> bool {
    match value {
        Value::Null => true,
        Value::Integer(_) => affinity != Affinity::Text,
        Value::Real(_) => !matches!(affinity, Affinity::Text | Affinity::Integer),
        Value::Text(_) => matches!(affinity, Affinity::Text | Affinity::Blob),
        Value::Blob(_) => affinity == Affinity::Blob,
    }
}

/// A literal and its neighbours.
fn near(literal: &Value) -> Vec<Value> {
    const LONGEST: i64 = 4_096;
    match literal {
        Value::Integer(number) => {
            let mut found = vec![
                number.saturating_add(1),
                number.saturating_sub(1),
                *number,
                number.saturating_neg(),
            ]
            .into_iter()
            .map(Value::Integer)
            .collect::<Vec<_>>();
            // The number may be a length.
            let lengths = [number.saturating_add(1), number.saturating_sub(1)];
            for length in lengths
                .into_iter()
                .filter(|length| (1..=LONGEST).contains(length))
            {
                let length = usize::try_from(length).unwrap_or(1);
                found.push(Value::text(&"a".repeat(length)));
                found.push(Value::text(&"1".repeat(length)));
            }
            found
        }
        Value::Real(bits) => {
            let real = f64::from_bits(*bits);
            let near = [real + 1.0, real - 1.0, -real, real];
            near.map(|real| Value::Real(real.to_bits())).into()
        }
        Value::Text(bytes) => {
            let text = String::from_utf8_lossy(bytes);
            let near = [
                format!("{text}x"),
                text.to_uppercase(),
                text.to_lowercase(),
                format!(" {text}"),
                text.into_owned(),
            ];
            near.map(|text| Value::text(&text)).into()
        }
        other => vec![other.clone()],
    }
}

/// One value of each kind that a constraint may refuse.
fn odd() -> Vec<Value> {
    let mut found: Vec<Value> = [
        "",
        "other",
        "OTHER",
        " a ",
        "00123",
        "1.5",
        "12345678901234567890",
        "1e3",
        "{\"a\":",
        "{}",
        "[]",
        "2020-13-45",
        "äö",
        "-1",
    ]
    .map(Value::text)
    .into();
    found.extend([0, 1, -1, 2, 100, 1 << 33, (1 << 53) + 1, i64::MAX].map(Value::Integer));
    found.extend([1.5, -0.5, 1e300].map(|real: f64| Value::Real(real.to_bits())));
    found.push(Value::Blob(vec![0, 0xff]));
    found.push(Value::Blob(Vec::new()));
    found.push(Value::text(&"a".repeat(300)));
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_of_a_literal_are_on_both_sides_of_it() {
        let near = near(&Value::Integer(10));
        for wanted in [9, 10, 11, -10] {
            assert!(near.contains(&Value::Integer(wanted)), "{wanted}");
        }
        assert!(near.contains(&Value::text("aaaaaaaaaaa")));
        assert!(super::near(&Value::text("open")).contains(&Value::text("OPEN")));
    }

    #[test]
    fn what_a_column_is_meant_for() {
        assert!(fits(&Value::text(""), Affinity::Text));
        assert!(!fits(&Value::text("1"), Affinity::Integer));
        assert!(!fits(&Value::Blob(Vec::new()), Affinity::Text));
    }
}
