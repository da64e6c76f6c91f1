//! What can be seen without a row: objects that vanish, names that lead nowhere, ways back that differ.

use std::collections::{BTreeMap, BTreeSet};

use rusqlite::Connection;
use schema::sql::{fold, quote_name};
use schema::{
    Change, ChangeKind, Comparison, Index, Object, PartKind, Schema, Table, TriggerEvent,
};

use crate::finding::Severity;
use crate::script::lineage::{Lineage, TableLineage};
use crate::script::statement::{Effect, Statement, drops};
use sandbox::StrictQuotes;
use sandbox::sqlite_message;

/// An index or a trigger that went with the table that was rebuilt.
pub(crate) struct Lost {
    pub(crate) name: String,
    pub(crate) severity: Severity,
    pub(crate) line: Option<usize>,
    pub(crate) message: String,
}

/// Indexes and triggers that are gone while their table is still there, and that no statement drops by name.
pub(crate) fn lost(
    before: &Schema,
    after: &Schema,
    lineage: &Lineage,
    statements: &[Statement],
) -> Vec<Lost> {
    let kin_of = |table: &str| lineage.kin.get(&fold(table)).filter(|kin| !kin.made_anew);
    let mut found = Vec::new();
    let named: BTreeSet<String> = after.indexes().map(|index| fold(&index.name)).collect();
    let gone = before
        .indexes()
        .filter(|index| !named.contains(&fold(&index.name)));
    for index in gone {
        let now =
            kin_of(&index.table).and_then(|kin| Some((kin, after.table(kin.after.as_deref()?)?)));
        let Some((kin, now)) = now else { continue };
        let whole = index.columns.iter().all(|part| match &part.kind {
            PartKind::Column(name) => kin.column_now(name).is_some(),
            PartKind::Expression(_) => true,
        });
        if drops(statements, &index.name) || !whole || has_index(after, now, index, kin) {
            continue;
        }
        let what = if index.unique {
            "unique index"
        } else {
            "index"
        };
        let loses = if index.unique {
            "and with it the rule that no two rows are the same"
        } else {
            "and every query that used it scans"
        };
        found.push(Lost {
            name: index.name.clone(),
            severity: Severity::Error,
            line: kin.drop_line(statements),
            message: format!(
                "`DROP TABLE` takes the {what} `{}` along when `{}` is rebuilt, {loses}",
                index.name, kin.name
            ),
        });
    }
    for trigger in before.triggers() {
        let there = after
            .triggers()
            .any(|own| fold(&own.name) == fold(&trigger.name));
        let table = kin_of(&trigger.table).filter(|kin| kin.after.is_some());
        let view = after
            .views()
            .any(|view| fold(&view.name) == fold(&trigger.table));
        if there || drops(statements, &trigger.name) || (table.is_none() && !view) {
            continue;
        }
        let dropped = |line: &&Statement| matches!(&line.effect, Effect::Drop(name) if *name == fold(&trigger.table));
        let line = statements.iter().find(dropped).map(|line| line.line);
        found.push(Lost {
            name: trigger.name.clone(),
            severity: Severity::Error,
            line: table.and_then(|kin| kin.drop_line(statements)).or(line),
            message: format!("dropping `{}` to rebuild it takes the trigger `{}` along, and nothing says that it no longer fires", trigger.table, trigger.name),
        });
    }
    found
}

/// Whether the table has the index, under any name, or a UNIQUE constraint that does the same.
fn has_index(after: &Schema, now: &Table, index: &Index, kin: &TableLineage) -> bool {
    let renamed = |name: &str| kin.column_now(name).unwrap_or_else(|| fold(name));
    let parts: Vec<Option<String>> = index
        .columns
        .iter()
        .map(|part| match &part.kind {
            PartKind::Column(name) => Some(renamed(name)),
            PartKind::Expression(_) => None,
        })
        .collect();
    let same = |other: &Index| {
        let mut others = other.columns.iter().map(|part| match &part.kind {
            PartKind::Column(name) => Some(fold(name)),
            PartKind::Expression(_) => None,
        });
        fold(&other.table) == fold(&now.name)
            && other.columns.len() == parts.len()
            && parts
                .iter()
                .all(|part| others.next().as_ref() == Some(part))
            && (other.unique || !index.unique)
    };
    if after
        .indexes()
        .any(|other| fold(&other.name) == fold(&index.name) || same(other))
    {
        return true;
    }
    let key = now.primary_key.as_ref().map(|key| &key.columns);
    let mut keys = now.uniques.iter().map(|unique| &unique.columns).chain(key);
    index.filter.is_none()
        && keys.any(|key| {
            let own: Vec<Option<String>> = key.iter().map(|part| Some(fold(&part.name))).collect();
            own == parts
        })
}

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
    fn new(words: String, only_strict: bool, holder: &str) -> Dangling {
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

/// Keys that lead nowhere, each with what is wrong.
pub(crate) fn dangling_keys(schema: &Schema) -> BTreeMap<String, Dangling> {
    let mut found = BTreeMap::new();
    for table in schema.tables() {
        for key in &table.foreign_keys {
            let Some(problem) = key_problem(schema, key) else {
                continue;
            };
            let column = key.columns.first().map_or("", String::as_str);
            let dangling = Dangling::new(problem, false, &table.name);
            found.insert(format!("{}.{column}", table.name), dangling);
        }
    }
    found
}

/// Views and triggers that name what is not there, each with what is wrong.
pub(crate) fn dangling(connection: &Connection, schema: &Schema) -> BTreeMap<String, Dangling> {
    let mut found = BTreeMap::new();
    // A word in double quotes that names nothing is a string to SQLite, so a view may stand on a column that is
    // gone and answer with its name.
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
        let name = words.rsplit([':', '.', ' ']).next().unwrap_or_default();
        if fold(&trigger.text).contains(&fold(name)) {
            let dangling = Dangling::new(names_nothing(&words), strict, &trigger.name);
            found.insert(format!("trigger {}", trigger.name), dangling);
        }
    }
    found
}

