//! # Integrity holds
//!
//! `integrity_check` and `foreign_key_check` find nothing that was not there before, the application finds
//! no contradiction, and the marks of `sqlite_sequence` never step back: a lower mark gives the ids of
//! deleted rows to new ones. <https://sqlite.org/autoinc.html>

use std::collections::BTreeSet;

use super::{Finding, Findings, Law, step_file};
use crate::journey::{Station, Walk};
use crate::subject::Subject;

pub(super) const LAW: Law = Law {
    name: "integrity holds",
    walk: Some(check),
    whole: None,
};

fn check(subject: &Subject<'_>, walk: &Walk, findings: &mut Findings) {
    let known: BTreeSet<&String> = walk.start.troubles.iter().collect();
    let up = walk.journey.via > walk.journey.from;
    let legs = [(&walk.start, &walk.turn, up), (&walk.start, &walk.end, !up)];
    for (before, after, up) in legs {
        let Some(after) = after else { continue };
        findings.checked();
        let file = step_file(
            subject,
            walk.journey,
            if up { "up.sql" } else { "down.sql" },
        );
        for trouble in after
            .troubles
            .iter()
            .filter(|trouble| !known.contains(trouble))
        {
            let object = format!("version {}", after.version);
            findings.add(Finding::new(object, trouble).in_file(file.clone()));
        }
        for finding in stepped_back(before, after) {
            findings.add(finding.in_file(file.clone()));
        }
    }
}

fn stepped_back(before: &Station, after: &Station) -> Vec<Finding> {
    let marks = before
        .observation
        .sequences
        .iter()
        .filter_map(|(table, old)| {
            // A table that is not there has no next id; one that is there without a mark begins at 1.
            after.observation.schema.table(table)?;
            let new = after.observation.sequences.get(table).copied().unwrap_or(0);
            (new < *old).then(|| {
                Finding::new(
                    format!("sqlite_sequence, {table}"),
                    format!("stepped back: before {old}, after {new}"),
                )
                .hint("copy the table's row of `sqlite_sequence` when you rebuild it")
            })
        });
    marks.collect()
}
