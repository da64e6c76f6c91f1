//! Finds views, triggers and declarations of a database that SQLite accepts and cannot use: names
//! that lead nowhere, and functions of the clock where only constants may be.

use std::collections::BTreeMap;

use rusqlite::Connection;
use schema::sql::{fold, quote_name};
use schema::{Schema, Trigger, TriggerEvent, TriggerTime};

use crate::runner::clock_probe::clock_expressions;
use sandbox::StrictQuotes;
use sandbox::sqlite_message;

/// A name that leads nowhere.
#[derive(Clone, Debug)]
pub(crate) struct Dangling {
    pub(crate) words: String,
    /// Whether SQLite says nothing, because it takes a word in double quotes for a string.
    pub(crate) only_strict: bool,
    /// The view, trigger or table that holds the name, folded.
    holder: String,
}

impl Dangling {
    pub(crate) fn new(words: String, only_strict: bool, holder: &str) -> Dangling {
        Dangling {
            words,
            only_strict,
            holder: fold(holder),
        }
    }

    /// Whether what holds the name is declared in `schema`.
    pub(crate) fn is_in(&self, schema: &Schema) -> bool {
        schema.views().any(|view| fold(&view.name) == self.holder)
            || schema
                .triggers()
                .any(|trigger| fold(&trigger.name) == self.holder)
            || schema.table(&self.holder).is_some()
    }
}

/// Views, triggers and tables that cannot be used, each with what is wrong.
pub(crate) fn unresolved_names(
    connection: &Connection,
    schema: &Schema,
) -> BTreeMap<String, Dangling> {
    let mut found = BTreeMap::new();
    // A word in double quotes that names nothing is a string to SQLite, so a view may stand on a
    // column that is gone and answer with its name.
    for view in schema.views() {
        let sql = format!("SELECT * FROM main.{}", quote_name(&view.name));
        if let Some((words, strict)) = refused(connection, &sql) {
            let dangling = Dangling::new(names_nothing(&words), strict, &view.name);
            found.insert(format!("view {}", view.name), dangling);
        }
    }
    let mut compiled: BTreeMap<(String, &'static str), bool> = BTreeMap::new();
    for trigger in schema.triggers() {
        let Some(parts) = &trigger.parts else {
            continue;
        };
        let on_view = parts.time == TriggerTime::InsteadOf;
        if on_view && found.contains_key(&format!("view {}", trigger.table)) {
            continue;
        }
        let Some((event, sql)) = statement_for(connection, schema, &trigger.table, parts.event)
        else {
            continue;
        };
        // All triggers of one event are compiled together, and those that they fire.
        let fails = compiled
            .entry((fold(&trigger.table), event))
            .or_insert_with(|| refused(connection, &sql).is_some());
        if *fails && let Some((words, strict)) = refused_alone(connection, schema, trigger, &sql) {
            let dangling = Dangling::new(does_not_compile(&words), strict, &trigger.name);
            found.insert(format!("trigger {}", trigger.name), dangling);
        }
    }
    for (table, problem) in clock_expressions(connection, schema) {
        found.insert(table.clone(), Dangling::new(problem, false, &table));
    }
    found
}

/// Why a statement does not compile with this trigger alone.
fn refused_alone(
    connection: &Connection,
    schema: &Schema,
    trigger: &Trigger,
    sql: &str,
) -> Option<(String, bool)> {
    let others = schema.triggers().filter(|own| own.name != trigger.name);
    let drops = others.map(|own| format!("DROP TRIGGER main.{};", quote_name(&own.name)));
    let drops: String = drops.collect();
    connection.execute_batch("SAVEPOINT alone").ok()?;
    let alone = connection.execute_batch(&drops);
    let refused = alone.ok().and_then(|()| refused(connection, sql));
    let _ = connection.execute_batch("ROLLBACK TO alone; RELEASE alone");
    refused
}

/// A statement that fires the triggers of a table or a view for one event, and its verb.
fn statement_for(
    connection: &Connection,
    schema: &Schema,
    table: &str,
    event: TriggerEvent,
) -> Option<(&'static str, String)> {
    let name = quote_name(table);
    let columns: Vec<String> = match schema.table(table) {
        Some(own) => own
            .stored_columns()
            .map(|column| quote_name(&column.name))
            .collect(),
        None => columns_of_view(connection, table).ok()?,
    };
    let nulls = vec!["NULL"; columns.len()].join(", ");
    let sets: Vec<String> = columns
        .iter()
        .map(|column| format!("{column} = {column}"))
        .collect();
    Some(match event {
        TriggerEvent::Insert => (
            "INSERT",
            format!(
                "INSERT INTO main.{name} ({}) VALUES ({nulls})",
                columns.join(", ")
            ),
        ),
        TriggerEvent::Update => (
            "UPDATE",
            format!("UPDATE main.{name} SET {}", sets.join(", ")),
        ),
        TriggerEvent::Delete => ("DELETE", format!("DELETE FROM main.{name}")),
    })
}

fn columns_of_view(connection: &Connection, view: &str) -> rusqlite::Result<Vec<String>> {
    let sql = "SELECT name FROM pragma_table_info(?1, 'main')";
    let mut statement = connection.prepare(sql)?;
    let names = statement.query_map([view], |row| row.get::<_, String>(0))?;
    names.map(|name| Ok(quote_name(&name?))).collect()
}

/// Why a statement does not compile, if that is for a name, and whether it does where a word in
/// double quotes may be a string.
fn refused(connection: &Connection, sql: &str) -> Option<(String, bool)> {
    let strict = StrictQuotes::set(connection);
    let error = connection.prepare(sql).err()?;
    drop(strict);
    let words = sqlite_message(&error);
    let only_strict = connection.prepare(sql).is_ok();
    // Objects that an application registers are missing here by design; another check reports a
    // key that leads nowhere.
    let registered = ["no such function", "no such module", "no such collation"];
    let other =
        registered.iter().any(|start| words.starts_with(start)) || words.contains("mismatch");
    (!other).then_some((words, only_strict))
}

fn names_nothing(words: &str) -> String {
    format!("it names what is not there, and fails when it is used: {words}")
}

fn does_not_compile(words: &str) -> String {
    if words.starts_with("no such ") || words.contains(": no such ") {
        names_nothing(words)
    } else {
        format!("it no longer compiles, and every write that fires it fails: {words}")
    }
}
