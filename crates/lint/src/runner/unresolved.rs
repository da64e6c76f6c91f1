//! Finds names in the views and triggers of a database that SQLite cannot resolve.

use std::collections::BTreeMap;

use rusqlite::Connection;
use schema::sql::{fold, quote_name};
use schema::{Schema, TriggerEvent};

use crate::runner::quoted_text::quoted_word;
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

/// Views and triggers that name what is not there, each with what is wrong.
pub(crate) fn unresolved_names(
    connection: &Connection,
    schema: &Schema,
) -> BTreeMap<String, Dangling> {
    let mut found = BTreeMap::new();
    // A word in double quotes that names nothing is a string to SQLite, so a view may stand on a
    // column that is gone and answer with its name.
    for view in schema.views() {
        let sql = format!("SELECT * FROM main.{}", quote_name(&view.name));
        if let Some(words) = refused(connection, &sql) {
            let (words, strict) = words;
            let dangling = Dangling::new(names_nothing(&words), strict, &view.name);
            found.insert(format!("view {}", view.name), dangling);
        }
    }
    for trigger in schema.triggers() {
        let Some(parts) = &trigger.parts else {
            continue;
        };
        let Some(sql) = statement_for(schema, &trigger.table, parts.event) else {
            continue;
        };
        let Some((words, strict)) = refused(connection, &sql) else {
            continue;
        };
        // All triggers of one event are compiled together, so the one that names it is meant.
        let name = match quoted_word(&words) {
            Some(word) => word,
            None => {
                let last = words.rsplit([':', '.', ' ']).next();
                last.unwrap_or_default().to_owned()
            }
        };
        if fold(&trigger.text).contains(&fold(&name)) {
            let dangling = Dangling::new(names_nothing(&words), strict, &trigger.name);
            found.insert(format!("trigger {}", trigger.name), dangling);
        }
    }
    found
}

/// A statement that fires the triggers of the table for one event.
fn statement_for(schema: &Schema, table: &str, event: TriggerEvent) -> Option<String> {
    let name = quote_name(table);
    let own = schema.table(table)?;
    let columns: Vec<String> = own
        .stored_columns()
        .map(|column| quote_name(&column.name))
        .collect();
    let nulls = vec!["NULL"; columns.len()].join(", ");
    let sets: Vec<String> = columns
        .iter()
        .map(|column| format!("{column} = {column}"))
        .collect();
    Some(match event {
        TriggerEvent::Insert => {
            format!(
                "INSERT INTO main.{name} ({}) VALUES ({nulls})",
                columns.join(", ")
            )
        }
        TriggerEvent::Update => format!("UPDATE main.{name} SET {}", sets.join(", ")),
        TriggerEvent::Delete => format!("DELETE FROM main.{name}"),
    })
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
