//! Applies declared renames to an observation of the version before, so that it can be compared
//! with the version after.

use migrations::{Rename, Version};
use rusqlite::Connection;
use schema::Schema;
use schema::sql::{fold, quote_name};

use crate::error::Error;
use crate::subject::Subject;
use observe::Observation;

/// The renames that the steps to `versions` declare, in order.
pub(crate) fn renames(
    subject: &Subject<'_>,
    versions: impl Iterator<Item = Version>,
) -> Vec<Rename> {
    let notes = versions.filter_map(|version| subject.catalogue.notes(version));
    notes.flat_map(|notes| notes.renames.clone()).collect()
}

/// The schema of `version` after `renames`, made by SQLite itself; a rename of a missing object
/// does nothing.
pub(crate) fn schema(
    subject: &Subject<'_>,
    version: Version,
    renames: &[Rename],
) -> Result<Schema, Error> {
    if renames.is_empty() {
        return subject.catalogue.schema_at(version).map_err(Error::from);
    }
    let connection = subject.catalogue.build(version)?;
    carry_out(&connection, renames);
    let state = migrations::FileState::read(&connection)?;
    Ok(state.schema)
}

/// The renames for the way back.
pub(crate) fn reversed(renames: Vec<Rename>) -> Vec<Rename> {
    let back = renames.into_iter().rev().map(|rename| {
        let Rename {
            table, column, to, ..
        } = rename;
        match column {
            Some(column) => Rename::column(&table, &to, &column),
            None => Rename::table(&to, &table),
        }
    });
    back.collect()
}

/// The name of a table before `renames`.
pub(crate) fn table_before(renames: &[Rename], table: &str) -> String {
    let tables = renames.iter().rev().filter(|own| own.column.is_none());
    tables.fold(table.to_owned(), |name, rename| {
        if fold(&rename.to) == fold(&name) {
            rename.table.clone()
        } else {
            name
        }
    })
}

/// The name of a column before `renames`; both arguments are the names after.
pub(crate) fn column_before(renames: &[Rename], table: &str, column: &str) -> String {
    let (mut table, mut name) = (table.to_owned(), column.to_owned());
    for rename in renames.iter().rev() {
        match &rename.column {
            None if fold(&rename.to) == fold(&table) => table.clone_from(&rename.table),
            Some(old) if fold(&rename.to) == fold(&name) && fold(&rename.table) == fold(&table) => {
                name.clone_from(old);
            }
            _ => {}
        }
    }
    name
}

fn carry_out(connection: &Connection, renames: &[Rename]) {
    for Rename {
        table, column, to, ..
    } in renames
    {
        let (table, to) = (quote_name(table), quote_name(to));
        let sql = match column {
            Some(column) => {
                format!(
                    "ALTER TABLE {table} RENAME COLUMN {} TO {to}",
                    quote_name(column)
                )
            }
            None => format!("ALTER TABLE {table} RENAME TO {to}"),
        };
        // On a journey of several steps, the object may only exist later.
        let _ = connection.execute_batch(&sql);
    }
}

/// `before` under the names that `renames` give to its tables and columns.
pub(crate) fn observation(
    subject: &Subject<'_>,
    version: Version,
    before: &Observation,
    renames: &[Rename],
) -> Observation {
    let mut renamed = before.clone();
    if renames.is_empty() {
        return renamed;
    }
    for Rename {
        table, column, to, ..
    } in renames
    {
        match column {
            Some(column) => {
                let rows = renamed.tables.get_mut(&fold(table));
                let place = rows.as_ref().and_then(|rows| rows.place(column));
                if let (Some(rows), Some(place)) = (rows, place)
                    && let Some(name) = rows.columns.get_mut(place)
                {
                    name.clone_from(to);
                }
            }
            None => {
                if let Some(mut rows) = renamed.tables.remove(&fold(table)) {
                    rows.table.clone_from(to);
                    renamed.tables.insert(fold(to), rows);
                }
                if let Some(mark) = renamed.sequences.remove(&fold(table)) {
                    renamed.sequences.insert(fold(to), mark);
                }
            }
        }
    }
    if let Ok(schema) = schema(subject, version, renames) {
        renamed.schema = schema;
    }
    renamed
}
