//! The revisions of a folder, as `git` reports them.

#![expect(
    clippy::disallowed_methods,
    reason = "the command reads and writes what its user names"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::Path;
use std::process::{Command, Output, Stdio};

use folders::InputError;

/// Longer than any migration.
const LONGEST: u64 = 64 << 20;

/// A folder in which `git` runs.
pub(super) struct Folder<'a>(pub(super) &'a Path);

impl Folder<'_> {
    /// Resolves a revision to its commit.
    pub(super) fn commit(&self, revision: &str) -> Result<String, InputError> {
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
    pub(super) fn paths(&self, arguments: &[&str]) -> Result<BTreeSet<String>, InputError> {
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

    /// The content that files of the folder have in a commit, by their paths. Links and what is too
    /// long for a migration are left out.
    pub(super) fn contents(
        &self,
        commit: &str,
        paths: &[&str],
    ) -> Result<BTreeMap<String, Vec<u8>>, InputError> {
        let listed = self.paths(&["ls-tree", "-r", "-l", "-z", commit])?;
        let blobs = listed.iter().filter_map(|entry| {
            let (about, path) = entry.split_once('\t')?;
            let mut about = about.split_whitespace();
            let (mode, _, id, size) = (about.next()?, about.next()?, about.next()?, about.next()?);
            let is_file = mode.starts_with("100") && size.parse::<u64>().ok()? <= LONGEST;
            (is_file && paths.contains(&path)).then_some((path, id))
        });
        let blobs: Vec<(&str, &str)> = blobs.collect();
        let ids: String = blobs.iter().map(|(_, id)| format!("{id}\n")).collect();
        let output = self.git_with(&["cat-file", "--batch"], ids.into_bytes())?;
        let mut rest = output.stdout.as_slice();
        let mut found = BTreeMap::new();
        for (path, _) in blobs {
            // A line with the size, the content, and a line end.
            let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
                break;
            };
            let (head, body) = rest.split_at(end);
            let size = String::from_utf8_lossy(head);
            let size = size
                .split(' ')
                .next_back()
                .and_then(|size| size.parse().ok());
            let size: usize = size.unwrap_or_default();
            let body = body.get(1..).unwrap_or_default();
            found.insert(
                path.to_owned(),
                body.get(..size).unwrap_or_default().to_vec(),
            );
            rest = body.get(size + 1..).unwrap_or_default();
        }
        Ok(found)
    }

    fn git(&self, arguments: &[&str]) -> Result<Output, InputError> {
        self.git_with(arguments, Vec::new())
    }

    fn git_with(&self, arguments: &[&str], input: Vec<u8>) -> Result<Output, InputError> {
        let mut command = Command::new("git");
        command
            .arg("-C")
            .arg(self.0)
            .args(arguments)
            // No command may write the index.
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("LC_ALL", "C")
            .stdin(if input.is_empty() {
                Stdio::null()
            } else {
                Stdio::piped()
            })
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let output = command.spawn().and_then(|mut child| {
            // git may print before it has read everything.
            let pipe = child.stdin.take();
            let writer =
                std::thread::spawn(move || pipe.map_or(Ok(()), |mut pipe| pipe.write_all(&input)));
            let output = child.wait_with_output();
            // git ends early only with an error of its own.
            let _ = writer.join();
            output
        });
        output.map_err(|error| {
            let what = match error.kind() {
                io::ErrorKind::NotFound => "cannot be compared: `git` is not installed".to_owned(),
                _ => format!("cannot be compared: `git` does not run: {error}"),
            };
            let hint = "install git, or choose the steps with `--from STEP`";
            InputError::new(self.0, &what, hint)
        })
    }
}
