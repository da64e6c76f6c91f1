//! Compares two observations.

use schema::ChangeKind;

use crate::difference::{Difference, compare_rows};
use crate::observation::Observation;
use crate::value::Value;

/// A loss that was declared before, so that it is not reported as a difference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Excuse {
    /// The table.
    pub table: String,
    /// The column whose values may change; `None` if rows may be missing.
    pub column: Option<String>,
}

impl Excuse {
    fn covers_rows(&self, table: &str) -> bool {
        self.column.is_none() && self.table.eq_ignore_ascii_case(table)
    }

    fn covers_column(&self, table: &str, column: &str) -> bool {
        let own = self.column.as_deref();
        own.is_some_and(|own| own.eq_ignore_ascii_case(column))
            && self.table.eq_ignore_ascii_case(table)
    }
}

/// Lists all differences of `after` from `before`, except those that `excused` covers.
pub fn differences(
    before: &Observation,
    after: &Observation,
    excused: &[Excuse],
) -> Vec<Difference> {
    let mut found = Vec::new();
    for change in schema::diff(&before.schema, &after.schema) {
        found.push(schema_difference(&change));
    }
    for (name, old) in &before.tables {
        let Some(new) = after.tables.get(name) else {
            continue;
        };
        let whole = excused.iter().any(|excuse| excuse.covers_rows(&old.table));
        let both = old.columns.iter().map(String::as_str).filter(|column| {
            let lost = |excuse: &Excuse| excuse.covers_column(&old.table, column);
            new.place(column).is_some() && !excused.iter().any(lost)
        });
        let mut rows = compare_rows(old, new, &both.collect::<Vec<_>>());
        // A declared loss excuses missing rows, but not added ones.
        rows.retain(|difference| !whole || difference.more);
        found.extend(rows);
    }
    for (object, old, new) in [
        ("user_version", before.user_version, after.user_version),
        (
            "application_id",
            before.application_id,
            after.application_id,
        ),
    ] {
        if old != new {
            found.push(Difference::new(object, old.to_string(), new.to_string()));
        }
    }
    if before.ledger != after.ledger {
        found.push(ledger_difference(before, after));
    }
    found
}

/// A change of the schema as a difference: `index note_label_idx`, before present, after missing.
pub fn schema_difference(change: &schema::Change) -> Difference {
    let (before, after) = match change.kind {
        ChangeKind::Add => ("missing".to_owned(), "present".to_owned()),
        ChangeKind::Drop => ("present".to_owned(), "missing".to_owned()),
        ChangeKind::Alter | ChangeKind::Rename => {
            let text = |side: &Option<String>| side.clone().unwrap_or_else(|| "none".to_owned());
            (text(&change.before), text(&change.after))
        }
    };
    let property = change
        .property
        .map(|property| format!(" {property}"))
        .unwrap_or_default();
    let kind = change.object.to_string().to_lowercase();
    let object = format!("{kind} {}{property}", change.name);
    Difference::new(object, before, after)
}

/// The difference between two ledgers: with long texts shortened, or in full if only the rest of
/// such a text differs.
fn ledger_difference(before: &Observation, after: &Observation) -> Difference {
    let (mut old, mut new) = (show_ledger(before, LONG), show_ledger(after, LONG));
    if old == new {
        (old, new) = (
            show_ledger(before, usize::MAX),
            show_ledger(after, usize::MAX),
        );
    }
    Difference::new("ledger", old, new)
}

/// The ledger on one line; a text of more than `long` characters is shortened to its start.
fn show_ledger(observation: &Observation, long: usize) -> String {
    let value = |value: &Value| match value {
        Value::Text(bytes) => {
            let text = String::from_utf8_lossy(bytes);
            let length = if text.chars().count() > long { 8 } else { long };
            text.chars().take(length).collect()
        }
        other => other.to_string(),
    };
    let Some(rows) = &observation.ledger else {
        return "none".to_owned();
    };
    let row = |row: &Vec<Value>| row.iter().map(value).collect::<Vec<_>>().join(" ");
    rows.iter().map(row).collect::<Vec<_>>().join(", ")
}

/// The length above which a text in a ledger is a digest or a script.
const LONG: usize = 60;
