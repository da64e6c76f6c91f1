//! # Back and forth keeps
//!
//! Down and then up gives back the same rows, or the step declares what is lost: `` Loses: `t.c` `` under
//! *Rollback* of its notes. This is the user who goes back to the older release for a day.
//!
//! Fixtures that hold no value in a column are filled for this law, so that a way back that loses the
//! column is seen also when the golden database was only migrated forward.

use super::{Finding, Findings, Law, declared, differences, not_arrived, step_file};
use crate::journey::{Shape, Walk};
use crate::subject::Subject;

pub(super) const LAW: Law = Law {
    name: "back and forth keeps",
    walk: Some(check),
    whole: None,
};

fn check(subject: &Subject<'_>, walk: &Walk, findings: &mut Findings) {
    if walk.journey.shape() != Shape::DownAndBack {
        return;
    }
    findings.checked();
    let file = step_file(subject, walk.journey, "down.sql");
    let Some(end) = &walk.end else {
        let object = format!("way from version {} and back", walk.journey.from);
        findings.add(not_arrived(subject, walk, object, "down.sql"));
        return;
    };
    let losses = declared(subject, walk.journey, |notes| &notes.down_losses);
    for difference in differences(&walk.start.observation, &end.observation, &losses) {
        let finding = Finding::of(&difference).in_file(file.clone());
        let object = match (&difference.table, &difference.column) {
            (Some(table), Some(column)) => format!("{table}.{column}"),
            (Some(table), None) => table.clone(),
            (None, _) => {
                findings.add(finding.hint("going back and forth must arrive where it began"));
                continue;
            }
        };
        findings.add(finding.hint(format!(
            "keep it on the way back, or declare it under `## Rollback` of the notes: \
             Loses: `{object}` — why"
        )));
    }
}
