//! The steps that were added or changed since a git revision, and what that does to databases that
//! have the steps of the revision.

#![expect(
    clippy::disallowed_methods,
    reason = "the command reads and writes what its user names"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use folders::{Down, Fault, History, InputError, Migration};

use super::git::Folder;

/// The endings of files whose content a layout reads.
const TEXTS: [&str; 7] = ["sql", "sqm", "sq", "toml", "json", "conf", "plan"];

/// The steps to check, notes about the choice, and the faults at databases that have the steps of
/// the revision.
#[derive(Debug)]
pub(crate) struct Since {
    pub(crate) steps: BTreeSet<String>,
    pub(crate) notes: Vec<String>,
    pub(crate) faults: Vec<Fault>,
}

/// Selects the steps that `revision` does not have, and those that differ from it.
/// `options` are those with which the folder was read.
pub(crate) fn select(
    history: &History,
    revision: &str,
    options: &folders::Options,
) -> Result<Since, InputError> {
    let folder = Folder(&history.root);
    let commit = folder.commit(revision)?;
    // Both give paths relative to the folder, and only those in it.
    let there = folder.paths(&["ls-tree", "-r", "-z", "--name-only", &commit])?;
    let changed = folder.paths(&[
        "diff",
        "--name-only",
        "-z",
        "--relative",
        "--no-renames",
        "--no-ext-diff",
        &commit,
        "--",
        ".",
    ])?;
    let mut homes: BTreeMap<&str, usize> = BTreeMap::new();
    for step in &history.steps {
        *homes.entry(home(step)).or_default() += 1;
    }
    let mut since = Since {
        steps: BTreeSet::new(),
        notes: Vec::new(),
        faults: Vec::new(),
    };
    for step in &history.steps {
        let files = files(step);
        if !files.iter().any(|file| there.contains(*file)) {
            since.steps.insert(step.name.clone());
            continue;
        }
        // A step's own folder may contain more files that decide how it runs, or a removed one.
        let home = home(step);
        let alone = !home.is_empty() && homes.get(home) == Some(&1);
        let within = |path: &&String| {
            let below = path
                .strip_prefix(home)
                .and_then(|rest| rest.strip_prefix('/'));
            alone && below.is_some_and(|rest| rest.ends_with(".sql") || rest.ends_with(".toml"))
        };
        let added = files.iter().find(|file| !there.contains(**file));
        let other = changed.iter().find(|path| {
            files.contains(&path.as_str()) || within(path) || is_missing_down(path, step)
        });
        if let Some(file) = added.copied().or(other.map(String::as_str)) {
            since.notes.push(format!(
                "`{}` is checked again: `{file}` differs from `{revision}`",
                step.name
            ));
            since.steps.insert(step.name.clone());
        }
    }
    let (some, all) = (since.steps.len(), history.steps.len());
    let summary = format!("{some} of {all} steps checked: added or changed since `{revision}`");
    since.notes.insert(0, summary);
    let mut shipped: BTreeMap<String, Vec<u8>> = BTreeMap::new();
    let is_text = |path: &&String| {
        let ending = path.rsplit('.').next().unwrap_or_default();
        let mut order = options.order.iter();
        TEXTS.contains(&ending) || order.any(|own| own.trim_start_matches("./") == path.as_str())
    };
    for path in there.iter().filter(|path| !changed.contains(*path)) {
        // To git, a file that differs from the commit only in line ends may be unchanged. Of a file
        // that no layout reads, only the name matters.
        let bytes = if is_text(&path) {
            fs::read(history.root.join(path))
        } else {
            Ok(Vec::new())
        };
        if let Ok(bytes) = bytes {
            shipped.insert(path.clone(), bytes);
        }
    }
    let altered = there.intersection(&changed).filter(is_text);
    let altered: Vec<&str> = altered.map(String::as_str).collect();
    shipped.extend(folder.contents(&commit, &altered)?);
    since.compare(history, shipped, revision, options);
    Ok(since)
}

impl Since {
    /// Compares the folder with its files at the revision.
    fn compare(
        &mut self,
        history: &History,
        shipped: BTreeMap<String, Vec<u8>>,
        revision: &str,
        options: &folders::Options,
    ) {
        if shipped.is_empty() {
            let note = format!("`{revision}` does not have the folder, so nothing is compared");
            self.notes.push(note);
            return;
        }
        let mut options = options.clone();
        options.layout = history.layout.parse().ok();
        // A schema that the steps start from is no matter here.
        options.has_base = true;
        match folders::read_files(&history.root, shipped, &options) {
            Ok(shipped) => {
                let faults = folders::compare_shipped(&shipped, history, revision);
                self.faults.extend(faults);
            }
            Err(_) => self.notes.push(format!(
                "the folder of `{revision}` cannot be read as `{}`, so shipped steps are not \
                 compared",
                history.layout
            )),
        }
    }
}

fn files(step: &Migration) -> Vec<&str> {
    let scripts = step.up.iter().chain(step.down.script());
    scripts.map(|script| script.file.as_str()).collect()
}

/// The folder of a step's files; empty if that is the whole folder.
fn home(step: &Migration) -> &str {
    let first = files(step).first().copied().unwrap_or_default();
    first.rsplit_once('/').map_or("", |(home, _)| home)
}

/// Whether a path is that of the missing down migration of a step.
fn is_missing_down(path: &str, step: &Migration) -> bool {
    let (Some(up), Down::Missing) = (&step.up, &step.down) else {
        return false;
    };
    let (home, name) = up.file.rsplit_once('/').unwrap_or(("", &up.file));
    let beside = |name: String| match home {
        "" => name,
        home => format!("{home}/{name}"),
    };
    let pair = name
        .strip_suffix("up.sql")
        .map(|stem| format!("{stem}down.sql"));
    let undo = name.strip_prefix('V').map(|rest| format!("U{rest}"));
    let revert = up
        .file
        .strip_prefix("deploy/")
        .map(|rest| format!("revert/{rest}"));
    let beside = pair.map(beside).into_iter().chain(undo.map(beside));
    beside.chain(revert).any(|candidate| candidate == path)
}
