//! The losses of a run, counted in the file before the run.

use std::collections::BTreeMap;

use rusqlite::Connection;
use rusqlite::types::ValueRef;
use schema::sql::{fold, quote_name};
use schema::{Rename, Schema, Table};

use crate::error::{self, Error};
use crate::facts::AtRisk;
use crate::notes::Declaration;

/// The number of rows that a refusal names.
const EXAMPLES: usize = 5;

/// Counts the rows that each loss would cost in the file now. Losses without rows, or whose table
/// or column does not exist, are left out.
pub(crate) fn at_risk(
    connection: &Connection,
    schema: &Schema,
    losses: &[Declaration],
) -> Result<Vec<AtRisk>, Error> {
    let mut found = Vec::new();
    for loss in losses {
        let Some(table) = schema.table(&loss.table) else {
            continue;
        };
        let filter = match &loss.column {
            None => "1".to_owned(),
            Some(column) if table.column(column).is_some() => {
                format!("{} IS NOT NULL", quote_name(column))
            }
            Some(_) => continue,
        };
        let name = quote_name(&table.name);
        let rows: i64 = connection
            .query_row(
                &format!("SELECT count(*) FROM main.{name} WHERE {filter}"),
                [],
                |row| row.get(0),
            )
            .map_err(error::sqlite)?;
        if rows > 0 {
            found.push(AtRisk {
                object: loss.object(),
                rows: rows.unsigned_abs(),
                examples: examples(connection, table, &filter)?,
                why: loss.why.clone(),
            });
        }
    }
    Ok(found)
}

/// The number of rows of each table of a file, and the number of values in each column.
pub(crate) struct Census {
    schema: Schema,
    tables: BTreeMap<String, Counts>,
}

struct Counts {
    name: String,
    rows: u64,
    /// By folded name: the name, and the number of values.
    columns: BTreeMap<String, (String, u64)>,
}

impl Census {
    /// Counts with one read of each table.
    pub(crate) fn take(connection: &Connection, schema: &Schema) -> Result<Census, Error> {
        let mut tables = BTreeMap::new();
        for table in schema.tables() {
            let counts = Counts::read(connection, table).map_err(error::sqlite)?;
            tables.insert(fold(&table.name), counts);
        }
        Ok(Census {
            schema: schema.clone(),
            tables,
        })
    }

    pub(crate) fn schema(&self) -> &Schema {
        &self.schema
    }

    /// The rows and values that are here but not in `after`, without those that `declared` covers.
    pub(crate) fn missing_in(
        &self,
        after: &Census,
        renames: &[Rename],
        declared: &[Declaration],
    ) -> Vec<AtRisk> {
        let mut missing = Vec::new();
        for (key, counts) in &self.tables {
            let same = |rename: &&Rename| fold(&rename.table) == *key;
            let mut own = renames.iter().filter(same);
            let now = own
                .clone()
                .find(|rename| rename.column.is_none())
                .map_or_else(|| key.clone(), |rename| fold(&rename.to));
            let now = after.tables.get(&now);
            if now.is_none() && self.goes_on_elsewhere(counts, after) {
                continue;
            }
            let covered = |column: &str| {
                declared
                    .iter()
                    .any(|loss| loss.covers(&counts.name, column))
            };
            let mut miss = |object: String, rows: u64| {
                missing.push(AtRisk {
                    object,
                    rows,
                    examples: Vec::new(),
                    why: String::new(),
                });
            };
            let gone = counts.rows.saturating_sub(now.map_or(0, |now| now.rows));
            if gone > 0 && !covered("") {
                miss(counts.name.clone(), gone);
            }
            let Some(now) = now else { continue };
            for (column, (name, values)) in &counts.columns {
                let renamed = own.find(|rename| {
                    let from = rename.column.as_deref().map(fold);
                    from.as_ref() == Some(column)
                });
                let to = renamed.map_or_else(|| column.clone(), |rename| fold(&rename.to));
                let left = now.columns.get(&to).map_or(0, |(_, values)| *values);
                // Values of rows that are gone were reported with the rows.
                let lost = values.saturating_sub(left).saturating_sub(gone);
                if lost > 0 && !covered(name) {
                    miss(format!("{}.{name}", counts.name), lost);
                }
            }
        }
        missing
    }

