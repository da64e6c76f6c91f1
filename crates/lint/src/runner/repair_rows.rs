//! Repairs rows that stopped a script, so that they pass the rule in question: what comes after
//! that place in the script would not be seen else.

use std::collections::BTreeSet;

use rusqlite::{Connection, ffi};
use schema::sql::{fold, quote_name};
use schema::{Schema, Table};

use crate::options::Options;
use crate::runner::execute::{Failure, Runner};
use crate::runner::fill_rows::MODE;

/// How many rules in a row are passed.
pub(crate) const MOST: usize = 6;

/// The schemas around a script, and the tables that it may change.
pub(crate) struct Reached<'a> {
    pub(crate) before: &'a Schema,
    pub(crate) after: &'a Schema,
    pub(crate) tables: &'a BTreeSet<String>,
}

/// The database with other values where `failure` found one that it refuses; `None` where the
/// failure names no such value, or nothing changes.
pub(crate) fn repair(
    image: &[u8],
    failure: &Failure,
    reached: &Reached<'_>,
    options: &Options,
) -> Option<Vec<u8>> {
    let engine = Runner::open(image, MODE, options).ok()?;
    let connection = &engine.connection;
    let tables = reached.before.tables();
    let tables = tables.filter(|table| reached.tables.contains(&fold(&table.name)));
    let changes_before = connection.total_changes();
    for table in tables {
        match failure.code {
            ffi::SQLITE_CONSTRAINT_NOTNULL => replace_nulls(connection, table, failure),
            ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY => {
                delete_duplicates(connection, table, failure);
            }
            ffi::SQLITE_CONSTRAINT_FOREIGNKEY => point_to_parents(connection, table, reached),
            _ if failure.words.contains("malformed JSON") => replace_json(connection, table),
            _ => return None,
        }
    }
    if connection.total_changes() == changes_before {
        return None;
    }
    engine.image().ok()
}

fn replace_nulls(connection: &Connection, table: &Table, failure: &Failure) {
    let name = quote_name(&table.name);
    let columns = columns(&failure.words);
    for column in columns.iter().filter(|own| table.column(own).is_some()) {
        let column = quote_name(column);
        let fill = |value: &str| {
            connection.execute_batch(&format!(
                "UPDATE main.{name} SET {column} = {value} WHERE {column} IS NULL"
            ))
        };
        let known = format!("(SELECT {column} FROM main.{name} WHERE {column} IS NOT NULL)");
        let made = (fill(&format!("coalesce({known}, 'repaired')")))
            .or_else(|_| fill("'repaired ' || rowid"))
            .or_else(|_| fill("1000 + rowid"));
        // A rule that refuses all of these is left to the next finding.
        let _ = made;
    }
}

fn delete_duplicates(connection: &Connection, table: &Table, failure: &Failure) {
    let columns = columns(&failure.words);
    let has = |column: &String| table.column(column).is_some();
    if columns.is_empty() || !columns.iter().all(has) {
        return;
    }
    let columns: Vec<String> = columns
        .iter()
        .map(|column| format!("{} COLLATE NOCASE", quote_name(column)))
        .collect();
    let name = quote_name(&table.name);
    let _ = connection.execute_batch(&format!(
        "DELETE FROM main.{name} WHERE rowid NOT IN \
         (SELECT min(rowid) FROM main.{name} GROUP BY {})",
        columns.join(", ")
    ));
}

/// Points the columns of new keys to rows that are there.
fn point_to_parents(connection: &Connection, table: &Table, reached: &Reached<'_>) {
    let now = reached.after.table(&table.name);
    let keys = now.iter().flat_map(|table| &table.foreign_keys);
    for key in keys.filter(|key| !table.foreign_keys.contains(key)) {
        let parent = reached.before.table(&key.parent);
        let (Some(parent), [column]) = (parent, key.columns.as_slice()) else {
            continue;
        };
        let own = parent.primary_key.iter().flat_map(|key| &key.columns);
        let target = key.parent_columns.first().cloned();
        let target = target.or_else(|| own.map(|part| part.name.clone()).next());
        if let Some(target) = target.filter(|_| table.column(column).is_some()) {
            let _ = connection.execute_batch(&format!(
                "UPDATE main.{} SET {} = (SELECT {} FROM main.{})",
                quote_name(&table.name),
                quote_name(column),
                quote_name(&target),
                quote_name(&parent.name)
            ));
        }
    }
}

fn replace_json(connection: &Connection, table: &Table) {
    let name = quote_name(&table.name);
    for column in table.stored_columns() {
        let column = quote_name(&column.name);
        let _ = connection.execute_batch(&format!(
            "UPDATE main.{name} SET {column} = '{{\"n\": 1}}' \
             WHERE typeof({column}) IN ('text', 'blob') AND NOT json_valid({column})"
        ));
    }
}

/// The columns that `NOT NULL constraint failed: t.a` and its kind name.
fn columns(words: &str) -> Vec<String> {
    let Some((_, list)) = words.split_once("constraint failed: ") else {
        return Vec::new();
    };
    let list = list.split(';').next().unwrap_or_default();
    let parts = list.split(", ").filter_map(|part| part.rsplit_once('.'));
    parts.map(|(_, column)| column.trim().to_owned()).collect()
}
