//! # Integrity holds
//!
//! `integrity_check`, `foreign_key_check` and the integrity check of FTS5 at rank 1 find nothing that was not
//! there before; every table can be written and every view read, so no trigger, view or key names what is
//! gone; the application finds no contradiction; and the marks of `sqlite_sequence` never step back: a lower
//! mark gives the ids of deleted rows to new ones. <https://sqlite.org/autoinc.html> The same is asked after a
//! VACUUM, which gives new rowids where no column holds them.
//!
//! Each step also runs where a word in double quotes is never a string: `DELETE FROM t WHERE "lable" = 'x'`
//! otherwise compares two strings, and says nothing. <https://sqlite.org/quirks.html#dblquote>

use migrations::{ErrorKind, Migrator, Options, Version};
use rusqlite::config::DbConfig::{SQLITE_DBCONFIG_DQS_DDL, SQLITE_DBCONFIG_DQS_DML};

use super::{Finding, Findings, Law, step_file, versions};
use crate::journey::{Shape, Station, Walk};
use crate::observe::Observation;
use crate::subject::Subject;
use crate::{rename, trouble};

pub(super) const LAW: Law = Law {
    name: "integrity holds",
    walk: Some(check),
    whole: Some(check_words),
    leg: None,
};

fn check(subject: &Subject<'_>, walk: &Walk, findings: &mut Findings) {
    let up = walk.journey.shape() == Shape::UpAndBack;
    let renames = rename::renames(subject, walk.journey.steps());
    let start = &walk.start.observation;
    let renamed = match up {
        true => rename::observation(subject, walk.journey.from, start, &renames),
        false => start.clone(),
    };
    let legs = [(&walk.turn, &renamed, up), (&walk.end, start, !up)];
    for (after, before, up) in legs {
        let Some(after) = after else { continue };
        findings.checked();
        let file = step_file(
            subject,
            walk.journey,
            if up { "up.sql" } else { "down.sql" },
        );
        for trouble in trouble::beyond(&walk.start.troubles, &after.troubles) {
            let object = format!("version {}", after.version);
            findings.add(Finding::new(object, trouble).in_file(file.clone()));
        }
        let at_turn = walk.turn.as_ref().map(|turn| &turn.observation);
        for finding in stepped_back(before, after, at_turn.filter(|_| renames.is_empty())) {
            findings.add(finding.in_file(file.clone()));
        }
    }
}

/// Marks that are lower than before. A table that was not there all the way began anew, and told its loss.
fn stepped_back(before: &Observation, after: &Station, turn: Option<&Observation>) -> Vec<Finding> {
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
        let throughout = turn.is_none_or(|turn| turn.schema.table(table).is_some());
        new < **old && throughout && counts(after, table)
    });
    marks
        .map(|(table, old)| {
            let new = after.sequences.get(table).copied().unwrap_or(0);
            Finding::new(
                format!("sqlite_sequence, {table}"),
                format!("stepped back: before {old}, after {new}"),
            )
            .hint("copy the table's row of `sqlite_sequence` when you rebuild it")
        })
        .collect()
}

/// Runs each step up and down where a word in double quotes is never a string.
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
                    .hint("a word in double quotes is a name; a string stands in single quotes"),
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
    let options = Options {
        accept_loss: true,
        allow_undocumented: true,
        ..Options::default()
    };
    let mut migrator = Migrator::with_connection(subject.catalogue, connection, options);
    let result = match up {
        true => migrator.upgrade_to(version),
        false => migrator.rollback_to(version - 1),
    };
    let error = result
        .err()
        .filter(|error| error.kind() == ErrorKind::StepFailed)?;
    // A step that fails in any case is told by the walks.
    let told = error.to_string();
    told.contains("no such column")
        .then(|| told.lines().next().unwrap_or_default().to_owned())
}
