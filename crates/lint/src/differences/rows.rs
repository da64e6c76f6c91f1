//! The rows of a table before and after, matched by key where there is one.

use std::collections::{BTreeMap, BTreeSet};

use schema::sql::fold;

use observe::{Rows, Value};

/// How many rows are shown of those that show a finding.
pub(crate) const SHOWN: usize = 3;

/// In what the rows of a table differ.
#[derive(Clone, Debug, Default)]
pub(crate) struct RowChanges {
    /// The rows that are gone, one line each.
    pub(crate) lost: Vec<String>,
    /// The values that are other ones, by the folded name of the column before.
    pub(crate) changed: BTreeMap<String, Vec<Changed>>,
    /// The values that rows kept, by the folded name of the column before; empty where rows cannot
    /// be matched.
    pub(crate) kept: BTreeMap<String, BTreeSet<Value>>,
}

/// A value that changed.
#[derive(Clone, Debug)]
pub(crate) struct Changed {
    pub(crate) row: String,
    pub(crate) was: Value,
    pub(crate) is: Value,
}

impl Changed {
    pub(crate) fn shown(&self) -> String {
        format!("{}: before {}, after {}", self.row, self.was, self.is)
    }
}

/// Compares rows in pairs of columns, before and after. By their key only if it is `kept`: where a
/// script gives rows other keys, the same key is another row.
pub(crate) fn compare(
    before: &Rows,
    after: &Rows,
    pairs: &[(String, String)],
    kept: bool,
) -> RowChanges {
    let places: Vec<(usize, usize)> = pairs
        .iter()
        .filter_map(|(was, is)| Some((before.place(was)?, after.place(is)?)))
        .collect();
    let names: Vec<&str> = places
        .iter()
        .filter_map(|(was, _)| before.columns.get(*was).map(String::as_str))
        .collect();
    let project = |rows: &Rows, of: &dyn Fn(&(usize, usize)) -> usize| -> Vec<Vec<Value>> {
        let row = |row: &Vec<Value>| {
            let values = places.iter().filter_map(|pair| row.get(of(pair)).cloned());
            values.collect()
        };
        rows.rows.iter().map(row).collect()
    };
    let (old, new) = (
        project(before, &|pair| pair.0),
        project(after, &|pair| pair.1),
    );
    let key: Option<Vec<usize>> = before
        .key
        .iter()
        .map(|place| places.iter().position(|(was, _)| was == place))
        .collect();
    let key = key.filter(|key| !key.is_empty() && kept);
    let mut changes = RowChanges::default();
    let Some(key) = key else {
        pair_up(&before.table, &names, old, new, &mut changes);
        return changes;
    };
    let key_of = |row: &[Value]| -> Vec<Value> {
        key.iter()
            .filter_map(|place| row.get(*place).cloned())
            .collect()
    };
    let mut by_key: BTreeMap<Vec<Value>, Vec<Vec<Value>>> = BTreeMap::new();
    for row in new {
        by_key.entry(key_of(&row)).or_default().push(row);
    }
    let mut missing = Vec::new();
    for row in old {
        let own = key_of(&row);
        let found = by_key.get_mut(&own).and_then(|rows| {
            // SQLite allows NULL more than once in a key that is not the rowid.
            let same = rows.iter().position(|other| *other == row);
            let place = same.or((!rows.is_empty()).then_some(0))?;
            Some(rows.swap_remove(place))
        });
        match found {
            Some(other) => note_values(&before.table, &names, &key, &row, &other, &mut changes),
            None => missing.push(row),
        }
    }
    let extra: Vec<Vec<Value>> = by_key.into_values().flatten().collect();
    pair_up(&before.table, &names, missing, extra, &mut changes);
    changes
}

fn note_values(
    table: &str,
    names: &[&str],
    key: &[usize],
    row: &[Value],
    other: &[Value],
    changes: &mut RowChanges,
) {
    for ((name, was), is) in names.iter().zip(row).zip(other) {
        if was != is {
            let changed = Changed {
                row: describe(table, names, key, row),
                was: was.clone(),
                is: is.clone(),
            };
            changes.changed.entry(fold(name)).or_default().push(changed);
        } else {
            let kept = changes.kept.entry(fold(name)).or_default();
            kept.insert(was.clone());
        }
    }
}

