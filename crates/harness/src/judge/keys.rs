//! Whether it can make a difference for a script that foreign keys are on.

use std::sync::Arc;

use schema::Schema;
use schema::sql::fold;

use super::said::{Act, Line};

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

/// Whether foreign keys can make a difference for the statements, between the schemas before and after.
pub(super) fn matter<'a>(
    schemas: &[&Arc<Schema>],
    lines: impl Iterator<Item = &'a Line> + Clone,
) -> bool {
    let tables = || schemas.iter().flat_map(|schema| schema.tables());
    let keys = || tables().flat_map(|table| table.foreign_keys.iter().map(move |key| (table, key)));
    // A table that the script makes for itself has the keys that its own statement names.
    let made_here = |name: &str| {
        let make = |line: &&Line| matches!(&line.act, Act::CreateTable(made) if made == name);
        lines.clone().find(make)
    };
    let child = |name: &str| {
        keys().any(|(table, _)| fold(&table.name) == name)
            || made_here(name).is_some_and(|line| line.mentions("references"))
    };
    let parent = |name: &str| {
        keys().any(|(_, key)| fold(&key.parent) == name)
            || lines.clone().any(|line| {
                matches!(line.act, Act::CreateTable(_))
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
    let matters = |line: &'a Line| match &line.act {
        Act::Drop(name) => child(name) || parent(name) || fires(name),
        Act::Delete(name) => parent(name) || fires(name),
        Act::Update(name, columns) => in_a_key(name, columns) || fires(name),
        Act::Copy(copy) => {
            child(&copy.into) || (copy.replaces && parent(&copy.into)) || fires(&copy.into)
        }
        Act::Insert(name, replaces) => child(name) || (*replaces && parent(name)) || fires(name),
        Act::CreateTable(_)
        | Act::DropColumn(..)
        | Act::RenameTable(..)
        | Act::RenameColumn(..) => false,
        Act::Other => match line.pragma() {
            Some((name, _)) => name.contains("foreign_keys") || name == "legacy_alter_table",
            None => {
                let word = line.first_word();
                !STILL.contains(&word.as_str()) || (word == "alter" && line.mentions("references"))
            }
        },
    };
    lines.clone().any(matters)
}
