//! Puts chosen rows into a database that has generated rows.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use schema::sql::{fold, quote_name};
use schema::{Schema, Table, TableKind};

use super::{Cells, ChosenRow, Clash, FIRST, Shape};

/// How many rows become like the first one.
const ALIKE: usize = 3;

/// How many rows are tried for a cell that some of them cannot have.
const TRIES: usize = 4;

/// Gives the chosen rows to the database, each in the place of one generated row. A row that a key,
/// a CHECK or a trigger refuses stays as it was.
pub(crate) fn put_rows(connection: &Connection, schema: &Schema, rows: &[&ChosenRow]) {
    let mut tables: BTreeMap<&str, Vec<&Cells>> = BTreeMap::new();
    for row in rows {
        tables.entry(&row.table).or_default().push(&row.cells);
    }
    for (name, rows) in tables {
        let Some(table) = schema.table(name) else {
            continue;
        };
        // The first row stays as it was generated, and the last one is the one that is emptied.
        let places = places(connection, table);
        let mut free = inner(&places).iter();
        for cells in rows {
            // One that refers to a row, or that others refer to, may not take the value.
            let tries: Vec<&String> = free.clone().take(TRIES).collect();
            let mut tries = tries.into_iter();
            if tries.any(|place| set(connection, table, place, cells).is_ok()) {
                let left = tries.count();
                let used = free.clone().take(TRIES).count() - left;
                free.by_ref().take(used).for_each(drop);
            }
        }
    }
    for table in rows
        .iter()
        .map(|row| row.table.as_str())
        .collect::<BTreeSet<_>>()
    {
        refer_to_each_row(connection, schema, table);
    }
}

/// All places but the first, where the row stays as it was generated, and the last, where it is
/// emptied.
fn inner(places: &[String]) -> &[String] {
    let end = places.len().saturating_sub(1).max(1);
    places.get(1..end).unwrap_or_default()
}

/// Lets the rows of each table with a key to `parent` refer to its rows one after the other, so
/// that each has one that refers to it.
fn refer_to_each_row(connection: &Connection, schema: &Schema, parent: &str) {
    let Some(table) = schema.table(parent) else {
        return;
    };
    let parents = places(connection, table);
    for child in schema.tables().filter(|child| fold(&child.name) != parent) {
        let mut keys = child.foreign_keys.iter();
        let Some(key) = keys.find(|key| fold(&key.parent) == parent) else {
            continue;
        };
        let to: Vec<String> = if key.parent_columns.is_empty() {
            let own = table.primary_key.iter().flat_map(|key| &key.columns);
            own.map(|part| part.name.clone()).collect()
        } else {
            key.parent_columns.clone()
        };
        let children = places(connection, child);
        for (place, parent) in inner(&children).iter().zip(inner(&parents)) {
            let cell = |(column, to): (&String, &String)| {
                let (to, name) = (quote_name(to), quote_name(&table.name));
                let value = format!("(SELECT {to} FROM main.{name} WHERE {parent})");
                (column.clone(), value)
            };
            let cells: Cells = key.columns.iter().zip(&to).map(cell).collect();
            // A key of the child may allow one of them only.
            let _ = set(connection, child, place, &cells);
        }
    }
}

/// Gives the rows of a clash to the database; `false` where it refuses them, so that there is no
/// such clash.
pub(crate) fn put_clash(connection: &Connection, schema: &Schema, clash: &Clash) -> bool {
    let Some(table) = schema.table(&clash.table) else {
        return false;
    };
    let places = places(connection, table);
    if clash.shape != Shape::Each {
        put_pair(connection, table, &places, clash)
    } else {
        let mut free = places.iter();
        let mut put = 0;
        for cells in clash.rows.iter().filter(|cells| !cells.is_empty()) {
            if free.any(|place| set(connection, table, place, cells).is_ok()) {
                put += 1;
            }
        }
        put > 0
    }
}