/// Whether the values before cannot be worked out from the values after: two of them became one, or
/// one became a value that another row has kept.
pub(crate) fn merges_values(changed: &[Changed], kept: Option<&BTreeSet<Value>>) -> bool {
    let mut was: BTreeMap<&Value, &Value> = BTreeMap::new();
    changed.iter().any(|own| {
        // Which rows had no value is known nowhere else.
        own.was == Value::Null
            || kept.is_some_and(|kept| kept.contains(&own.is))
            || was
                .insert(&own.is, &own.was)
                .is_some_and(|other| *other != own.was)
    })
}

/// A row by its key, or by its values.
fn describe(table: &str, names: &[&str], key: &[usize], row: &[Value]) -> String {
    let all: Vec<usize> = (0..names.len()).collect();
    let places = if key.is_empty() { &all } else { key };
    let parts = places
        .iter()
        .take(4)
        .filter_map(|place| Some(format!("{} {}", names.get(*place)?, row.get(*place)?)));
    format!("{table}, {}", parts.collect::<Vec<_>>().join(", "))
}

/// Rows without a key that is in both: equal rows belong together, and as many of the others as
/// there are on both sides are the same rows with other values.
fn pair_up(
    table: &str,
    names: &[&str],
    mut old: Vec<Vec<Value>>,
    mut new: Vec<Vec<Value>>,
    changes: &mut RowChanges,
) {
    let mut counts: BTreeMap<Vec<Value>, usize> = BTreeMap::new();
    for row in &new {
        *counts.entry(row.clone()).or_default() += 1;
    }
    let mut spent = counts.clone();
    old.retain(|row| match counts.get_mut(row) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    });
    for (row, count) in &mut spent {
        *count -= counts.get(row).copied().unwrap_or(0);
    }
    new.retain(|row| match spent.get_mut(row) {
        Some(count) if *count > 0 => {
            *count -= 1;
            false
        }
        _ => true,
    });
    if new.len() < old.len() {
        let gone = old.len() - new.len();
        let statements = old.iter().map(|row| describe(table, names, &[], row));
        changes.lost.extend(statements.take(gone));
        return;
    }
    if old.is_empty() {
        return;
    }
    for (place, name) in names.iter().enumerate() {
        let column = |rows: &[Vec<Value>]| -> Vec<Value> {
            rows.iter()
                .filter_map(|row| row.get(place).cloned())
                .collect()
        };
        let (was, is) = (column(&old), column(&new));
        let after: BTreeSet<&Value> = is.iter().collect();
        let gone = was
            .iter()
            .enumerate()
            .filter(|(_, value)| !after.contains(value));
        for (at, value) in gone {
            let changed = Changed {
                row: format!("{table}.{name}"),
                was: value.clone(),
                is: is.get(at).cloned().unwrap_or(Value::Null),
            };
            changes.changed.entry(fold(name)).or_default().push(changed);
        }
    }
    if changes.changed.is_empty() && !old.is_empty() {
        let statements = old.iter().map(|row| describe(table, names, &[], row));
        changes.lost.extend(statements);
    }
}

/// Whether the new value says the same in another type, so that it could be turned back.
pub(crate) fn same_meaning(was: &Value, is: &Value) -> bool {
    let text = |bytes: &[u8]| {
        std::str::from_utf8(bytes)
            .map(str::to_owned)
            .unwrap_or_default()
    };
    match (was, is) {
        (Value::Integer(number), Value::Text(bytes))
        | (Value::Text(bytes), Value::Integer(number)) => text(bytes) == number.to_string(),
        (Value::Integer(number), Value::Real(bits))
        | (Value::Real(bits), Value::Integer(number)) => {
            let real = f64::from_bits(*bits);
            // Beyond 2^53 neighbours are the same floating point number.
            number.unsigned_abs() <= 1 << 53 && real == *number as f64
        }
        (Value::Real(bits), Value::Text(bytes)) | (Value::Text(bytes), Value::Real(bits)) => {
            format!("{:?}", f64::from_bits(*bits)) == text(bytes)
        }
        (Value::Text(one), Value::Blob(other)) | (Value::Blob(one), Value::Text(other)) => {
            one == other
        }
        _ => false,
    }
}
