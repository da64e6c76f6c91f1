//! The steps that were added or changed since a git revision, as `git` reports them.

#![expect(
    clippy::disallowed_methods,
    reason = "the command reads and writes what its user names"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::process::{Command, Output};

use folders::InputError;
use folders::{Down, History, Migration};

/// The steps to check, and notes about the choice.
#[derive(Debug)]
pub(crate) struct Since {
    pub(crate) steps: BTreeSet<String>,
    pub(crate) notes: Vec<String>,
}

/// Selects the steps that `revision` does not have, and those that differ from it.
pub(crate) fn select(history: &History, revision: &str) -> Result<Since, InputError> {
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
    Ok(since)
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

/// A folder in which `git` runs.
struct Folder<'a>(&'a Path);

impl Folder<'_> {
    /// Resolves a revision to its commit.
    fn commit(&self, revision: &str) -> Result<String, InputError> {
        let inside = self.git(&["rev-parse", "--is-inside-work-tree"])?;
        if !inside.status.success() {
            let words = String::from_utf8_lossy(&inside.stderr).trim().to_owned();
            let what = format!("cannot be compared with `{revision}`: git reports: {words}");
            let hint =
                "`--since` needs a git repository; otherwise choose the steps with `--from STEP`";
            return Err(InputError::new(self.0, &what, hint));
        }
        let name = format!("{revision}^{{commit}}");
        let found = self.git(&["rev-parse", "--verify", "--quiet", &name])?;
        if found.status.success() {
            return Ok(String::from_utf8_lossy(&found.stdout).trim().to_owned());
        }
        let shallow = self.git(&["rev-parse", "--is-shallow-repository"])?;
        let hint = if shallow.stdout.starts_with(b"true") {
            "the repository is a shallow clone: fetch the revision, or everything with \
             `git fetch --unshallow` (`fetch-depth: 0` of actions/checkout)"
        } else {
            "`git log` lists the revisions; name a branch of the remote as in `origin/main`"
        };
        let what = format!("is in a repository without the revision `{revision}`");
        Err(InputError::new(self.0, &what, hint))
    }

    /// The paths that a command of git lists, each ended by a zero byte.
    fn paths(&self, arguments: &[&str]) -> Result<BTreeSet<String>, InputError> {
        let output = self.git(arguments)?;
        if !output.status.success() {
            let words = String::from_utf8_lossy(&output.stderr).trim().to_owned();
            let command = arguments.first().copied().unwrap_or_default();
            let what = format!("cannot be compared: `git {command}` reports: {words}");
            return Err(InputError::new(
                self.0,
                &what,
                "repair the repository; `git fsck` lists its faults",
            ));
        }
        let paths = output.stdout.split(|byte| *byte == 0);
        let paths = paths.filter(|path| !path.is_empty());
        Ok(paths
            .map(|path| String::from_utf8_lossy(path).into_owned())
            .collect())
    }

    fn git(&self, arguments: &[&str]) -> Result<Output, InputError> {
        let mut command = Command::new("git");
        command
            .arg("-C")
            .arg(self.0)
            .args(arguments)
            // No command may write the index.
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("LC_ALL", "C");
        command.output().map_err(|error| {
            let what = match error.kind() {
                io::ErrorKind::NotFound => "cannot be compared: `git` is not installed".to_owned(),
                _ => format!("cannot be compared: `git` does not run: {error}"),
            };
            let hint = "install git, or choose the steps with `--from STEP`";
            InputError::new(self.0, &what, hint)
        })
    }
}
