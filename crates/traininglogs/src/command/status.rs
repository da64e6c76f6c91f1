//! `status`: shows the state of the file.

#![expect(
    clippy::disallowed_methods,
    reason = "the command reads what its user names, and the clock"
)]

use std::fs;
use std::path::Path;

use jiff::{Timestamp, Unit};
use migrations::{BackupFile, FileState, Options, Version};
use serde_json::{Value, json};

use super::command_line::command_line;
use super::display;
use super::open::open;
use super::output::Output;
use super::output::size;
use crate::database::refuse_newer;
use crate::error::Error;
use crate::{CURRENT_VERSION, STEPS, catalogue};

pub(super) fn run(path: &Path, output: &mut Output) -> Result<(), Error> {
    let migrator = open(path, Options::default())?;
    let state = migrator.state()?;
    let version = state.version(catalogue())?;
    let place = match version {
        0 => format!("it is empty; fill it with `{}`", command_line(path, "init")),
        CURRENT_VERSION => "up to date".to_owned(),
        older if older < CURRENT_VERSION => {
            format!("bring it up with `{}`", command_line(path, "migrate"))
        }
        _ => "newer than this build".to_owned(),
    };
    output.line(format_args!(
        "`{}` is at version {version} of {CURRENT_VERSION}: {place}",
        path.display()
    ));
    output.add_json(json!({
        "file": path.to_string_lossy(),
        "version": version,
        "current": CURRENT_VERSION,
    }));
    print_applied(&state, output);
    print_pending(version, output);
    print_backups(path, &migrator.backups()?, output);
    print_drift(version, &state, output)?;
    Ok(refuse_newer(&migrator)?)
}

fn print_applied(state: &FileState, output: &mut Output) {
    let entries = state.ledger.as_deref().unwrap_or_default();
    let mut all = Vec::new();
    for entry in entries {
        output.line(format_args!(
            "  {}  {}, {}, {}",
            entry.version, entry.name, entry.applied_at, entry.applied_by
        ));
        all.push(json!({
            "version": entry.version,
            "name": entry.name,
            "at": entry.applied_at,
            "by": entry.applied_by,
        }));
    }
    output.add_json(json!({ "applied": all }));
}

fn print_pending(version: Version, output: &mut Output) {
    let steps = STEPS.iter().filter(|step| step.version() > version);
    let mut all = Vec::new();
    for step in steps {
        output.line(format_args!(
            "  {}  {}, pending",
            step.version(),
            step.name()
        ));
        all.push(json!({ "version": step.version(), "name": step.name() }));
    }
    output.add_json(json!({ "pending": all }));
}

fn print_backups(path: &Path, found: &[BackupFile], output: &mut Output) {
    if found.is_empty() {
        output.line("backups: none");
    } else {
        output.line("backups:");
    }
    let mut all = Vec::new();
    for backup in found {
        let (version, name) = (backup.version, display::backup_path(path, &backup.path));
        let (bytes, taken) = (backup.bytes, read_time(&backup.path));
        output.line(format_args!(
            "  version {version}: {name}, {}{}",
            size(bytes),
            taken
                .as_ref()
                .map_or(String::new(), |taken| format!(", {taken}"))
        ));
        all.push(json!({ "path": name, "version": version, "bytes": bytes, "taken": taken }));
    }
    output.add_json(json!({ "backups": all }));
}

/// The time of the backup, which is its modification time, because nothing writes to it later.
fn read_time(backup: &Path) -> Option<String> {
    let modified = fs::metadata(backup).and_then(|data| data.modified()).ok()?;
    let taken = Timestamp::try_from(modified).ok()?;
    Some(taken.round(Unit::Second).ok()?.to_string())
}

fn print_drift(version: Version, state: &FileState, output: &mut Output) -> Result<(), Error> {
    if version > CURRENT_VERSION {
        output.add_json(json!({ "drift": Value::Null, "differences": [] }));
        output.line("drift: not known, this build has no such version");
        return Ok(());
    }
    let found = differences(version, state)?;
    output.add_json(json!({ "drift": found.is_some(), "differences": found }));
    let Some(found) = found else {
        output.line("drift: no, the schema is that of its version");
        return Ok(());
    };
    output.line(format_args!(
        "drift: yes, the schema is not that of version {version}:"
    ));
    for line in found {
        output.line(format_args!("  {line}"));
    }
    Ok(())
}

/// The parts that only the file's schema has (`+`), and those that only its version's schema has
/// (`-`); `None` if they are equal.
fn differences(version: Version, state: &FileState) -> Result<Option<Vec<String>>, Error> {
    let due = catalogue().schema_at(version)?;
    if due == state.schema {
        return Ok(None);
    }
    let (due, found) = (lines(&due.to_string()), lines(&state.schema.to_string()));
    let only = |sign: char, these: &[String], those: &[String]| -> Vec<String> {
        let missing = these.iter().filter(|line| !those.contains(line));
        missing.map(|line| format!("{sign} {line}")).collect()
    };
    let mut all = only('+', &found, &due);
    all.extend(only('-', &due, &found));
    Ok(Some(all))
}

/// The lines of a schema listing without alignment, each with its heading.
fn lines(listing: &str) -> Vec<String> {
    let mut heading = String::new();
    let mut lines = Vec::new();
    for line in listing.lines().filter(|line| !line.is_empty()) {
        let words = line.split_whitespace().collect::<Vec<_>>().join(" ");
        if line.starts_with(' ') {
            lines.push(format!("{heading}: {words}"));
        } else {
            heading = words;
            lines.push(heading.clone());
        }
    }
    lines
}
