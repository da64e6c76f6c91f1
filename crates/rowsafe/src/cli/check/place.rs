//! The path of a folder in its repository.

#![expect(
    clippy::disallowed_methods,
    reason = "the command reads and writes what its user names"
)]

use std::env;
use std::fs;
use std::path::{MAIN_SEPARATOR, Path, PathBuf};

/// The nearest folder with `.git`, above `folder` or `folder` itself.
pub(crate) fn repository(folder: &Path) -> Option<PathBuf> {
    let real = fs::canonicalize(folder).ok()?;
    let mut above = real.ancestors();
    // In a worktree or a submodule it is a file.
    above
        .find(|path| path.join(".git").exists())
        .map(Path::to_owned)
}

/// The folder relative to the root of its repository or, outside of any, to the current folder;
/// with `/` on every system, and empty for that root. The whole path if neither contains the
/// folder.
pub(crate) fn within_repository(folder: &Path) -> String {
    let real = fs::canonicalize(folder).unwrap_or_else(|_| folder.to_owned());
    let here = || fs::canonicalize(env::current_dir().ok()?).ok();
    let root = repository(folder).or_else(here).unwrap_or_default();
    let within = real.strip_prefix(&root).unwrap_or(&real);
    let text = within.to_string_lossy();
    match MAIN_SEPARATOR {
        '/' => text.into_owned(),
        other => text.replace(other, "/"),
    }
}
