//! Finds CHECKs, indexes and generated columns that call the clock: SQLite accepts the declaration,
//! and refuses each write that evaluates it.

use rusqlite::Connection;
use schema::sql::{fold, quote_name};
use schema::{PartKind, Schema, Table, TableKind};

use crate::script::demands::CLOCK_FUNCTIONS;
use crate::script::names::words_of;
use sandbox::sqlite_message;

/// The words beside [`CLOCK_FUNCTIONS`] that read the clock, or the time zone of the machine.
const CLOCK_WORDS: [&str; 4] = [
    "current_date",
    "current_time",
    "current_timestamp",
    "localtime",
];

/// Values of which one row each is made: an expression may evaluate a function for some alone.
const VALUES: [&str; 5] = ["NULL", "0", "1", "'2024-02-03 04:05:06'", "'text'"];

/// The tables with an expression that calls the clock, each with what is wrong.
pub(crate) fn clock_expressions(connection: &Connection, schema: &Schema) -> Vec<(String, String)> {
    let mut found = Vec::new();
    for table in schema.tables() {
        if table.kind != TableKind::Ordinary {
            continue;
        }
        for (what, expression) in expressions(schema, table) {
            if calls_clock(&expression)
                && let Some(error) = probe(connection, table, &expression)
            {
                let problem = format!(
                    "{what} calls the clock, which SQLite accepts in a declaration and refuses in \
                     each write: {error} in `{expression}`"
                );
                found.push((table.name.clone(), problem));
                break;
            }
        }
    }
    found
}

/// Whether an expression of the schema names a function of the clock.
pub(crate) fn may_call_clock(schema: &Schema) -> bool {
    schema.tables().any(|table| {
        let mut all = expressions(schema, table).into_iter();
        all.any(|(_, expression)| calls_clock(&expression))
    })
}

fn calls_clock(expression: &str) -> bool {
    let words = words_of(expression);
    let mut names = CLOCK_FUNCTIONS.iter().chain(&CLOCK_WORDS);
    names.any(|name| words.iter().any(|word| word == name))
}

/// The expressions that a write to the table evaluates.
fn expressions(schema: &Schema, table: &Table) -> Vec<(String, String)> {
    let checks = table.checks.iter();
    let mut all: Vec<(String, String)> = checks
        .map(|check| ("its CHECK".to_owned(), check.expression.clone()))
        .collect();
    for column in &table.columns {
        if let Some(generated) = &column.generated {
            let what = format!("its generated column `{}`", column.name);
            all.push((what, generated.expression.clone()));
        }
    }
    let own = |index: &&schema::Index| fold(&index.table) == fold(&table.name);
    for index in schema.indexes().filter(own) {
        let what = format!("its index `{}`", index.name);
        let parts = index.columns.iter().filter_map(|part| match &part.kind {
            PartKind::Expression(text) => Some(text.clone()),
            PartKind::Column(_) => None,
        });
        let parts = parts.chain(index.filter.clone());
        all.extend(parts.map(|text| (what.clone(), text)));
    }
    all
}

/// Evaluates an expression over some rows as a generated column of a table that has no other rule;
/// the error where that is not allowed.
fn probe(connection: &Connection, table: &Table, expression: &str) -> Option<String> {
    const PROBE: &str = "rowsafe clock probe";
    let columns = table.columns.iter().map(|column| {
        let name = quote_name(&column.name);
        format!(
            "{name} {}",
            column.declared_type.as_deref().unwrap_or_default()
        )
    });
    let columns: Vec<String> = columns.collect();
    let name = quote_name(PROBE);
    let create = format!(
        "SAVEPOINT probe; CREATE TABLE main.{name} ({}, {name} AS ({expression}))",
        columns.join(", ")
    );
    let evaluate = || -> rusqlite::Result<()> {
        connection.execute_batch(&create)?;
        for value in VALUES {
            let values = vec![value; columns.len()].join(", ");
            connection.execute_batch(&format!("INSERT INTO main.{name} VALUES ({values})"))?;
        }
        let sql = format!("SELECT {name} FROM main.{name}");
        let mut statement = connection.prepare(&sql)?;
        let mut rows = statement.query([])?;
        while rows.next()?.is_some() {}
        Ok(())
    };
    let error = evaluate().err();
    let _ = connection.execute_batch("ROLLBACK TO probe; RELEASE probe");
    let words = error.as_ref().map(sqlite_message)?;
    let (_, function) = words.split_once("non-deterministic use of ")?;
    let function = function.split_whitespace().next()?;
    Some(format!("non-deterministic use of {function}"))
}
