//! # Up preserves
//!
//! Every row and every value that the new version can store is there after the step, with its type
//! and its exact bytes. The indexes, triggers, views and constraints are there, too, unless the
//! step drops them explicitly.
//!
//! Rows are compared by primary key, or as multisets if there is none. *Data migration* of the
//! notes declares what a step does on purpose, each with the reason:
//!
//! - `` Changes: `t.c` ``: the step rewrites values of this column
//! - `` Adds: `t` ``: the step inserts rows into an older table
//! - `` Loses: `t` `` or `` `t.c` ``: the step drops them; the run then needs consent
//! - `` Renames: `t.a` to `b` ``, `` `t` to `u` ``: the same rows and values have a new name
//! - `` Alters: `t.c` `` or `` `t` ``: the declaration of the column or table changes; values are
//!   still compared
//!
//! The result of a step does not depend on the storage configuration of the file: page size,
//! encoding, auto_vacuum, journal mode, free pages, an old format, `secure_delete`, reserved bytes.
//! Golden databases are rebuilt in such configurations, and must give the same result as in the
//! usual one.
//!
//! A `DROP` may name an index, trigger or view; this law finds one that vanishes because its table
//! was rebuilt.

use migrations::Declaration;
use schema::{Change, ChangeKind, Object, sql};

use crate::check::{Check, Law};
use crate::evidence::{declared, not_arrived, step_file};
use crate::finding::{Finding, Findings};
use crate::journey::{Shape, Trace};
use crate::rename;
use crate::subject::Subject;
use observe::{Difference, Observation, ROWID, Rows, compare_rows};

pub(super) const LAW: Law = Law {
    name: "up preserves",
    checks: &[Check::Trace(check)],
};

/// The declarations in the notes of a journey's steps.
struct Said {
    losses: Vec<Declaration>,
    changes: Vec<Declaration>,
    alters: Vec<Declaration>,
    adds: Vec<Declaration>,
}

fn check(subject: &Subject<'_>, walk: &Trace, findings: &mut Findings) {
    if walk.journey.shape() != Shape::UpAndBack {
        return;
    }
    findings.checked();
    let file = step_file(subject, walk.journey, "up.sql");
    let Some(turn) = &walk.midpoint else {
        let object = format!("upgrade to version {}", walk.journey.via);
        findings.add(not_arrived(subject, walk, object, "up.sql"));
        return;
    };
    let said = Said {
        losses: declared(subject, walk.journey, |notes| &notes.up_losses),
        changes: declared(subject, walk.journey, |notes| &notes.changes),
        alters: declared(subject, walk.journey, |notes| &notes.alters),
        adds: declared(subject, walk.journey, |notes| &notes.adds),
    };
    let renames = rename::renames(subject, walk.journey.steps());
    let start = &walk.start.observation;
    let before = rename::observation(subject, walk.journey.from, start, &renames);
    let after = &turn.observation;
    let mut found = Vec::new();
    for (name, old) in &before.tables {
        match after.tables.get(name) {
            Some(new) => check_rows(walk, &said, old, new, &mut found),
            None if covers(&said.losses, &old.table) => {}
            None => {
                let message = format!("dropped, with {} rows", old.rows.len());
                found.push(Finding::new(&old.table, message).hint(declare("Loses", &old.table)));
            }
        }
    }
    for change in schema::diff(&before.schema, &after.schema) {
        if is_unsaid(subject, walk, &change, &said, after) {
            let finding = Finding::new(&change.name, format!("changed: {change}"));
            found.push(finding.hint(say(&change)));
        }
    }
    found
        .into_iter()
        .for_each(|finding| findings.add(finding.in_file(file.clone())));
}

