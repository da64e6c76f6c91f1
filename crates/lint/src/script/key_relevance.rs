//! Whether it can make a difference for a script that foreign keys are on.

use std::sync::Arc;

use schema::Schema;
use schema::sql::fold;

use crate::script::statement::{Effect, Statement};

/// First words of statements that move no row, so that no key has anything to say.
const STILL: [&str; 14] = [
    "create",
    "alter",
    "drop",
    "analyze",
    "reindex",
    "select",
    "values",
    "vacuum",
    "begin",
    "commit",
    "end",
    "savepoint",
    "release",
    "explain",
];

/// Whether foreign keys can make a difference for the statements, between the schemas before and
/// after.
pub(crate) fn keys_matter<'a>(
    schemas: &[&Arc<Schema>],
    statements: impl Iterator<Item = &'a Statement> + Clone,
) -> bool {
    let tables = || schemas.iter().flat_map(|schema| schema.tables());
    let keys = || tables().flat_map(|table| table.foreign_keys.iter().map(move |key| (table, key)));
    // A table that the script makes for itself has the keys that its own statement names.
    let made_here = |name: &str| {
        let make =
            |line: &&Statement| matches!(&line.effect, Effect::CreateTable(made) if made == name);
        statements.clone().find(make)
    };
    let child = |name: &str| {
        keys().any(|(table, _)| fold(&table.name) == name)
            || made_here(name).is_some_and(|line| line.mentions("references"))
    };
    let parent = |name: &str| {
        keys().any(|(_, key)| fold(&key.parent) == name)
            || statements.clone().any(|line| {
                matches!(line.effect, Effect::CreateTable(_))
                    && line.mentions("references")
                    && line.mentions(name)
            })
    };
    let fires = |name: &str| {
        let mut triggers = schemas.iter().flat_map(|schema| schema.triggers());
        triggers.any(|trigger| fold(&trigger.table) == name)
    };
    // What SQLite calls the columns of a key that names none is not worth knowing here.
    let in_a_key = |name: &str, columns: &[String]| {
        keys().any(|(table, key)| {
            let own = fold(&table.name) == name
                && (key.columns.iter()).any(|column| columns.contains(&fold(column)));
            own || fold(&key.parent) == name
        })
    };
    let matters = |line: &'a Statement| match &line.effect {
        Effect::Drop(name) => child(name) || parent(name) || fires(name),
        Effect::Delete(name) => parent(name) || fires(name),
        Effect::Update(name, columns) => in_a_key(name, columns) || fires(name),
        Effect::Copy(copy) => {
            child(&copy.into) || (copy.replaces && parent(&copy.into)) || fires(&copy.into)
        }
        Effect::Insert(name, replaces) => child(name) || (*replaces && parent(name)) || fires(name),
        Effect::CreateTable(_)
        | Effect::DropColumn(..)
        | Effect::RenameTable(..)
        | Effect::RenameColumn(..) => false,
        Effect::Other => match line.pragma() {
            Some((name, _)) => name.contains("foreign_keys") || name == "legacy_alter_table",
            None => {
                let word = line.first_word();
                !STILL.contains(&word.as_str()) || (word == "alter" && line.mentions("references"))
            }
        },
    };
    statements.clone().any(matters)
}
