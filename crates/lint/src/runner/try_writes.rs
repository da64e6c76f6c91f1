//! Tries to write to tables with triggers as an application does: a trigger that compiles may still
//! refuse every write.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::types::Value;
use rusqlite::{Connection, ErrorCode, Params, ffi, params_from_iter};
use schema::sql::{fold, quote_name};
use schema::{Schema, Table, TableKind, TriggerEvent};

use sandbox::sqlite_message;

/// The writes that fail: the folded table and the verb, each with the error.
pub(crate) type RefusedWrites = BTreeMap<(String, &'static str), String>;

/// Errors that hang on the rows that happen to be there, or that a trigger raises on purpose.
const BY_ROWS: [i32; 5] = [
    ffi::SQLITE_CONSTRAINT_TRIGGER,
    ffi::SQLITE_CONSTRAINT_FOREIGNKEY,
    ffi::SQLITE_CONSTRAINT_UNIQUE,
    ffi::SQLITE_CONSTRAINT_PRIMARYKEY,
    ffi::SQLITE_CONSTRAINT_ROWID,
];

/// Writes one row of each table of `only` that has triggers, and takes it back.
pub(crate) fn try_writes(
    connection: &Connection,
    schema: &Schema,
    only: &BTreeSet<String>,
) -> RefusedWrites {
    let mut refused = RefusedWrites::new();
    let has_rowid = |table: &&Table| table.kind == TableKind::Ordinary && !table.without_rowid;
    for table in schema.tables().filter(has_rowid) {
        let own = fold(&table.name);
        let triggers = schema.triggers();
        let events = triggers
            .filter(|trigger| fold(&trigger.table) == own)
            .filter_map(|trigger| trigger.parts.as_ref())
            .map(|parts| verb(parts.event));
        let events: BTreeSet<&'static str> = events.collect();
        if events.is_empty() || !only.contains(&own) || !connection.is_autocommit() {
            continue;
        }
        for (verb, error) in try_table(connection, table, &events).unwrap_or_default() {
            refused.insert((own.clone(), verb), error);
        }
    }
    refused
}

fn verb(event: TriggerEvent) -> &'static str {
    match event {
        TriggerEvent::Insert => "INSERT",
        TriggerEvent::Update => "UPDATE",
        TriggerEvent::Delete => "DELETE",
    }
}

/// Writes the first row of a table in a transaction of its own, without foreign keys.
fn try_table(
    connection: &Connection,
    table: &Table,
    events: &BTreeSet<&'static str>,
) -> rusqlite::Result<Vec<(&'static str, String)>> {
    let mut failed = Vec::new();
    let keys: bool = connection.pragma_query_value(None, "foreign_keys", |row| row.get(0))?;
    connection.pragma_update(None, "foreign_keys", false)?;
    let mut attempt = |verb, write: &dyn Fn() -> rusqlite::Result<()>| {
        if connection.execute_batch("BEGIN").is_err() {
            return;
        }
        let error = write().err().filter(|_| events.contains(verb));
        if let Some(error) = error.filter(is_by_trigger) {
            failed.push((verb, sqlite_message(&error)));
        }
        if !connection.is_autocommit() {
            let _ = connection.execute_batch("ROLLBACK");
        }
    };
    let row = Row::first(connection, table);
    if let Ok(row) = row {
        attempt("UPDATE", &|| row.update(connection));
        attempt("DELETE", &|| row.delete(connection));
        attempt("INSERT", &|| {
            // The key is free only if the row can go.
            if row.delete(connection).is_err() {
                return Ok(());
            }
            row.insert(connection)
        });
    }
    connection.pragma_update(None, "foreign_keys", keys)?;
    Ok(failed)
}

/// Whether the trigger is to blame, whatever the rows.
fn is_by_trigger(error: &rusqlite::Error) -> bool {
    let code = error.sqlite_error();
    code.is_some_and(|code| {
        let fails = [ErrorCode::ConstraintViolation, ErrorCode::Unknown];
        fails.contains(&code.code) && !BY_ROWS.contains(&code.extended_code)
    })
}

/// A row of a table with a rowid.
struct Row {
    table: String,
    /// The columns that a statement can write, in quotes.
    columns: Vec<String>,
    rowid: i64,
    values: Vec<Value>,
}

impl Row {
    fn first(connection: &Connection, table: &Table) -> rusqlite::Result<Row> {
        let name = format!("main.{}", quote_name(&table.name));
        let columns = table.stored_columns();
        let columns: Vec<String> = columns.map(|column| quote_name(&column.name)).collect();
        let sql = format!(
            "SELECT rowid, {} FROM {name} ORDER BY rowid LIMIT 1",
            columns.join(", ")
        );
        let (rowid, values) = connection.query_row(&sql, [], |row| {
            let values = (1..=columns.len()).map(|place| row.get(place));
            Ok((
                row.get(0)?,
                values.collect::<rusqlite::Result<Vec<Value>>>()?,
            ))
        })?;
        Ok(Row {
            table: name,
            columns,
            rowid,
            values,
        })
    }

    fn update(&self, connection: &Connection) -> rusqlite::Result<()> {
        let sets = self.columns.iter();
        let sets: Vec<String> = sets.map(|column| format!("{column} = {column}")).collect();
        let (table, sets) = (&self.table, sets.join(", "));
        let sql = format!("UPDATE {table} SET {sets} WHERE rowid = ?1");
        execute(connection, &sql, [self.rowid])
    }

    fn delete(&self, connection: &Connection) -> rusqlite::Result<()> {
        let sql = format!("DELETE FROM {} WHERE rowid = ?1", self.table);
        execute(connection, &sql, [self.rowid])
    }

    fn insert(&self, connection: &Connection) -> rusqlite::Result<()> {
        let marks = vec!["?"; self.columns.len()].join(", ");
        let (table, columns) = (&self.table, self.columns.join(", "));
        let sql = format!("INSERT INTO {table} ({columns}) VALUES ({marks})");
        execute(connection, &sql, params_from_iter(&self.values))
    }
}

/// Runs a statement. One that does not compile is found in the version itself.
fn execute(connection: &Connection, sql: &str, values: impl Params) -> rusqlite::Result<()> {
    match connection.prepare(sql) {
        Ok(mut statement) => statement.execute(values).map(drop),
        Err(_) => Ok(()),
    }
}