    /// Whether a table that did not exist before contains as much as this one did: it was renamed
    /// together with columns.
    fn goes_on_elsewhere(&self, counts: &Counts, after: &Census) -> bool {
        let new = after
            .tables
            .iter()
            .filter(|(key, _)| !self.tables.contains_key(*key));
        new.into_iter().any(|(_, new)| new.as_many(counts))
    }
}

impl Counts {
    fn as_many(&self, other: &Counts) -> bool {
        let values = |counts: &Counts| {
            let mut values: Vec<u64> = counts.columns.values().map(|(_, count)| *count).collect();
            values.sort_unstable();
            values
        };
        self.rows == other.rows && values(self) == values(other)
    }

    fn read(connection: &Connection, table: &Table) -> rusqlite::Result<Counts> {
        let stored = table
            .columns
            .iter()
            .filter(|column| column.generated.is_none());
        let columns: Vec<&str> = stored.map(|column| column.name.as_str()).collect();
        let list: String = columns
            .iter()
            .map(|column| format!(", count({})", quote_name(column)))
            .collect();
        let sql = format!(
            "SELECT count(*){list} FROM main.{}",
            quote_name(&table.name)
        );
        connection.query_row(&sql, [], |row| {
            let count = |at: usize| row.get::<_, i64>(at).map(i64::unsigned_abs);
            let mut counts = Counts {
                name: table.name.clone(),
                rows: count(0)?,
                columns: BTreeMap::new(),
            };
            for (at, column) in (1..).zip(columns) {
                let value = (column.to_owned(), count(at)?);
                counts.columns.insert(fold(column), value);
            }
            Ok(counts)
        })
    }
}

fn examples(connection: &Connection, table: &Table, filter: &str) -> Result<Vec<String>, Error> {
    let keys = match &table.primary_key {
        Some(key) => key
            .columns
            .iter()
            .map(|column| column.name.clone())
            .collect(),
        None => vec!["rowid".to_owned()],
    };
    let list = keys
        .iter()
        .map(|key| quote_name(key))
        .collect::<Vec<_>>()
        .join(", ");
    let sql = format!(
        "SELECT {list} FROM main.{} WHERE {filter} ORDER BY {list} LIMIT {EXAMPLES}",
        quote_name(&table.name)
    );
    let mut statement = connection.prepare(&sql).map_err(error::sqlite)?;
    let rows = statement.query_map([], |row| {
        let mut parts = Vec::new();
        for (index, key) in keys.iter().enumerate() {
            parts.push(format!("{key} {}", show(row.get_ref(index)?)));
        }
        Ok(parts.join(", "))
    });
    rows.and_then(Iterator::collect).map_err(error::sqlite)
}

/// Formats a value for a reader, on one line.
pub(crate) fn show(value: ValueRef<'_>) -> String {
    match value {
        ValueRef::Null => "NULL".to_owned(),
        ValueRef::Integer(number) => number.to_string(),
        ValueRef::Real(number) => number.to_string(),
        ValueRef::Text(text) => show_text(&String::from_utf8_lossy(text)),
        ValueRef::Blob(bytes) => format!("a blob of {} bytes", bytes.len()),
    }
}

/// Formats a text on one line, shortened for a reader.
fn show_text(text: &str) -> String {
    const LONGEST: usize = 40;
    let shown: String = text.chars().take(LONGEST).flat_map(show_char).collect();
    let more = if text.chars().nth(LONGEST).is_some() {
        "…"
    } else {
        ""
    };
    format!("'{shown}{more}'")
}

fn show_char(char: char) -> Vec<char> {
    if char.is_control() {
        char.escape_default().collect()
    } else {
        vec![char]
    }
}
