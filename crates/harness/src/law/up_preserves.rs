//! # Up preserves
//!
//! Every row and every value that a version still has a place for is there after the step, with its type
//! and its exact bytes; and what stands beside the rows (indexes, triggers, views, constraints) is there,
//! too, unless the step says otherwise.
//!
//! Rows are compared by primary key, or as multisets where there is none. What a step does on purpose is
//! declared in *Data migration* of its notes: `` Changes: `t.c` ``, `` Adds: `t` ``, `` Loses: `t.c` ``, each
//! with why. An index, trigger or view may go by a `DROP` that names it; one that vanishes because its
//! table was rebuilt is found here.

use migrations::Declared;
use schema::{Change, ChangeKind, Object, sql};

use super::{Finding, Findings, Law, declared, not_arrived, step_file};
use crate::journey::{Shape, Walk};
use crate::observe::{Difference, compare_rows};
use crate::subject::Subject;

pub(super) const LAW: Law = Law {
    name: "up preserves",
    walk: Some(check),
    whole: None,
};

fn check(subject: &Subject<'_>, walk: &Walk, findings: &mut Findings) {
    if walk.journey.shape() != Shape::UpAndBack {
        return;
    }
    findings.checked();
    let file = step_file(subject, walk.journey, "up.sql");
    let Some(turn) = &walk.turn else {
        let object = format!("upgrade to version {}", walk.journey.via);
        findings.add(not_arrived(subject, walk, object, "up.sql"));
        return;
    };
    let (before, after) = (&walk.start.observation, &turn.observation);
    let losses = declared(subject, walk.journey, |notes| &notes.up_losses);
    let changes = declared(subject, walk.journey, |notes| &notes.changes);
    let adds = declared(subject, walk.journey, |notes| &notes.adds);
    for (name, old) in &before.tables {
        let Some(new) = after.tables.get(name) else {
            if !covers(&losses, &old.table) {
                let message = format!("dropped, with {} rows", old.rows.len());
                findings.add(
                    Finding::new(&old.table, message)
                        .in_file(file.clone())
                        .hint(declare("Loses", &old.table)),
                );
            }
            continue;
        };
        let mut both = Vec::new();
        for column in &old.columns {
            let excused = |list: &[Declared]| list.iter().any(|own| own.covers(&old.table, column));
            if new.place(column).is_none() && !excused(&losses) {
                let object = format!("{}.{column}", old.table);
                let hint = declare("Loses", &object);
                findings.add(
                    Finding::new(object, "dropped")
                        .in_file(file.clone())
                        .hint(hint),
                );
            } else if new.place(column).is_some() && !excused(&changes) {
                both.push(column.as_str());
            }
        }
        let whole_rows = covers(&losses, &old.table);
        for difference in compare_rows(old, new, &both) {
            let appeared = difference.column.is_none() && difference.before == "no such row";
            let gone = difference.column.is_none() && !appeared;
            if !(appeared && covers(&adds, &old.table) || gone && whole_rows) {
                findings.add(explain(&difference, appeared).in_file(file.clone()));
            }
        }
    }
    for change in schema::diff(&before.schema, &after.schema) {
        if is_unsaid(subject, walk, &change, &changes, &losses) {
            let finding = Finding::new(&change.name, format!("not as before: {change}"));
            findings.add(finding.in_file(file.clone()).hint(say(&change)));
        }
    }
}

fn covers(list: &[Declared], table: &str) -> bool {
    list.iter()
        .any(|own| own.column.is_none() && own.table.eq_ignore_ascii_case(table))
}

fn declare(keyword: &str, object: &str) -> String {
    format!("keep it, or declare it under `## Data migration` of the notes: `{keyword}: `{object}` — why`")
        .replace("`{", "{")
}

fn explain(difference: &Difference, appeared: bool) -> Finding {
    let finding = Finding::of(difference);
    let table = difference.table.as_deref().unwrap_or_default();
    match &difference.column {
        Some(column) => finding.hint(declare("Changes", &format!("{table}.{column}"))),
        None if appeared => finding.hint(declare("Adds", table)),
        None => finding.hint(declare("Loses", table)),
    }
}

fn say(change: &Change) -> String {
    match change.object {
        Object::Index | Object::Trigger | Object::View => format!(
            "a rebuilt table loses its indexes and triggers: make `{}` again, or drop it by name",
            change.name
        ),
        _ => declare("Changes", change.table.as_deref().unwrap_or(&change.name)),
    }
}

/// Whether the step changed something that was there without saying so.
fn is_unsaid(
    subject: &Subject<'_>,
    walk: &Walk,
    change: &Change,
    changes: &[Declared],
    losses: &[Declared],
) -> bool {
    let table = change.table.as_deref().unwrap_or(&change.name);
    let gone = walk
        .turn
        .as_ref()
        .is_none_or(|turn| turn.observation.schema.table(table).is_none());
    let said = changes.iter().any(|own| {
        own.table.eq_ignore_ascii_case(table)
            && own.column.as_deref().is_none_or(|column| {
                change
                    .name
                    .to_ascii_lowercase()
                    .ends_with(&column.to_ascii_lowercase())
            })
    });
    match (change.kind, change.object) {
        (ChangeKind::Add, _) | (_, Object::ColumnOrder) => false,
        // Told with their rows already.
        (ChangeKind::Drop, Object::Table | Object::Column) => false,
        (_, Object::Index | Object::Trigger) if gone && covers(losses, table) => false,
        (_, Object::Index | Object::Trigger | Object::View) => {
            !said && !names_in_drop(subject, walk, &change.name)
        }
        _ => !said && !gone,
    }
}

/// Whether one of the journey's steps drops `name` in so many words.
fn names_in_drop(subject: &Subject<'_>, walk: &Walk, name: &str) -> bool {
    let steps = walk
        .journey
        .steps()
        .filter_map(|version| subject.catalogue.step(version));
    let mut statements = steps.flat_map(|step| sql::statements(step.up()));
    statements.any(|statement| {
        let text = sql::fold(statement.text);
        text.starts_with("drop ") && text.contains(&sql::fold(name))
    })
}
