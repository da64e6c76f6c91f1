//! Builds and calls `xtask/catalogue`, after a check for files without which it would not compile.

use crate::{escape, say, screen};
use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use serde_json::json;

use crate::program;
use crate::project::{self, CATALOGUE, VERSIONS};
use crate::{Failure, Verdict};

/// A missing part of a version's folder or of the list of steps.
#[derive(Debug)]
struct Missing {
    /// The file, below the root.
    file: String,
    /// The description of the problem.
    message: String,
    /// The recommended action.
    hint: String,
}

/// Calls `xtask/catalogue` with `arguments`, those of the verb. With `json`, standard output is
/// reserved for the one document.
///
/// # Errors
/// If a version's folder is incomplete, or the catalogue does not compile.
pub fn run(root: &Path, json: bool, arguments: &[impl AsRef<OsStr>]) -> Verdict {
    if !is_complete(root, json)? {
        return Ok(false);
    }
    program::run(root, "xtask-catalogue", json, arguments)
}

/// Whether nothing is missing in the version folders and the list of steps; prints the missing
/// parts.
///
/// # Errors
/// If the folders or the list cannot be read.
pub fn is_complete(root: &Path, json: bool) -> Verdict {
    let missing = missing(root)?;
    if !missing.is_empty() {
        report(json, &missing);
    }
    Ok(missing.is_empty())
}

/// Lists the missing files of the version folders: the compile error for a missing file names the
/// file but not the remedy.
///
/// # Errors
/// If the folders or the list cannot be read.
fn missing(root: &Path) -> Result<Vec<Missing>, Failure> {
    let unreadable = |what: &str, error: std::io::Error| {
        Failure::new(format!("`{what}` cannot be read: {error}"))
            .hint("run this inside a checkout of the project")
    };
    let list = fs::read_to_string(root.join(CATALOGUE)).map_err(|e| unreadable(CATALOGUE, e))?;
    let entries = fs::read_dir(root.join(VERSIONS)).map_err(|e| unreadable(VERSIONS, e))?;
    let folders = entries
        .filter_map(Result::ok)
        .filter(|entry| entry.path().is_dir());
    let mut folders: Vec<String> = folders
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    folders.sort();
    let mut found = Vec::new();
    let frozen =
        fs::read_to_string(root.join(project::FIXTURES).join("frozen.json")).unwrap_or_default();
    for folder in &folders {
        if !list.contains(&format!("\"{folder}\"")) {
            let hint = if frozen.contains(&format!("\"{folder}\"")) {
                format!(
                    "write `\"{folder}\",` in its place in the list, or \
             `git checkout -- {CATALOGUE}`"
                )
            } else {
                "remove the folder; begin a version with `cargo xtask new-version NAME`".to_owned()
            };
            found.push(Missing {
                file: format!("{VERSIONS}/{folder}"),
                message: format!("is not in the list of {CATALOGUE}"),
                hint,
            });
        }
        look_into(root, folder, &list, &mut found);
    }
    let mut expected = 0;
    for line in list.lines() {
        let named = line
            .trim()
            .trim_start_matches("irreversible ")
            .strip_prefix('"');
        let Some((name, _)) = named.and_then(|rest| rest.split_once('"')) else {
            continue;
        };
        expected += 1;
        let number = name
            .split('_')
            .next()
            .and_then(|number| number.parse::<u32>().ok());
        if number != Some(expected) {
            found.push(Missing {
                file: CATALOGUE.to_owned(),
                message: format!("`{name}` is in the place of version {expected}"),
                hint: "the list is in order of the versions, which are counted without gaps"
                    .to_owned(),
            });
        }
        if !folders.iter().any(|folder| folder == name) {
            found.push(Missing {
                file: format!("{VERSIONS}/{name}"),
                message: "is in the list of steps, but has no folder".to_owned(),
                hint: format!("restore it: `git checkout -- {VERSIONS}/{name}`"),
            });
        }
    }
    Ok(found)
}

fn look_into(root: &Path, folder: &str, list: &str, found: &mut Vec<Missing>) {
    let there = |file: &str| root.join(VERSIONS).join(folder).join(file).exists();
    let mut miss = |file: &str, message: &str, hint: &str| {
        found.push(Missing {
            file: format!("{VERSIONS}/{folder}/{file}"),
            message: message.to_owned(),
            hint: hint.to_owned(),
        });
    };
    if !there("up.sql") {
        miss(
            "up.sql",
            "is missing",
            "write the step, or remove the whole version",
        );
    }
    if !there("notes.md") {
        miss(
            "notes.md",
            "is missing",
            "write the changes and their reasons; CONTRIBUTING.md shows an example",
        );
    }
    let irreversible = list.contains(&format!("irreversible \"{folder}\""));
    match (there("down.sql"), there("irreversible.md")) {
        (false, false) => miss(
            "down.sql",
            "is missing: the version has no way back",
            "write it, or write `irreversible.md` with the reason why there is none",
        ),
        (true, true) => miss(
            "irreversible.md",
            "is beside `down.sql`",
            "keep one of them",
        ),
        (false, true) if !irreversible => miss(
            "irreversible.md",
            "exists, but the list of steps does not mention it",
            &format!("write `irreversible \"{folder}\",` in {CATALOGUE}"),
        ),
        (true, false) if irreversible => miss(
            "down.sql",
            "exists, but the list of steps calls the version irreversible",
            &format!("write `\"{folder}\",` in {CATALOGUE}"),
        ),
        _ => {}
    }
}

fn report(json: bool, missing: &[Missing]) {
    if json {
        let broken: Vec<_> = missing
            .iter()
            .map(|missing| {
                json!({
                    "journey": "catalogue",
                    "object": missing.file,
                    "message": missing.message,
                    "file": missing.file,
                    "hint": missing.hint,
                    "repeat": "cargo xtask verify-migrations",
                })
            })
            .collect();
        let laws =
            [json!({ "name": "history is frozen", "checked": broken.len(), "broken": broken })];
        screen::say_document(
            &json!({ "versions": 0, "fixtures": 0, "journeys": 0, "holds": false, "laws": laws }),
        );
        return;
    }
    say!("the catalogue is incomplete:");
    for missing in missing {
        say!("  [ ] {}: {}", escape::line(&missing.file), missing.message);
        say!("      hint: {}", escape::line(&missing.hint));
    }
    let files = if missing.len() == 1 { "file" } else { "files" };
    say!(
        "\nerror: {} {files} to fix before the proof can run",
        missing.len()
    );
}
