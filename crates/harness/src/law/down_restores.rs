//! # Down restores
//!
//! Up and then down gives back the same schema, the same rows with their types, the same ledger and
//! the same `user_version`. The older version could store all of this, so only what the step's
//! notes declare may differ: `` Loses: `t.c` `` under *Data migration*, which needs consent on the
//! way up, and `` Changes: `t.c` `` under *Rollback*, where values stay as the step made them.
//!
//! If the way back would lose rows of a golden database, the engine asks for consent first, and
//! without consent leaves the file as it was.
//!
//! The law also holds on random walks, which go up and back over any path, with writes, readers and
//! restarts in between, and in any storage configuration.

use crate::check::{Check, Law};
use crate::evidence::{declared, excuses, not_arrived, step_file};
use crate::finding::{Finding, Findings};
use crate::journey::{Shape, Trace, can_go_back};
use crate::refusals;
use crate::subject::Subject;
use observe::{differences, schema_difference};

pub(super) const LAW: Law = Law {
    name: "down restores",
    checks: &[
        Check::Trace(check),
        Check::Catalogue(refusals::check_consent),
    ],
};

fn check(subject: &Subject<'_>, walk: &Trace, findings: &mut Findings) {
    let file = step_file(subject, walk.journey, "down.sql");
    if walk.journey.shape() == Shape::DownAndBack {
        let (Some(turn), Ok(schema)) = (
            &walk.midpoint,
            subject.catalogue.schema_at(walk.journey.via),
        ) else {
            return; // The law *back and forth keeps* reports a way back that fails.
        };
        findings.checked();
        for change in schema::diff(&schema, &turn.observation.schema) {
            findings.add(
                Finding::of(&schema_difference(&change))
                    .in_file(file.clone())
                    .hint("the way back must undo everything that the step did"),
            );
        }
        return;
    }
    if walk.midpoint.is_none() || !can_go_back(subject, walk.journey) {
        return;
    }
    if walk.end.is_none() && walk.failure.is_none() {
        return; // The random walk has not returned yet.
    }
    findings.checked();
    let Some(end) = &walk.end else {
        let object = format!("way back to version {}", walk.journey.from);
        findings.add(not_arrived(subject, walk, object, "down.sql"));
        return;
    };
    let mut kept = declared(subject, walk.journey, |notes| &notes.down_changes);
    kept.extend(declared(subject, walk.journey, |notes| &notes.up_losses));
    for difference in differences(&walk.start.observation, &end.observation, &excuses(&kept)) {
        let hint = match difference.table {
            Some(_) => {
                "keep the values on the way up, so that the way back can restore them, or \
                 declare under `## Rollback` of the notes that they stay changed: \
                 Changes: `table.column` — why"
            }
            None => "the way back must undo everything that the step did",
        };
        findings.add(Finding::of(&difference).in_file(file.clone()).hint(hint));
    }
}
