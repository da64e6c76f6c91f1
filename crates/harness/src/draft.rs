//! A version in development: its fixture before it is frozen, and the missing parts.

use std::fmt;

use migrations::{Down, FileState, Migrator, Version};
use rusqlite::Connection;

use crate::error::Error;
use crate::fixture::{self, Fixture, Frozen};
use crate::journey::proving;
use crate::report::Report;
use crate::subject::{Subject, show};

/// The golden database of the version before, migrated forward to `version`.
///
/// # Errors
/// If there is none, or a step fails on it.
pub fn golden_forward(subject: &Subject<'_>, version: Version) -> Result<Connection, Error> {
    let files = fixture::files(subject).found;
    let before = files
        .iter()
        .rev()
        .find(|(own, file, _)| *own < version && file.ends_with("/golden.sql"));
    let Some((_, file, script)) = before else {
        return subject.catalogue.build(version).map_err(Error::from);
    };
    let connection = fixture::load(script).map_err(|error| format!("{file}: {error}"))?;
    let mut migrator = Migrator::with_connection(subject.catalogue, connection, proving());
    migrator.upgrade_to(version)?;
    Ok(migrator.into_connection())
}

/// The same database as a fixture in memory, named `golden`.
pub(crate) fn migrate_forward(subject: &Subject<'_>, version: Version) -> Result<Fixture, Error> {
    let connection = golden_forward(subject, version)?;
    let file = show(&subject.fixture_folder(version).join("golden.sql"));
    Ok(Fixture {
        version,
        name: "golden".to_owned(),
        file,
        image: sandbox::image(&connection)?,
    })
}

/// Whether the text of a fixture gives the database of `version` that the catalogue makes now.
pub fn fits(subject: &Subject<'_>, version: Version, script: &str) -> bool {
    let Ok(connection) = fixture::load(script) else {
        return false;
    };
    let (Ok(found), Ok(fresh)) = (
        FileState::read(&connection),
        subject.catalogue.schema_at(version),
    ) else {
        return false;
    };
    let ledger = found.ledger.unwrap_or_default();
    let head = ledger
        .last()
        .map(|entry| (entry.version, entry.up_digest.as_str()));
    let back = ledger.last().map(|entry| entry.down_sql.as_deref());
    let step = subject.catalogue.step(version);
    found.schema == fresh
        && head
            == subject
                .catalogue
                .up_digest(version)
                .map(|digest| (version, digest))
        && back == step.map(|step| step.down_sql())
}

/// One line of the checklist.
#[derive(Clone, Debug)]
pub struct Item {
    /// The condition that must hold.
    pub what: &'static str,
    /// The next action, if the condition does not hold.
    pub todo: Option<String>,
}

impl fmt::Display for Item {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.todo {
            None => write!(f, "[x] {}", self.what),
            Some(todo) => write!(f, "[ ] {}: {todo}", self.what),
        }
    }
}

/// Lists the finished and the missing items for the newest version; `None` if it is already frozen.
pub fn checklist(subject: &Subject<'_>, report: &Report) -> Option<(Version, Vec<Item>)> {
    let version = subject.catalogue.current_version();
    let frozen = Frozen::read(&subject.root.join(&subject.fixtures)).ok()?;
    if frozen.newest(subject.catalogue) >= version {
        return None;
    }
    let broken = |law: &str| {
        let law = report.laws.iter().find(|own| own.name == law)?;
        law.broken
            .first()
            .map(|first| format!("{}: {}", first.object, first_line(&first.message)))
    };
    let step = subject.catalogue.step(version)?;
    let notes = subject.catalogue.notes(version)?;
    let item = |what, todo| Item { what, todo };
    let notes_file = subject.step_file(version, "notes.md");
    let empty = schema::sql::statements(step.up()).is_empty() && step.code().is_none();
    let planned = match (empty, notes.problems().first()) {
        (_, Some(problem)) => Some(format!("{notes_file}: {problem}")),
        (true, None) => Some(format!(
            "write the step: {}",
            subject.step_file(version, "up.sql")
        )),
        (false, None) => None,
    };
    let back = match step.down() {
        Down::Sql(sql) if schema::sql::statements(sql).is_empty() => Some(format!(
            "write it: {}",
            subject.step_file(version, "down.sql")
        )),
        _ => None,
    };
    let nothing_yet = || empty.then(|| "the step does nothing yet".to_owned());
    let fresh = match subject.catalogue.build(version) {
        Ok(_) => broken("fresh equals upgraded").or_else(nothing_yet),
        Err(error) => Some(error.to_string()),
    };
    let docs = broken("everything is documented").or_else(|| stale_docs(subject));
    let migrates = broken("up preserves").or_else(nothing_yet);
    let fails = subject.catalogue.build(version).is_err();
    let returns = if fails {
        Some("not tried: the step fails".to_owned())
    } else {
        broken("down restores")
            .or_else(|| broken("back and forth keeps"))
            .or_else(nothing_yet)
    };
    let (back_written, back_works) = match step.down_sql() {
        Some(_) => (
            "way back written",
            "goes back and forth without loss, or the loss is declared",
        ),
        None => (
            "no way back, and the reason written",
            "goes up without undeclared loss",
        ),
    };
    Some((
        version,
        vec![
            item("task and plan written", planned),
            item(back_written, back),
            item("fresh file works", fresh),
            item("every older fixture migrates", migrates),
            item(back_works, returns),
            item("queries still prepare", broken("queries still prepare")),
            item("docs made", docs),
            item(
                "fixture frozen",
                Some("when all items above are done: `harness::freeze::new_versions`".to_owned()),
            ),
        ],
    ))
}

fn stale_docs(subject: &Subject<'_>) -> Option<String> {
    match crate::docs::pages(subject) {
        Err(error) => Some(error.to_string()),
        Ok(pages) => {
            let stale = pages.into_iter().find(|page| page.made != page.text)?;
            Some(format!(
                "{} is out of date: write the rebuilt blocks of `harness::docs::pages`",
                show(&stale.path)
            ))
        }
    }
}

fn first_line(message: &str) -> &str {
    message.lines().next().unwrap_or_default()
}