/// Sets the cells of a first row, and those of a second row to the same values.
fn put_pair(connection: &Connection, table: &Table, places: &[String], clash: &Clash) -> bool {
    let [first_cells, second_cells] = clash.rows.as_slice() else {
        return false;
    };
    for (at, first) in places.iter().enumerate().take(TRIES) {
        if !first_cells.is_empty() && set(connection, table, first, first_cells).is_err() {
            continue;
        }
        if clash.shape == Shape::WholePair && !is_whole(connection, table, first, second_cells) {
            continue;
        }
        let cell = |(column, sql): &(String, String)| {
            let name = quote_name(column);
            let value = format!(
                "(SELECT {name} FROM main.{} WHERE {first})",
                quote_name(&table.name)
            );
            (column.clone(), sql.replace(FIRST, &value))
        };
        let cells: Cells = second_cells.iter().map(cell).collect();
        // Some effects take more than two rows.
        let others = places.iter().enumerate();
        let put = others
            .filter(|(other, place)| *other != at && set(connection, table, place, &cells).is_ok())
            .take(ALIKE);
        if put.count() > 0 {
            return true;
        }
    }
    false
}

/// Whether the row has a value in each of the columns.
fn is_whole(connection: &Connection, table: &Table, place: &str, cells: &Cells) -> bool {
    let parts = cells
        .iter()
        .filter(|(_, sql)| sql.contains(FIRST))
        .map(|(column, _)| format!("{} IS NOT NULL", quote_name(column)));
    let parts: Vec<String> = parts.collect();
    if parts.is_empty() {
        return true;
    }
    let sql = format!(
        "SELECT count(*) FROM main.{} WHERE {place} AND {}",
        quote_name(&table.name),
        parts.join(" AND ")
    );
    connection
        .query_row(&sql, [], |row| row.get::<_, i64>(0))
        .is_ok_and(|count| count > 0)
}

/// Conditions that each find one row of a table, in order.
fn places(connection: &Connection, table: &Table) -> Vec<String> {
    if table.kind != TableKind::Ordinary {
        return Vec::new();
    }
    let key: Vec<String> = if table.without_rowid {
        let key = table.primary_key.iter().flat_map(|key| &key.columns);
        key.map(|part| quote_name(&part.name)).collect()
    } else {
        let taken = |name: &&str| table.column(name).is_none();
        let names = ["rowid", "_rowid_", "oid"].into_iter().filter(taken);
        let alias = table.rowid_alias().map(quote_name);
        let name = alias.or_else(|| names.map(str::to_owned).next());
        name.into_iter().collect()
    };
    if key.is_empty() {
        return Vec::new();
    }
    let parts: Vec<String> = key
        .iter()
        .map(|name| format!("'{} IS ' || quote({name})", name.replace('\'', "''")))
        .collect();
    let sql = format!(
        "SELECT {} FROM main.{} ORDER BY {}",
        parts.join(" || ' AND ' || "),
        quote_name(&table.name),
        key.join(", ")
    );
    let read = || -> rusqlite::Result<Vec<String>> {
        let mut statement = connection.prepare(&sql)?;
        let rows = statement.query_map([], |row| row.get(0))?;
        rows.collect()
    };
    read().unwrap_or_default()
}

/// Sets cells of the row at `place`.
fn set(connection: &Connection, table: &Table, place: &str, cells: &Cells) -> rusqlite::Result<()> {
    let sets: Vec<String> = cells
        .iter()
        .map(|(column, sql)| format!("{} = {sql}", quote_name(column)))
        .collect();
    let sql = format!(
        "UPDATE main.{} SET {} WHERE {place}",
        quote_name(&table.name),
        sets.join(", ")
    );
    connection.execute(&sql, []).map(drop)
}

/// How many rows a table needs for the chosen ones, by folded name.
pub(crate) fn rows_needed(
    schema: &Schema,
    rows: &[ChosenRow],
    clashes: &[Clash],
) -> BTreeMap<String, usize> {
    let mut needed: BTreeMap<String, usize> = BTreeMap::new();
    for row in rows {
        *needed.entry(fold(&row.table)).or_default() += 1;
    }
    let parents = needed.clone();
    for child in schema.tables() {
        for key in &child.foreign_keys {
            if let Some(rows) = parents.get(&fold(&key.parent)) {
                let most = needed.entry(fold(&child.name)).or_default();
                *most = (*most).max(*rows);
            }
        }
    }
    for clash in clashes {
        let most = needed.entry(clash.table.clone()).or_default();
        *most = (*most).max(clash.rows.len());
    }
    needed
}
