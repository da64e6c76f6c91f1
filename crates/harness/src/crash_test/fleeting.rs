//! Columns whose values differ from one try to the next, such as the time.

use std::collections::BTreeSet;

use observe::{Observation, Rows, Value};

/// The columns whose values differ between two tries of the same work, in whatever order the rows
/// are.
pub(super) fn fleeting(one: &Observation, other: &Observation) -> BTreeSet<(String, usize)> {
    let mut found = BTreeSet::new();
    for (name, rows) in &one.tables {
        let Some(others) = other.tables.get(name) else {
            continue;
        };
        for place in 0..rows.columns.len() {
            let column = |rows: &Rows| {
                let mut values: Vec<_> = rows.rows.iter().map(|row| row.get(place)).collect();
                values.sort();
                values
                    .into_iter()
                    .map(Option::<&Value>::cloned)
                    .collect::<Vec<_>>()
            };
            if column(rows) != column(others) {
                found.insert((name.clone(), place));
            }
        }
    }
    found
}

/// The observation with NULL in the columns that are `fleeting`.
pub(super) fn without(
    mut observation: Observation,
    fleeting: &BTreeSet<(String, usize)>,
) -> Observation {
    for (name, place) in fleeting {
        let rows = observation.tables.get_mut(name);
        for row in rows.into_iter().flat_map(|rows| &mut rows.rows) {
            if let Some(value) = row.get_mut(*place) {
                *value = Value::Null;
            }
        }
    }
    let touched: BTreeSet<&String> = fleeting.iter().map(|(name, _)| name).collect();
    for name in touched {
        if let Some(rows) = observation.tables.get_mut(name) {
            rows.rows.sort();
        }
    }
    observation
}
