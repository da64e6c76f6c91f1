//! An empty table of the version after: inserting rows shows whether SQLite accepts them.

use crate::error::Error;
use rusqlite::{Connection, params_from_iter};
use schema::ForeignKey;
use schema::sql::{fold, quote_name};

use super::assign::Rows;
use super::demand::Pair;
use super::ends::Ends;
use observe::Value;

/// The result of inserting rows into the table after.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// SQLite stores the rows unchanged.
    Taken,
    /// SQLite stores other values.
    Changed,
    /// SQLite refuses a row.
    Refused,
}

/// An empty database of the version after, into whose table rows are inserted.
#[derive(Debug)]
pub(super) struct Probe {
    connection: Connection,
    insert: String,
    read: String,
    /// The columns before, in the order of the INSERT statement.
    columns: Vec<String>,
    /// The values for the columns that only the table after has, row by row.
    added: Vec<Vec<Value>>,
    /// Whether the table after stores even the existing rows differently.
    pub(super) changes_anyway: bool,
}

impl Probe {
    pub(super) fn new(ends: &Ends<'_>, pair: &Pair, rows: &Rows) -> Result<Probe, Error> {
        let connection = ends.empty()?;
        let added = needed(ends, &connection, pair, rows.rows.len() + 1)?;
        connection.pragma_update(None, "foreign_keys", false)?;
        for trigger in ends.after.triggers() {
            let name = quote_name(&trigger.name);
            connection.execute_batch(&format!("DROP TRIGGER {name}"))?;
        }
        let common = pair.columns.iter().map(|(_, after)| after);
        let names: Vec<String> = common
            .chain(&added.0)
            .map(|name| quote_name(name))
            .collect();
        let places: Vec<String> = (1..=names.len()).map(|n| format!("?{n}")).collect();
        let table = quote_name(&pair.new.name);
        let stored: Vec<String> = names.iter().take(pair.columns.len()).cloned().collect();

        let mut probe = Probe {
            insert: format!(
                "INSERT INTO {table} ({}) VALUES ({})",
                names.join(", "),
                places.join(", ")
            ),
            read: format!("SELECT {} FROM {table}", stored.join(", ")),
            columns: pair
                .columns
                .iter()
                .map(|(before, _)| before.clone())
                .collect(),
            added: added.1,
            connection,
            changes_anyway: false,
        };
        probe.changes_anyway = probe.judge(rows) != Verdict::Taken;
        Ok(probe)
    }

    /// Inserts these rows one after the other into the table after, and returns the result.
    pub(super) fn judge(&self, rows: &Rows) -> Verdict {
        if self.connection.execute_batch("SAVEPOINT probe").is_err() {
            return Verdict::Refused;
        }
        let verdict = self.insert_all(rows).unwrap_or(Verdict::Refused);
        // After ON CONFLICT ROLLBACK there is no savepoint left.
        let _ = self
            .connection
            .execute_batch("ROLLBACK TO probe; RELEASE probe");
        verdict
    }

    fn insert_all(&self, rows: &Rows) -> rusqlite::Result<Verdict> {
        let mut insert = self.connection.prepare_cached(&self.insert)?;
        let mut count = 0;
        for (at, row) in rows.rows.iter().enumerate() {
            let own = self.columns.iter().map(|name| {
                let value = rows.place(name).and_then(|place| row.get(place));
                value.unwrap_or(&Value::Null)
            });
            let values: Vec<&Value> = own
                .chain(self.added.get(at).into_iter().flatten())
                .collect();
            let now = insert.execute(params_from_iter(values))?;
            // ON CONFLICT IGNORE skips a row without an error.
            count += now;
        }
        if count < rows.rows.len() {
            return Ok(Verdict::Refused);
        }
        let mut wanted: Vec<Vec<&Value>> = Vec::new();
        for row in &rows.rows {
            let own = self
                .columns
                .iter()
                .filter_map(|name| row.get(rows.place(name)?));
            wanted.push(own.collect());
        }
        let mut statement = self.connection.prepare_cached(&self.read)?;
        let width = self.columns.len();
        let cells = |row: &rusqlite::Row<'_>| -> rusqlite::Result<Vec<Value>> {
            (0..width)
                .map(|at| Ok(Value::from(row.get_ref(at)?)))
                .collect()
        };
        let mut found: Vec<Vec<Value>> = statement
            .query_map([], cells)?
            .collect::<rusqlite::Result<_>>()?;
        // ON CONFLICT REPLACE deletes rows that are already counted.
        if found.len() < rows.rows.len() {
            return Ok(Verdict::Refused);
        }
        found.sort();
        wanted.sort();
        let same = found.iter().zip(&wanted).all(|(found, wanted)| {
            let mut pairs = found.iter().zip(wanted);
            pairs.all(|(found, wanted)| found == *wanted)
        });
        Ok(if same {
            Verdict::Taken
        } else {
            Verdict::Changed
        })
    }
}

