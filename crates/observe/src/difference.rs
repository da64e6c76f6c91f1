//! A difference between two observations.

use std::collections::BTreeMap;

use crate::rows::Rows;
use crate::value::Value;

/// The maximum number of rows that are shown of those that differ in the same way.
pub(crate) const SHOWN: usize = 5;

/// One difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The changed object: `table.column, id 'a'`, `table, id 'a'`, or an object of the schema.
    pub object: String,
    /// The table, if the difference is about rows.
    pub table: Option<String>,
    /// The column, if the difference is about one value.
    pub column: Option<String>,
    /// The value before.
    pub before: String,
    /// The value after.
    pub after: String,
    /// Whether `after` has more such rows than `before`.
    pub more: bool,
    /// The number of differences of the same kind that follow this one and are not reported.
    pub rest: usize,
}

impl Difference {
    /// A change of an object, or of a part of the file other than rows.
    pub fn new(object: impl Into<String>, before: String, after: String) -> Difference {
        Difference {
            object: object.into(),
            table: None,
            column: None,
            before,
            after,
            more: false,
            rest: 0,
        }
    }

    /// `before …, after …`.
    pub fn message(&self) -> String {
        let rest = match self.rest {
            0 => String::new(),
            1 => "; 1 more row like this".to_owned(),
            rest => format!("; {rest} more rows like this"),
        };
        format!("before {}, after {}{rest}", self.before, self.after)
    }
}

/// Compares the rows of a table in the columns that both have: by key if both have the key of
/// `before`, otherwise as a multiset.
pub fn compare_rows(before: &Rows, after: &Rows, columns: &[&str]) -> Vec<Difference> {
    let project = |rows: &Rows, row: &[Value]| -> Vec<Value> {
        let places = columns.iter().filter_map(|column| rows.place(column));
        places.filter_map(|place| row.get(place).cloned()).collect()
    };
    let is_key = |place: &usize| {
        before.columns.get(*place).is_some_and(|name| {
            columns
                .iter()
                .any(|column| column.eq_ignore_ascii_case(name))
        })
    };
    let keyed = !before.key.is_empty() && before.key.iter().all(is_key);
    let mut old: BTreeMap<Vec<Value>, Vec<Vec<Value>>> = BTreeMap::new();
    let mut new = old.clone();
    for (map, rows) in [(&mut old, before), (&mut new, after)] {
        for row in &rows.rows {
            let whole = project(rows, row);
            let names = before
                .key
                .iter()
                .filter_map(|place| before.columns.get(*place));
            let places = names.filter_map(|name| rows.place(name));
            let key: Vec<Value> = places.filter_map(|place| row.get(place).cloned()).collect();
            // SQLite allows NULL more than once in a key that is not the rowid.
            let usable = keyed && !key.contains(&Value::Null);
            map.entry(if usable { key } else { whole.clone() })
                .or_default()
                .push(whole);
        }
    }
    let mut found = Vec::new();
    let keys: std::collections::BTreeSet<_> = old.keys().chain(new.keys()).cloned().collect();
    for key in keys {
        let (old_rows, new_rows) = (
            old.remove(&key).unwrap_or_default(),
            new.remove(&key).unwrap_or_default(),
        );
        if old_rows == new_rows {
            continue;
        }
        let name = name_row(before, &key, keyed, columns);
        match (old_rows.as_slice(), new_rows.as_slice()) {
            ([old_row], [new_row]) => {
                for ((column, was), is) in columns.iter().zip(old_row).zip(new_row) {
                    if was != is {
                        found.push(Difference {
                            object: format!("{}.{column}, {name}", before.table),
                            table: Some(before.table.clone()),
                            column: Some((*column).to_owned()),
                            before: was.to_string(),
                            after: is.to_string(),
                            more: false,
                            rest: 0,
                        });
                    }
                }
            }
            (old_rows, new_rows) => found.push(Difference {
                object: format!("{}, {name}", before.table),
                table: Some(before.table.clone()),
                column: None,
                before: whole(columns, old_rows),
                after: whole(columns, new_rows),
                more: new_rows.len() > old_rows.len(),
                rest: 0,
            }),
        }
    }
    first_few(found)
}

/// The first few differences of each kind in each column; the last of them counts the others.
fn first_few(all: Vec<Difference>) -> Vec<Difference> {
    let mut kinds: BTreeMap<(Option<String>, bool), Vec<Difference>> = BTreeMap::new();
    for difference in all {
        let kind = (difference.column.clone(), difference.more);
        let shown = kinds.entry(kind).or_default();
        match shown.len() {
            SHOWN.. => shown
                .iter_mut()
                .skip(SHOWN - 1)
                .for_each(|last| last.rest += 1),
            _ => shown.push(difference),
        }
    }
    kinds.into_values().flatten().collect()
}

/// The row in full, or the number of rows.
fn whole(columns: &[&str], rows: &[Vec<Value>]) -> String {
    match rows {
        [] => "no such row".to_owned(),
        [row] => show_row(columns, row),
        many => format!("{} rows", many.len()),
    }
}

/// `(id 1, label 'Work')`.
pub(crate) fn show_row(columns: &[&str], row: &[Value]) -> String {
    let cells = columns.iter().zip(row);
    let shown: Vec<_> = cells
        .map(|(column, value)| format!("{column} {value}"))
        .collect();
    format!("({})", shown.join(", "))
}

fn name_row(rows: &Rows, key: &[Value], keyed: bool, columns: &[&str]) -> String {
    let key_names = rows.key.iter().filter_map(|place| rows.columns.get(*place));
    let names: Vec<&str> = if keyed && key.len() == rows.key.len() {
        key_names.map(String::as_str).collect()
    } else {
        columns.to_vec()
    };
    let parts: Vec<_> = names
        .iter()
        .zip(key)
        .take(4)
        .map(|(name, value)| format!("{name} {value}"))
        .collect();
    parts.join(", ")
}
