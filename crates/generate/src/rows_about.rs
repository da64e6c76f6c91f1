//! Rows about a condition: some that meet it, some that do not, and values at its limits.

use observe::Value;
use schema::Affinity;
use stdx::Rng;

use crate::condition::{Condition, Wishes};
use crate::need::{Need, meet};

/// The number of draws of whole rows for and against a condition.
const DRAWS: usize = 6;

/// Values of a row, by the place of the column.
pub type RowValues = Vec<(usize, Value)>;

/// Rows about `condition` over `columns`, as far as it is understood: rows that meet it, rows that
/// do not, and for each comparison the values below, at and above its limit. Empty if nothing of it
/// is understood. The same condition gives the same rows.
pub fn rows_about(condition: &str, columns: &[(String, Affinity)]) -> Vec<RowValues> {
    let names: Vec<String> = columns.iter().map(|(name, _)| name.clone()).collect();
    let affinity = |at: usize| columns.get(at).map_or(Affinity::Blob, |(_, own)| *own);
    let mut rng = Rng::new(1);
    let mut rows: Vec<RowValues> = Vec::new();
    let mut add = |row: RowValues| {
        if !row.is_empty() && !rows.contains(&row) {
            rows.push(row);
        }
    };
    let sides = [
        Condition::read(condition, &names),
        Condition::read_against(condition, &names),
    ];
    for side in &sides {
        for _ in 0..DRAWS {
            let mut wishes = Wishes::default();
            side.choose(&mut rng, &mut wishes);
            add(whole_row(&wishes, &affinity, &mut rng));
        }
    }
    for side in &sides {
        let mut needs = Vec::new();
        side.collect_needs(&mut needs);
        for (column, need) in needs {
            for value in at_the_limit(need, affinity(column), &mut rng) {
                add(vec![(column, value)]);
            }
        }
    }
    rows
}

/// One row that meets the wishes.
fn whole_row(wishes: &Wishes, affinity: &dyn Fn(usize) -> Affinity, rng: &mut Rng) -> RowValues {
    let mut row = RowValues::new();
    let mut columns: Vec<usize> = wishes.needs.iter().map(|(column, _)| *column).collect();
    columns.sort_unstable();
    columns.dedup();
    for column in columns {
        let own = wishes.needs.iter().filter(|(at, _)| *at == column);
        let needs: Vec<Need> = own.map(|(_, need)| need.clone()).collect();
        if needs.contains(&Need::Null) {
            row.push((column, Value::Null));
        } else if let Some(value) = meet(&needs, affinity(column), rng) {
            row.push((column, value));
        }
    }
    for (a, order, b) in &wishes.pairs {
        let (low, high) = order.example();
        for (column, value) in [(*a, low), (*b, high)] {
            if row.iter().all(|(at, _)| *at != column) {
                row.push((column, Value::Integer(value)));
            }
        }
    }
    row
}

/// Values below, at and above the limit that a need sets.
fn at_the_limit(need: &Need, affinity: Affinity, rng: &mut Rng) -> Vec<Value> {
    match need {
        Need::Null => vec![Value::Null],
        Need::OneOf(values) | Need::NoneOf(values) => {
            let mut all = values.clone();
            // A function such as `lower` may make them the same.
            all.extend(values.iter().filter_map(in_other_case));
            all.push(match values.first() {
                Some(Value::Text(_)) => Value::text("no such words"),
                _ => Value::Integer(987_654),
            });
            all
        }
        Need::AtLeast(value, _) | Need::AtMost(value, _) => around(value),
        Need::Length(low, high) => {
            let sizes = [
                low.saturating_sub(1),
                *low,
                high.unwrap_or(*low),
                high.unwrap_or(*low).saturating_add(1),
            ];
            let sized = |size: usize| meet(&[Need::Length(size, Some(size))], affinity, rng);
            let sizes = sizes.into_iter().filter(|size| *size > 0);
            sizes.filter_map(sized).collect()
        }
        other => {
            let met = meet(std::slice::from_ref(other), affinity, rng);
            let mut all: Vec<Value> = met.into_iter().collect();
            if matches!(other, Need::Like(_) | Need::Glob(_) | Need::Contains(_)) {
                // LIKE ignores the case of letters, and GLOB does not.
                all.extend(all.iter().filter_map(in_other_case).collect::<Vec<_>>());
                all.push(Value::text("no such words"));
            }
            all
        }
    }
}

