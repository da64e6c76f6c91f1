//! Compares schemas for objects that vanish with their table, and for what a down migration does
//! not restore.

use std::collections::BTreeSet;

use schema::sql::fold;
use schema::{Change, ChangeKind, Comparison, Index, Object, PartKind, Schema, Table};

use crate::finding::Severity;
use crate::script::lineage::{Lineage, TableLineage};
use crate::script::statement::{Effect, Statement, drops};

/// An index or a trigger that went with the table that was rebuilt.
pub(crate) struct Lost {
    pub(crate) name: String,
    pub(crate) severity: Severity,
    pub(crate) line: Option<usize>,
    pub(crate) message: String,
}

/// Indexes and triggers that are gone while their table is still there, and that no statement drops
/// by name.
pub(crate) fn find_lost(
    before: &Schema,
    after: &Schema,
    lineage: &Lineage,
    statements: &[Statement],
) -> Vec<Lost> {
    let mut found = find_lost_indexes(before, after, lineage, statements);
    found.extend(find_lost_triggers(before, after, lineage, statements));
    found
}

/// The table of a lineage; none where it was dropped and made anew.
fn kept_table<'a>(lineage: &'a Lineage, table: &str) -> Option<&'a TableLineage> {
    let kin = lineage.kin.get(&fold(table));
    kin.filter(|kin| !kin.made_anew)
}

fn find_lost_indexes(
    before: &Schema,
    after: &Schema,
    lineage: &Lineage,
    statements: &[Statement],
) -> Vec<Lost> {
    let mut found = Vec::new();
    let named: BTreeSet<String> = after.indexes().map(|index| fold(&index.name)).collect();
    let gone = before
        .indexes()
        .filter(|index| !named.contains(&fold(&index.name)));
    for index in gone {
        let now = kept_table(lineage, &index.table)
            .and_then(|kin| Some((kin, after.table(kin.after.as_deref()?)?)));
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
    found
}

fn find_lost_triggers(
    before: &Schema,
    after: &Schema,
    lineage: &Lineage,
    statements: &[Statement],
) -> Vec<Lost> {
    let mut found = Vec::new();
    for trigger in before.triggers() {
        let there = after
            .triggers()
            .any(|own| fold(&own.name) == fold(&trigger.name));
        let table = kept_table(lineage, &trigger.table).filter(|kin| kin.after.is_some());
        let view = after
            .views()
            .any(|view| fold(&view.name) == fold(&trigger.table));
        if there || drops(statements, &trigger.name) || (table.is_none() && !view) {
            continue;
        }
        let own = fold(&trigger.table);
        let dropped =
            |line: &&Statement| matches!(&line.effect, Effect::Drop(name) if *name == own);
        let line = statements.iter().find(dropped).map(|line| line.line);
        found.push(Lost {
            name: trigger.name.clone(),
            severity: Severity::Error,
            line: table.and_then(|kin| kin.drop_line(statements)).or(line),
            message: format!(
                "dropping `{}` to rebuild it takes the trigger `{}` along, and \
                nothing says that it no longer fires",
                trigger.table, trigger.name
            ),
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
            // A wider index that begins with the same columns serves the same queries.
            && (other.columns.len() == parts.len()
                || !index.unique && other.filter.is_none() && other.columns.len() > parts.len())
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
            own == parts || !index.unique && own.starts_with(&parts)
        })
}

/// The differences that a down migration leaves, each with its severity and a message.
pub(crate) fn differences(before: &Schema, after: &Schema) -> Vec<(Change, Severity, String)> {
    let changes = Comparison::new(before, after)
        .guess_renames(false)
        .changes();
    changes
        .into_iter()
        .map(|change| {
            let severity = match change.object {
                Object::ColumnOrder => Severity::Note,
                // `ADD COLUMN … NOT NULL` takes a default; whoever wrote the column wrote it
                // before, too.
                Object::Column if change.property == Some("DEFAULT") && change.before.is_none() => {
                    Severity::Note
                }
                _ => Severity::Error,
            };
            let what = match (change.kind, change.object) {
                (_, Object::ColumnOrder) => format!(
                    "the columns of `{}` are in a different order after the down migration",
                    change.name
                ),
                (ChangeKind::Drop, object) => format!(
                    "{} `{}` is missing after the down migration",
                    kind(object),
                    change.name
                ),
                (ChangeKind::Add, object) => format!(
                    "{} `{}` is left over by the down migration",
                    kind(object),
                    change.name
                ),
                _ => format!("the down migration leaves a different declaration: {change}"),
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
