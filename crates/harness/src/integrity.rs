//! Problems of a file: those that SQLite's checks and the application report, and whether the file
//! can still be used.

use std::collections::BTreeMap;

use migrations::Version;
use observe::check_agrees_with_content;
use rusqlite::Connection;
use sandbox::StrictQuotes;
use schema::sql::quote_name;
use schema::{Schema, Table, TableKind};

use crate::error::Error;
use crate::subject::Subject;
use sandbox::sqlite_message;

/// Lists all problems of a file of `version`, one sentence each; a sentence is repeated for each
/// row to which it applies.
pub(crate) fn problems(
    subject: &Subject<'_>,
    connection: &Connection,
    version: Version,
) -> Result<Vec<String>, Error> {
    let mut found = Vec::new();
    sentences(
        connection,
        "SELECT integrity_check FROM pragma_integrity_check WHERE integrity_check <> 'ok'",
        &mut found,
    )
    .map_err(|error| format!("integrity_check: {error}"))?;
    let keys =
        "SELECT \"table\" || coalesce(', rowid ' || rowid, '') || ': no such row in ' || parent
                FROM pragma_foreign_key_check";
    if let Err(error) = sentences(connection, keys, &mut found) {
        found.push(format!(
            "foreign keys cannot be checked: {}",
            sqlite_message(&error)
        ));
    }
    usable(connection, &mut found)?;
    if version > 0 {
        let said = subject.application.inconsistencies(connection, version);
        found.extend(said?);
    }
    Ok(found)
}

/// The sentences that `after` contains more often than `before`.
pub(crate) fn newly_reported<'a>(before: &[String], after: &'a [String]) -> Vec<&'a String> {
    let mut known: BTreeMap<&String, usize> = BTreeMap::new();
    for sentence in before {
        *known.entry(sentence).or_default() += 1;
    }
    let mut more = Vec::new();
    for sentence in after {
        match known.get_mut(sentence) {
            Some(count) if *count > 0 => *count -= 1,
            _ => more.push(sentence),
        }
    }
    more
}

fn sentences(connection: &Connection, sql: &str, found: &mut Vec<String>) -> rusqlite::Result<()> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        found.push(row.get(0)?);
    }
    Ok(())
}

/// Whether rows can still be written and views read. CREATE VIEW, CREATE TRIGGER and DROP TABLE
/// check nothing, so their errors only appear at the next write.
fn usable(connection: &Connection, found: &mut Vec<String>) -> Result<(), Error> {
    let schema = Schema::read(connection)?;
    let _strict = StrictQuotes::set(connection)?;
    for table in schema.tables() {
        match &table.kind {
            TableKind::Ordinary => writable(connection, table, found),
            TableKind::Virtual { module, .. } if module.eq_ignore_ascii_case("fts5") => {
                searchable(connection, table, found);
            }
            _ => {}
        }
    }
    for view in schema.views() {
        let sql = format!("SELECT * FROM main.{}", quote_name(&view.name));
        if let Err(error) = connection.prepare(&sql) {
            found.push(format!(
                "view `{}` cannot be read: {}",
                view.name,
                sqlite_message(&error)
            ));
        }
    }
    Ok(())
}

/// Prepares one statement of each kind, which compiles the table's triggers and finds the parents
/// of its keys.
fn writable(connection: &Connection, table: &Table, found: &mut Vec<String>) {
    let name = quote_name(&table.name);
    let columns: Vec<_> = table
        .stored_columns()
        .map(|column| quote_name(&column.name))
        .collect();
    let nulls = vec!["NULL"; columns.len()].join(", ");
    let sets: Vec<_> = columns
        .iter()
        .map(|column| format!("{column} = {column}"))
        .collect();
    let statements = [
        (
            "INSERT",
            format!(
                "INSERT INTO main.{name} ({}) VALUES ({nulls})",
                columns.join(", ")
            ),
        ),
        (
            "UPDATE",
            format!("UPDATE main.{name} SET {}", sets.join(", ")),
        ),
        ("DELETE", format!("DELETE FROM main.{name}")),
    ];
    for (verb, sql) in statements {
        if let Err(error) = connection.prepare(&sql) {
            found.push(format!(
                "{verb} fails on `{}`: {}",
                table.name,
                sqlite_message(&error)
            ));
        }
    }
}

fn searchable(connection: &Connection, table: &Table, found: &mut Vec<String>) {
    if let Err(error) = check_agrees_with_content(connection, &table.name) {
        let reason = sqlite_message(&error);
        found.push(format!(
            "search table `{}` does not match its content: {reason}",
            table.name
        ));
    }
}