fn in_other_case(value: &Value) -> Option<Value> {
    let Value::Text(bytes) = value else {
        return None;
    };
    let text = String::from_utf8_lossy(bytes);
    let other = if text.to_uppercase() == text {
        text.to_lowercase()
    } else {
        text.to_uppercase()
    };
    (other != text).then(|| Value::text(&other))
}

/// The value, and the values next to it on both sides.
fn around(value: &Value) -> Vec<Value> {
    match value {
        Value::Integer(number) => vec![
            Value::Integer(number.saturating_sub(1)),
            Value::Integer(*number),
            Value::Integer(number.saturating_add(1)),
        ],
        Value::Real(bits) => {
            let real = f64::from_bits(*bits);
            let beside = [real - 0.5, real, real + 0.5];
            beside.map(|real| Value::Real(real.to_bits())).to_vec()
        }
        Value::Text(bytes) => {
            let text = String::from_utf8_lossy(bytes).into_owned();
            let mut shorter = text.clone();
            shorter.pop();
            vec![
                Value::text(&shorter),
                Value::text(&text),
                Value::text(&format!("{text}~")),
            ]
        }
        other => vec![other.clone()],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// For each condition, some rows meet it and some do not, as SQLite says.
    #[test]
    fn rows_meet_a_condition_and_others_do_not() {
        let columns: Vec<(String, Affinity)> = vec![
            ("name".to_owned(), Affinity::Text),
            ("qty".to_owned(), Affinity::Integer),
            ("state".to_owned(), Affinity::Text),
            ("price".to_owned(), Affinity::Real),
            ("data".to_owned(), Affinity::Text),
        ];
        let connection = rusqlite::Connection::open_in_memory().unwrap();
        for condition in [
            "name LIKE 'test%'",
            "length(name) > 40",
            "lower(state) = 'old'",
            "name GLOB 'o*'",
            "qty BETWEEN 10 AND 20",
            "qty < 0",
            "qty IN (1, 5)",
            "name IS NULL",
            "substr(name, 1, 3) = 'abc'",
            "price >= 0.5 AND price < 3",
            "state = 'x' AND qty > 3",
            "NOT (state = 'x' OR qty > 3)",
            "name >= '2020-01-01'",
            "CASE WHEN qty > 5 THEN state = 'a' ELSE state = 'b' END",
            "instr(name, '@')",
            "json_valid(data)",
        ] {
            let (mut met, mut not) = (0, 0);
            let mut rows = rows_about(condition, &columns);
            // A row that nothing was chosen for.
            rows.push(RowValues::new());
            for row in rows {
                let mut values = vec![
                    Value::text("word"),
                    Value::Integer(7),
                    Value::text("open"),
                    Value::Real(9.5_f64.to_bits()),
                    Value::text("{}"),
                ];
                for (column, value) in row {
                    values[column] = value;
                }
                let sql = format!(
                    "SELECT {condition} FROM (SELECT ?1 AS name, ?2 AS qty, ?3 AS state, \
                     ?4 AS price, ?5 AS data)"
                );
                let meets: Option<bool> = connection
                    .query_row(&sql, rusqlite::params_from_iter(values), |row| row.get(0))
                    .unwrap();
                match meets {
                    Some(true) => met += 1,
                    _ => not += 1,
                }
            }
            assert!(met > 0, "no row meets `{condition}`");
            assert!(
                not > 0 || condition.starts_with("json"),
                "each row meets `{condition}`"
            );
        }
    }

    #[test]
    fn a_condition_that_is_not_understood_gives_no_rows() {
        let columns = vec![("a".to_owned(), Affinity::Blob)];
        assert_eq!(
            rows_about("f(a, 1) REGEXP 'x'", &columns),
            Vec::<RowValues>::new()
        );
        assert_eq!(rows_about("", &columns), Vec::<RowValues>::new());
    }
}
