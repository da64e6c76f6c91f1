//! # Back and forth keeps
//!
//! Down and then up gives back the same rows, or the step declares what is lost: `` Loses: `t.c` ``
//! under *Rollback* of its notes. This covers a user who returns to the older release for a day.
//!
//! A way back removes everything that its step adds. So the notes declare each new table and each
//! new column of an older table: `` Loses: `t.c` `` or, if the next upgrade rebuilds the same
//! content from other rows, `` Remade: `t` ``. The rows prove the second: rows that are declared as
//! remade are compared like all others. Fixtures without a value in a column get one for this law.
//! Databases that are made from the schema alone may contain rows that no build of their version
//! wrote, so columns that a step `Changes` are not compared in them.
//!
//! On random walks, everything that a version contained must be there whenever the file is back at
//! that version, apart from the declared losses and from later writes.

use schema::TableKind;

use crate::check::{Check, Law};
use crate::evidence::{declared, excuses, not_arrived, step_file, versions};
use crate::finding::{Finding, Findings};
use crate::journey::{Shape, Trace};
use crate::rename;
use crate::subject::Subject;
use observe::differences;

pub(super) const LAW: Law = Law {
    name: "back and forth keeps",
    checks: &[Check::Trace(check), Check::Catalogue(check_declared)],
};

fn check(subject: &Subject<'_>, walk: &Trace, findings: &mut Findings) {
    if walk.journey.shape() != Shape::DownAndBack {
        return;
    }
    if walk.end.is_none() && walk.failure.is_none() {
        return; // The random walk has not returned yet.
    }
    findings.checked();
    let (Some(turn), Some(end)) = (&walk.midpoint, &walk.end) else {
        let object = format!("way from version {} and back", walk.journey.from);
        findings.add(not_arrived(subject, walk, object, "down.sql"));
        return;
    };
    let file = step_file(subject, walk.journey, "down.sql");
    let mut losses = declared(subject, walk.journey, |notes| &notes.down_losses);
    // A table that existed during the whole journey lost nothing to a DROP TABLE.
    losses.retain(|loss| {
        loss.column.is_some() || turn.observation.schema.table(&loss.table).is_none()
    });
    if walk.rows_are_generated {
        // A step may rewrite values again if no build of its version wrote them.
        losses.extend(declared(subject, walk.journey, |notes| &notes.changes));
    }
    for difference in differences(&walk.start.observation, &end.observation, &excuses(&losses)) {
        if difference.more {
            findings.add(Finding::of(&difference).hint(format!(
                "the upgrade makes a row that the file of version {} did not have: let the \
                 application write it, too, wherever it writes the source of the row",
                walk.journey.from
            )));
            continue;
        }
        let finding = Finding::of(&difference).in_file(file.clone());
        let object = match (&difference.table, &difference.column) {
            (Some(table), Some(column)) => format!("{table}.{column}"),
            (Some(table), None) => table.clone(),
            (None, _) => {
                findings.add(finding.hint("going back and forth must give the same file"));
                continue;
            }
        };
        findings.add(finding.hint(declare(&object)));
    }
}

fn declare(object: &str) -> String {
    format!(
        "keep it on the way back, or declare it under `## Rollback` of the notes: \
                  Loses: `{object}` — why"
    )
}

/// Reports the additions of each version that its notes do not declare.
fn check_declared(subject: &Subject<'_>, findings: &mut Findings) {
    for version in versions(subject) {
        let (Some(step), Some(notes)) = (
            subject.catalogue.step(version),
            subject.catalogue.notes(version),
        ) else {
            continue;
        };
        let (Ok(before), Ok(after)) = (
            rename::schema(subject, version - 1, &notes.renames),
            subject.catalogue.schema_at(version),
        ) else {
            continue; // The journeys report a version that cannot be made.
        };
        if step.down_sql().is_none() {
            continue;
        }
        let said = |table: &str, column: &str| {
            notes
                .down_losses
                .iter()
                .chain(&notes.remade)
                .any(|own| own.covers(table, column))
        };
        for table in after
            .tables()
            .filter(|table| table.kind == TableKind::Ordinary)
        {
            findings.checked();
            let mut missing = Vec::new();
            match before.table(&table.name) {
                None if !said(&table.name, "") => missing.push(table.name.clone()),
                None => {}
                Some(old) => {
                    let new = table
                        .stored_columns()
                        .filter(|column| old.column(&column.name).is_none());
                    let silent = new.filter(|column| !said(&table.name, &column.name));
                    missing.extend(silent.map(|column| format!("{}.{}", table.name, column.name)));
                }
            }
            for object in missing {
                let hint = format!(
                    "declare it under `## Rollback` of the notes: Loses: `{object}` — why; or \
                     Remade: `{object}` — how, if the next upgrade makes the same again"
                );
                findings.add(
                    Finding::new(
                        object,
                        "is added by the step, and its way back removes it without a declaration",
                    )
                    .in_file(Some(subject.step_file(version, "notes.md")))
                    .hint(hint),
                );
            }
        }
    }
}