/// Finds the columns that only the table after has and that must hold a value, with values that it
/// accepts.
fn needed(
    ends: &Ends<'_>,
    empty: &Connection,
    pair: &Pair,
    rows: usize,
) -> Result<(Vec<String>, Vec<Vec<Value>>), Error> {
    let only = |name: &str| pair.before(name).is_none();
    let new = pair.new.stored_columns();
    let names: Vec<String> = new
        .filter(|column| only(&column.name) && column.not_null && column.default.is_none())
        .map(|column| column.name.clone())
        .collect();
    if names.is_empty() {
        return Ok((names, Vec::new()));
    }
    let samples = ends.samples(empty, rows.max(2) * 2)?;
    let own = samples.inserts.into_iter();
    let own = own.filter(|insert| fold(&insert.table) == fold(&pair.new.name));
    let values = own.map(|insert| {
        let value = |name: &String| {
            let mut values = insert.values.iter();
            let found = values.find(|(own, _)| own.eq_ignore_ascii_case(name));
            found.map_or(Value::Null, |(_, value)| value.clone())
        };
        names.iter().map(value).collect()
    });
    let values = values.collect();
    Ok((names, values))
}

/// Whether a row of the table before has no parent under a foreign key of the table after.
pub(super) fn is_orphan(connection: &Connection, pair: &Pair, key: &ForeignKey) -> bool {
    let columns: Option<Vec<&str>> = key
        .columns
        .iter()
        .map(|name| pair.before(name).map(|column| column.name.as_str()))
        .collect();
    let Some(columns) = columns else { return false };
    let parents = if !key.parent_columns.is_empty() {
        key.parent_columns.clone()
    } else {
        primary_key(connection, &key.parent).unwrap_or_default()
    };
    if parents.len() != columns.len() {
        return true;
    }
    let own = columns.iter().map(|name| format!("c.{}", quote_name(name)));
    let own: Vec<String> = own.collect();
    let alike = own
        .iter()
        .zip(&parents)
        .map(|(own, parent)| format!("p.{} = {own}", quote_name(parent)));
    let alike: Vec<String> = alike.collect();
    let set: Vec<String> = own.iter().map(|own| format!("{own} IS NOT NULL")).collect();
    let sql = format!(
        "SELECT EXISTS (SELECT 1 FROM {} AS c WHERE {} \
         AND NOT EXISTS (SELECT 1 FROM {} AS p WHERE {}))",
        quote_name(&pair.old.name),
        set.join(" AND "),
        quote_name(&key.parent),
        alike.join(" AND ")
    );
    // A parent table that the step adds has no rows yet, or other columns; then every row counts as
    // one without a parent.
    connection
        .query_row(&sql, [], |row| row.get(0))
        .unwrap_or(true)
}

/// The columns of a table's primary key: a foreign key that names no columns refers to them.
fn primary_key(connection: &Connection, table: &str) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT name FROM pragma_table_info(?1) WHERE pk > 0 ORDER BY pk";
    let mut statement = connection.prepare(sql)?;
    let names = statement.query_map([table], |row| row.get(0))?;
    names.collect()
}
