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
    let mut tables: BTreeMap<&str, Vec<&ChosenRow>> = BTreeMap::new();
    for row in rows {
        tables.entry(&row.table).or_default().push(row);
    }
    let mut filled = Vec::new();
    for (name, rows) in tables {
        if let Some(table) = schema.table(name) {
            filled.push((table, put_into(connection, table, &rows)));
        }
    }
    for (table, alone) in filled {
        refer_to_each_row(connection, schema, table, &alone);
    }
}

/// Gives the rows of one table to the database, and finds the places of those that are alone.
fn put_into(connection: &Connection, table: &Table, rows: &[&ChosenRow]) -> BTreeSet<String> {
    let places = places(connection, table);
    let mut free = inner(&places).iter();
    let mut alone = BTreeSet::new();
    for row in rows {
        // One that refers to a row, or that others refer to, may not take the value.
        let tries = free.clone().take(TRIES);
        let found = tries
            .enumerate()
            .find(|(_, place)| set(connection, table, place, &row.cells).is_ok());
        if let Some((at, place)) = found {
            free.by_ref().take(at + 1).for_each(drop);
            if row.alone {
                alone.insert(place.clone());
            }
        }
    }
    alone
}

/// All places but the first, where the row stays as it was generated, and the last, where it is
/// emptied.
fn inner(places: &[String]) -> &[String] {
    let end = places.len().saturating_sub(1).max(1);
    places.get(1..end).unwrap_or_default()
}

/// Lets the rows of each table with a key to `parent` refer to its rows one after the other, so
/// that each has one that refers to it, but for those that are alone.
fn refer_to_each_row(
    connection: &Connection,
    schema: &Schema,
    parent: &Table,
    alone: &BTreeSet<String>,
) {
    let own = fold(&parent.name);
    let all = places(connection, parent);
    let parents: Vec<&String> = (inner(&all).iter())
        .filter(|place| !alone.contains(*place))
        .collect();
    for child in schema.tables().filter(|child| fold(&child.name) != own) {
        let mut keys = child.foreign_keys.iter();
        let Some(key) = keys.find(|key| fold(&key.parent) == own) else {
            continue;
        };
        let to: Vec<String> = if key.parent_columns.is_empty() {
            let own = parent.primary_key.iter().flat_map(|key| &key.columns);
            own.map(|part| part.name.clone()).collect()
        } else {
            key.parent_columns.clone()
        };
        let cells = |place: &str| -> Cells {
            let name = quote_name(&parent.name);
            let value = |to: &String| {
                let to = quote_name(to);
                format!("(SELECT {to} FROM main.{name} WHERE {place})")
            };
            let columns = key.columns.iter().cloned();
            columns.zip(to.iter().map(value)).collect()
        };
        let children = places(connection, child);
        for (place, parent) in inner(&children).iter().zip(&parents) {
            // A key of the child may allow one of them only.
            let _ = set(connection, child, place, &cells(parent));
        }
        let other = parents.first().map(|parent| cells(parent));
        for place in alone {
            take_references(connection, child, &cells(place), other.as_ref());
        }
    }
}

/// Lets the rows of `child` that have these cells refer to another row, or deletes them.
fn take_references(connection: &Connection, child: &Table, own: &Cells, other: Option<&Cells>) {
    let parts: Vec<String> = own
        .iter()
        .map(|(column, sql)| format!("{} IS {sql}", quote_name(column)))
        .collect();
    let own = parts.join(" AND ");
    let moved = other.is_some_and(|other| set(connection, child, &own, other).is_ok());
    if !moved {
        let sql = format!("DELETE FROM main.{} WHERE {own}", quote_name(&child.name));
        // A key to the row may refuse it; then the row is not alone.
        let _ = connection.execute(&sql, []);
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
