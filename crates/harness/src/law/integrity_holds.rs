//! # Integrity holds
//!
//! `integrity_check`, `foreign_key_check` and the integrity check of FTS5 at rank 1 find no new
//! problem. Every table can be written and every view read, so no trigger, view or key refers to a
//! missing object. The application finds no contradiction. The counters in `sqlite_sequence` never
//! decrease: a lower counter would give the ids of deleted rows to new ones.
//! <https://sqlite.org/autoinc.html> The same must hold after a VACUUM, which changes rowids that
//! no column holds.
//!
//! Each step also runs in a mode in which a word in double quotes is never a string. Otherwise
//! `DELETE FROM t WHERE "lable" = 'x'` compares two strings, and reports no error.
//! <https://sqlite.org/quirks.html#dblquote>
//!
//! The proof adds its own steps after the newest version. A step that leaves orphans, ends the
//! transaction or fails is refused, and the file stays as it was. A rebuilt parent keeps its
//! children. The connection keeps its foreign keys and `synchronous`. A table that is filled from
//! many rows has all of them.
//!
//! No CHECK, index or computed column reads the clock: CREATE succeeds, but every INSERT fails.
//! <https://sqlite.org/deterministic.html>

use std::collections::BTreeSet;

use migrations::{ErrorKind, Migrator, Version};
use rusqlite::config::DbConfig::{SQLITE_DBCONFIG_DQS_DDL, SQLITE_DBCONFIG_DQS_DML};

use crate::check::{Check, Law};
use crate::evidence::{step_file, versions};
use crate::finding::{Finding, Findings};
use crate::journey::{Checkpoint, Shape, Trace, proving};
use crate::subject::Subject;
use crate::{integrity, refusals, rename};
use generate::Generator;
use observe::Observation;

pub(super) const LAW: Law = Law {
    name: "integrity holds",
    checks: &[Check::Trace(check), Check::Catalogue(check_whole)],
};

fn check(subject: &Subject<'_>, walk: &Trace, findings: &mut Findings) {
    let up = walk.journey.shape() == Shape::UpAndBack;
    let renames = rename::renames(subject, walk.journey.steps());
    let start = &walk.start.observation;
    let renamed = if up {
        rename::observation(subject, walk.journey.from, start, &renames)
    } else {
        start.clone()
    };
    let legs = [(&walk.midpoint, &renamed, up), (&walk.end, start, !up)];
    for (after, before, up) in legs {
        let Some(after) = after else { continue };
        findings.checked();
        let file = step_file(
            subject,
            walk.journey,
            if up { "up.sql" } else { "down.sql" },
        );
        for trouble in integrity::newly_reported(&walk.start.troubles, &after.troubles) {
            let object = format!("version {}", after.version);
            findings.add(Finding::new(object, trouble).in_file(file.clone()));
        }
        let at_turn = walk.midpoint.as_ref().map(|turn| &turn.observation);
        for finding in stepped_back(before, after, at_turn.filter(|_| renames.is_empty())) {
            findings.add(finding.in_file(file.clone()));
        }
    }
}

/// Finds counters that are lower than before. A table that did not exist during the whole journey
/// starts from zero, and another law reports its loss.
fn stepped_back(
    before: &Observation,
    after: &Checkpoint,
    midpoint: Option<&Observation>,
) -> Vec<Finding> {
    let counts = |observation: &Observation, table: &str| {
        let key = observation
            .schema
            .table(table)
            .and_then(|table| table.primary_key.as_ref());
        key.is_some_and(|key| key.autoincrement)
    };
    let after = &after.observation;
    let marks = before.sequences.iter().filter(|(table, old)| {
        let new = after.sequences.get(*table).copied().unwrap_or(0);
        let throughout = midpoint.is_none_or(|midpoint| midpoint.schema.table(table).is_some());
        new < **old && throughout && counts(after, table)
    });
    marks
        .map(|(table, old)| {
            let new = after.sequences.get(table).copied().unwrap_or(0);
            Finding::new(
                format!("sqlite_sequence, {table}"),
                format!("the AUTOINCREMENT counter drops from {old} to {new}"),
            )
            .hint("when you rebuild the table, copy its row of `sqlite_sequence`")
        })
        .collect()
}

fn check_whole(subject: &Subject<'_>, findings: &mut Findings) {
    check_words(subject, findings);
    check_clock(subject, findings);
    refusals::check_added_steps(subject, findings);
    refusals::check_large(subject, findings);
}

/// Reports tables that accept no row because something in them reads the clock; only the first row
/// reveals it.
fn check_clock(subject: &Subject<'_>, findings: &mut Findings) {
    let mut reported = BTreeSet::new();
    for version in versions(subject) {
        let (Ok(empty), Ok(schema)) = (
            subject.catalogue.build(version),
            subject.catalogue.schema_at(version),
        ) else {
            continue; // The journeys report a version that cannot be made.
        };
        let Ok(generator) = Generator::new(&schema, &empty) else {
            continue;
        };
        for table in generator.rows(1).generate(0).unseeded {
            let asks = table.reason.contains("non-deterministic use of");
            if asks && reported.insert(schema::sql::fold(&table.table)) {
                findings.add(
                    Finding::new(&table.table, format!("accepts no row: {}", table.reason))
                        .in_file(Some(subject.step_file(version, "up.sql")))
                        .hint(
                            "compare with the clock where the application writes, or in a trigger",
                        ),
                );
            }
        }
    }
}

/// Runs each step up and down in a mode in which a word in double quotes is never a string.
fn check_words(subject: &Subject<'_>, findings: &mut Findings) {
    for version in versions(subject) {
        for (file, up) in [("up.sql", true), ("down.sql", false)] {
            let Some(words) = words_in_quotes(subject, version, up) else {
                continue;
            };
            let file = subject.step_file(version, file);
            findings.add(
                Finding::new(&file, words)
                    .in_file(Some(file.clone()))
                    .hint("write names in double quotes and strings in single quotes"),
            );
        }
    }
}

fn words_in_quotes(subject: &Subject<'_>, version: Version, up: bool) -> Option<String> {
    let start = if up { version - 1 } else { version };
    let connection = subject.catalogue.build(start).ok()?;
    connection
        .set_db_config(SQLITE_DBCONFIG_DQS_DML, false)
        .ok()?;
    connection
        .set_db_config(SQLITE_DBCONFIG_DQS_DDL, false)
        .ok()?;
    let mut migrator = Migrator::with_connection(subject.catalogue, connection, proving());
    let result = if up {
        migrator.upgrade_to(version)
    } else {
        migrator.rollback_to(version - 1)
    };
    let error = result
        .err()
        .filter(|error| error.kind() == ErrorKind::StepFailed)?;
    // The journeys report a step that fails in any case.
    let message = error.to_string();
    message
        .contains("no such column")
        .then(|| message.lines().next().unwrap_or_default().to_owned())
}
