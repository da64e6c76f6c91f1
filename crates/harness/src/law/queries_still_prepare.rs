//! # Queries still prepare
//!
//! Every declared query compiles at every version that it claims, on a fresh and on an upgraded
//! file, and returns the same columns. `Backwards compatibility: supported` in the notes is a
//! claim: every query of the version before compiles on the new schema, the writes of that build
//! succeed, and nothing contradicts itself afterwards.

use migrations::{Catalogue, Query, Version};

use crate::check::{Check, Law};
use crate::error::Error;
use crate::evidence::versions;
use crate::finding::{Finding, Findings};
use crate::fixture;
use crate::integrity;
use crate::journey::{Trace, proving};
use crate::subject::Subject;
use sandbox::sqlite_message;

pub(super) const LAW: Law = Law {
    name: "queries still prepare",
    checks: &[Check::Trace(check_walk), Check::Catalogue(check_whole)],
};

fn check_walk(_: &Subject<'_>, walk: &Trace, findings: &mut Findings) {
    let stations = [Some(&walk.start), walk.midpoint.as_ref(), walk.end.as_ref()];
    for station in stations.into_iter().flatten() {
        findings.checked();
        for (query, message) in &station.broken_queries {
            findings.add(
                Finding::new(format!("query `{query}`"), message).hint(format!(
                    "end the query before version {}, or keep the objects that it reads",
                    station.version
                )),
            );
        }
    }
}

fn check_whole(subject: &Subject<'_>, findings: &mut Findings) {
    for query in subject.queries {
        check_columns(subject, query, findings);
    }
    for version in versions(subject).skip(1) {
        let notes = subject.catalogue.notes(version);
        let claim = notes.and_then(|notes| notes.compatibility.as_ref());
        if claim.is_some_and(|claim| claim.supported) {
            findings.checked();
            if let Err(error) = check_claim(subject, version, findings) {
                findings.add(Finding::new(format!("version {version}"), error));
            }
        }
    }
}

/// Checks that a query returns the same columns at each version that it claims.
fn check_columns(subject: &Subject<'_>, query: &Query, findings: &mut Findings) {
    let object = format!("query `{}`", query.name);
    if query.since == 0 || query.until.is_some_and(|until| until < query.since) {
        findings.add(Finding::new(&object, "claims no version"));
        return;
    }
    let mut first: Option<(Version, Vec<String>)> = None;
    for version in versions(subject).filter(|version| query.good_for(*version)) {
        findings.checked();
        let Some(columns) = columns(subject.catalogue, version, query) else {
            continue; // The journeys report a query that does not compile.
        };
        match &first {
            None => first = Some((version, columns)),
            Some((older, before)) if *before != columns => findings.add(Finding::new(
                &object,
                format!(
                    "returns different columns at version {version} ({}) \
                     than at version {older} ({})",
                    columns.join(", "),
                    before.join(", ")
                ),
            )),
            Some(_) => {}
        }
    }
}

fn columns(catalogue: &Catalogue, version: Version, query: &Query) -> Option<Vec<String>> {
    let connection = catalogue.build(version).ok()?;
    let statement = connection.prepare(query.sql).ok()?;
    Some(
        statement
            .column_names()
            .into_iter()
            .map(str::to_owned)
            .collect(),
    )
}

/// Tests the claim that builds of the version before still work on `version`.
fn check_claim(
    subject: &Subject<'_>,
    version: Version,
    findings: &mut Findings,
) -> Result<(), Error> {
    let older = version - 1;
    let notes = subject.step_file(version, "notes.md");
    let broken = |object: String, message: String| {
        let message = format!("{message}; the notes claim that version {older} is supported");
        Finding::new(object, message)
            .in_file(Some(notes.clone()))
            .hint(
                "keep the older build working, or write `Backwards compatibility: not supported` \
                 with the reason",
            )
    };
    let connection = subject.catalogue.build(version)?;
    let strict = sandbox::StrictQuotes::set(&connection)?;
    let queries = || subject.queries.iter().filter(|query| query.good_for(older));
    if queries().next().is_none() {
        let message = format!("no query of version {older} is declared, so nothing tests it");
        findings.add(broken(format!("version {version}"), message));
    }
    for query in queries() {
        let object = format!("query `{}` of version {older}", query.name);
        match connection.prepare(query.sql) {
            Err(error) => findings.add(broken(object, sqlite_message(&error))),
            Ok(statement) => {
                let names: Vec<_> = statement
                    .column_names()
                    .iter()
                    .map(|name| (*name).to_owned())
                    .collect();
                if columns(subject.catalogue, older, query).is_some_and(|before| before != names) {
                    let message = format!("returns different columns: {}", names.join(", "));
                    findings.add(broken(object, message));
                }
            }
        }
    }
    drop(strict);
    for (_, file, script) in fixture::files(subject)
        .found
        .into_iter()
        .filter(|file| file.0 == older)
    {
        let connection = fixture::load(&script).map_err(|error| format!("{file}: {error}"))?;
        let mut migrator =
            migrations::Migrator::with_connection(subject.catalogue, connection, proving());
        if migrator.upgrade_to(version).is_err() {
            continue; // The law *up preserves* reports an upgrade that fails.
        }
        let connection = migrator.into_connection();
        let known = integrity::problems(subject, &connection, version)?;
        for seed in 0..5 {
            if let Err(error) = subject.application.write(&connection, older, seed) {
                findings.add(broken(
                    format!("a write of version {older}"),
                    error.to_string(),
                ));
                break;
            }
        }
        let now = integrity::problems(subject, &connection, version)?;
        for trouble in integrity::newly_reported(&known, &now) {
            let object = format!("after a write of version {older}");
            findings.add(broken(object, trouble.clone()));
        }
    }
    Ok(())
}