fn key_problem(schema: &Schema, key: &schema::ForeignKey) -> Option<String> {
    let Some(parent) = schema.table(&key.parent) else {
        return Some(format!(
            "its key refers to `{}`, which is not there, and with foreign keys on every write fails",
            key.parent
        ));
    };
    let names: Vec<String> = match (key.parent_columns.as_slice(), &parent.primary_key) {
        ([], Some(own)) => own.columns.iter().map(|part| fold(&part.name)).collect(),
        (columns, _) => columns.iter().map(|name| fold(name)).collect(),
    };
    let gone = names.iter().find(|name| parent.column(name).is_none());
    if let Some(gone) = gone {
        return Some(format!(
            "its key refers to `{}.{gone}`, which is not there, and with foreign keys on every write fails",
            key.parent
        ));
    }
    let mut wanted = names.clone();
    wanted.sort();
    let fits = |mut columns: Vec<String>| {
        columns.sort();
        columns == wanted
    };
    let own = parent.primary_key.iter().map(|own| own.columns.iter());
    let uniques = parent.uniques.iter().map(|own| own.columns.iter());
    let by_table = own
        .chain(uniques)
        .any(|columns| fits(columns.map(|part| fold(&part.name)).collect()));
    let by_index = || {
        schema.indexes().any(|index| {
            let columns = index.columns.iter().filter_map(|part| match &part.kind {
                PartKind::Column(name) => Some(fold(name)),
                PartKind::Expression(_) => None,
            });
            index.unique
                && index.filter.is_none()
                && fold(&index.table) == fold(&key.parent)
                && fits(columns.collect())
        })
    };
    let unique = !names.is_empty() && (by_table || by_index());
    (!unique).then(|| {
        format!("its key refers to columns of `{}` that nothing keeps unique, and with foreign keys on every write fails (`foreign key mismatch`)", key.parent)
    })
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

/// Why a statement does not compile, if that is for a name, and whether it does where a word in double quotes
/// may be a string.
fn refused(connection: &Connection, sql: &str) -> Option<(String, bool)> {
    let strict = StrictQuotes::set(connection);
    let error = connection.prepare(sql).err()?;
    drop(strict);
    let words = sqlite_message(&error);
    let only_strict = connection.prepare(sql).is_ok();
    // What an application registers is not there here, and that says nothing about the schema; a key that
    // leads nowhere is told by itself.
    let registered = ["no such function", "no such module", "no such collation"];
    let other =
        registered.iter().any(|start| words.starts_with(start)) || words.contains("mismatch");
    (!other).then_some((words, only_strict))
}

fn names_nothing(words: &str) -> String {
    format!("it names what is not there, and fails when it is used: {words}")
}

/// What a way back did not restore: rule by rule, with how bad it is.
pub(crate) fn differences(before: &Schema, after: &Schema) -> Vec<(Change, Severity, String)> {
    let changes = Comparison::new(before, after)
        .guess_renames(false)
        .changes();
    changes
        .into_iter()
        .map(|change| {
            let severity = match change.object {
                Object::ColumnOrder => Severity::Note,
                // `ADD COLUMN … NOT NULL` takes a default; whoever wrote the column wrote it before, too.
                Object::Column if change.property == Some("DEFAULT") && change.before.is_none() => {
                    Severity::Note
                }
                _ => Severity::Error,
            };
            let what = match (change.kind, change.object) {
                (_, Object::ColumnOrder) => format!(
                    "the columns of `{}` stand in another order after the way back",
                    change.name
                ),
                (ChangeKind::Drop, object) => format!(
                    "{} `{}` is missing after the way back",
                    kind(object),
                    change.name
                ),
                (ChangeKind::Add, object) => format!(
                    "{} `{}` is left behind by the way back",
                    kind(object),
                    change.name
                ),
                _ => format!("the way back declares something else: {change}"),
            };
            (change, severity, what)
        })
        .collect()
}

fn kind(object: Object) -> &'static str {
    match object {
        Object::Table => "table",
        Object::Column => "column",
        Object::ColumnOrder => "the column order of",
        Object::PrimaryKey => "the primary key of",
        Object::Unique => "a UNIQUE constraint of",
        Object::Check => "a CHECK of",
        Object::ForeignKey => "a foreign key of",
        Object::Index => "index",
        Object::Trigger => "trigger",
        Object::View => "view",
    }
}