fn check_rows(walk: &Trace, said: &Said, old: &Rows, new: &Rows, found: &mut Vec<Finding>) {
    let excused = |list: &[Declaration], column: &str| {
        list.iter()
            .any(|own| own.column.is_some() && own.covers(&old.table, column))
    };
    let one_step = walk.journey.only_step().is_some();
    let mut both = Vec::new();
    for column in &old.columns {
        let lost = excused(&said.losses, column);
        if new.place(column).is_none() {
            // Nothing refers to an implicit rowid any more.
            let implicit = column == ROWID;
            if !lost && !implicit {
                let object = format!("{}.{column}", old.table);
                let hint = declare("Loses", &object);
                found.push(Finding::new(object, "dropped").hint(hint));
            }
        } else if !excused(&said.changes, column) && (one_step || !lost) {
            // Over several steps, a lost column may reappear as a different one.
            both.push(column.as_str());
        }
    }
    for difference in compare_rows(old, new, &both) {
        let excused = match (&difference.column, difference.more) {
            (Some(_), _) => false,
            (None, true) => covers(&said.adds, &old.table),
            (None, false) => covers(&said.losses, &old.table),
        };
        if !excused {
            found.push(explain(&difference));
        }
    }
}

fn covers(list: &[Declaration], table: &str) -> bool {
    list.iter()
        .any(|own| own.column.is_none() && own.table.eq_ignore_ascii_case(table))
}

fn declare(keyword: &str, object: &str) -> String {
    format!(
        "keep it, or declare it under `## Data migration` of the notes: \
                 {keyword}: `{object}` — why"
    )
}

fn explain(difference: &Difference) -> Finding {
    let finding = Finding::of(difference);
    let table = difference.table.as_deref().unwrap_or_default();
    match &difference.column {
        Some(column) => finding.hint(declare("Changes", &format!("{table}.{column}"))),
        None if difference.more => finding.hint(declare("Adds", table)),
        None => finding.hint(declare("Loses", table)),
    }
}

fn say(change: &Change) -> String {
    match change.object {
        Object::Index | Object::Trigger | Object::View => format!(
            "a rebuilt table loses its indexes and triggers: recreate `{}`, or drop it by name",
            change.name
        ),
        Object::Column => declare("Alters", &change.name),
        _ => declare("Alters", change.table.as_deref().unwrap_or(&change.name)),
    }
}

/// Whether the step changed an existing object without a declaration.
fn is_unsaid(
    subject: &Subject<'_>,
    walk: &Trace,
    change: &Change,
    said: &Said,
    after: &Observation,
) -> bool {
    let table = change.table.as_deref().unwrap_or(&change.name);
    let gone = after.schema.table(table).is_none();
    let altered = said.alters.iter().any(|own| {
        let column = change
            .name
            .rsplit_once('.')
            .map(|(_, column)| column.trim_matches('"'));
        own.table.eq_ignore_ascii_case(table)
            && match (&own.column, change.object) {
                (None, object) => object != Object::Column,
                (Some(own), Object::Column) => {
                    column.is_some_and(|column| own.eq_ignore_ascii_case(column))
                }
                (Some(_), _) => false,
            }
    });
    match (change.kind, change.object) {
        (ChangeKind::Add, _) | (_, Object::ColumnOrder) => false,
        // The comparison of their rows has reported these already.
        (ChangeKind::Drop, Object::Table | Object::Column) => false,
        (_, Object::Index | Object::Trigger) if gone && covers(&said.losses, table) => false,
        (_, Object::Index | Object::Trigger | Object::View) => {
            !names_in_drop(subject, walk, &change.name)
        }
        _ => !altered && !gone,
    }
}

/// Whether a step of the journey drops the index, trigger or view `name` explicitly.
fn names_in_drop(subject: &Subject<'_>, walk: &Trace, name: &str) -> bool {
    let bare = |name: &str| sql::fold(name.trim().trim_matches(['"', '`', '[', ']', '\'', ';']));
    let steps = walk
        .journey
        .steps()
        .filter_map(|version| subject.catalogue.step(version));
    let mut statements = steps.flat_map(|step| sql::statements(step.up()));
    statements.any(|statement| {
        let text = sql::fold(&sql::canonical(statement.text));
        let kinds = ["drop index ", "drop trigger ", "drop view "];
        let Some(rest) = kinds.iter().find_map(|kind| text.strip_prefix(kind)) else {
            return false;
        };
        let rest = rest
            .strip_prefix("if exists ")
            .unwrap_or(rest)
            .trim_end_matches(['\n', ';', ' ']);
        bare(rest.strip_prefix("main.").unwrap_or(rest)) == bare(name)
    })
}
