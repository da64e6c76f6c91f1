//! # Everything is documented
//!
//! Each version has complete notes. Each table, column, index, trigger and view has a description
//! in the notes of the version that added it. The notes describe nothing that does not exist, and
//! the generated blocks of the docs match the schema.

use migrations::{Declaration, Notes, Version};
use schema::{Change, ChangeKind, Object, Schema};

use crate::check::{Check, Law};
use crate::docs;
use crate::docs::objects::{bare, exists};
use crate::evidence::versions;
use crate::finding::{Finding, Findings};
use crate::fixture::Frozen;
use crate::subject::{Subject, show};

pub(super) const LAW: Law = Law {
    name: "everything is documented",
    checks: &[Check::Catalogue(check)],
};

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    for version in versions(subject) {
        findings.checked();
        check_notes(subject, version, findings);
        check_words(subject, version, findings);
    }
    // The docs of a version in development may be out of date; they are written when it is frozen.
    let frozen = Frozen::read(&subject.root.join(&subject.fixtures)).unwrap_or_default();
    if frozen.newest(subject.catalogue) == subject.catalogue.current_version() {
        check_docs(subject, findings);
    }
}

fn check_notes(subject: &Subject<'_>, version: Version, findings: &mut Findings) {
    let (Some(step), Some(notes)) = (
        subject.catalogue.step(version),
        subject.catalogue.notes(version),
    ) else {
        return;
    };
    let file = subject.step_file(version, "notes.md");
    for problem in notes.problems() {
        findings.add(
            Finding::new(&file, problem)
                .in_file(Some(file.clone()))
                .hint(
                    "the sections are Task, Why, Columns, Data migration, Rollback; see the notes \
                     of an older version",
                ),
        );
    }
    if schema::sql::statements(step.up()).is_empty() && step.code().is_none() {
        let file = subject.step_file(version, "up.sql");
        findings.add(
            Finding::new(&file, "contains no statement: the step does nothing")
                .in_file(Some(file.clone()))
                .hint("write the step, or remove the version"),
        );
    }
    if let migrations::Down::Irreversible(reason) = step.down()
        && (reason.trim().is_empty() || reason.contains("TODO"))
    {
        let file = subject.step_file(version, "irreversible.md");
        let finding = Finding::new(&file, "does not give the reason for no way back");
        findings.add(finding.in_file(Some(file)));
    }
}

fn check_words(subject: &Subject<'_>, version: Version, findings: &mut Findings) {
    let (Ok(before), Ok(after), Some(notes)) = (
        subject.catalogue.schema_at(version - 1),
        subject.catalogue.schema_at(version),
        subject.catalogue.notes(version),
    ) else {
        return; // The journeys report a version that cannot be made.
    };
    let file = subject.step_file(version, "notes.md");
    for object in added(&before, &after) {
        let mut meanings = notes.meanings.iter();
        if !meanings.any(|meaning| bare(&meaning.object) == bare(&object)) {
            findings.add(
                Finding::new(
                    &object,
                    format!("was added by version {version} and has no description"),
                )
                .in_file(Some(file.clone()))
                .hint(format!(
                    "add a line to `## Columns`: - `{object}`: the meaning, with the unit"
                )),
            );
        }
    }
    check_declared(notes, &file, &before, &after, findings);
    for meaning in &notes.meanings {
        if !exists(&after, &meaning.object) {
            findings.add(
                Finding::new(
                    &meaning.object,
                    format!("has a description, but is not in version {version}"),
                )
                .in_file(Some(file.clone()))
                .hint("correct the name, or remove the line from `## Columns`"),
            );
        }
    }
}

/// A declaration of an unknown object excuses nothing, although it seems to.
fn check_declared(
    notes: &Notes,
    file: &str,
    before: &Schema,
    after: &Schema,
    findings: &mut Findings,
) {
    let up = [&notes.up_losses, &notes.changes, &notes.alters, &notes.adds];
    let down = [&notes.down_losses, &notes.remade, &notes.down_changes];
    let is_in = |schema: &Schema, own: &&Declaration| exists(schema, &own.object());
    let unknown_up = up
        .into_iter()
        .flatten()
        .filter(|own| !is_in(before, own) && !is_in(after, own));
    let unknown_down = down.into_iter().flatten().filter(|own| !is_in(after, own));
    let names = unknown_up.chain(unknown_down).map(Declaration::object);
    let renamed = notes.renames.iter().map(|rename| Declaration {
        table: rename.table.clone(),
        column: rename.column.clone(),
        why: String::new(),
    });
    let unknown_renames = renamed
        .filter(|own| !is_in(before, &own))
        .map(|own| own.object());
    for object in names.chain(unknown_renames) {
        findings.add(
            Finding::new(&object, "is declared in the notes, but does not exist")
                .in_file(Some(file.to_owned()))
                .hint("correct the name, or remove the line"),
        );
    }
}

/// The objects that need a description: those that `after` has and `before` lacks.
fn added(before: &Schema, after: &Schema) -> Vec<String> {
    let mut names = Vec::new();
    for Change {
        kind,
        object,
        name,
        table,
        ..
    } in schema::diff(before, after)
    {
        if kind != ChangeKind::Add {
            continue;
        }
        match object {
            Object::Table => {
                let columns = after
                    .table(table.as_deref().unwrap_or(&name))
                    .map(|table| table.columns.as_slice());
                let columns = columns
                    .unwrap_or_default()
                    .iter()
                    .filter(|column| !column.hidden);
                let columns: Vec<_> = columns
                    .map(|column| format!("{name}.{}", column.name))
                    .collect();
                names.push(name);
                names.extend(columns);
            }
            Object::Column | Object::Index | Object::Trigger | Object::View => names.push(name),
            _ => {}
        }
    }
    names
}

fn check_docs(subject: &Subject<'_>, findings: &mut Findings) {
    // Other laws report a version that cannot be made.
    let current = subject.catalogue.current_version();
    if subject.catalogue.schema_at(current).is_err() {
        return;
    }
    match docs::pages(subject) {
        Err(error) => findings.add(Finding::new("docs", error)),
        Ok(pages) => {
            for page in pages {
                findings.checked();
                if page.made != page.text {
                    let shown = show(&page.path);
                    findings.add(
                        Finding::new(&shown, "does not match the schema and the notes")
                            .in_file(Some(shown.clone()))
                            .hint("write the rebuilt blocks of `harness::docs::pages`"),
                    );
                }
            }
        }
    }
}
