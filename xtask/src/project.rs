//! Paths of this project.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::{Failure, escape};

/// The folder of the version folders, below the root.
pub const VERSIONS: &str = "crates/traininglogs/versions";

/// The folder of the crate's modules.
pub const SOURCES: &str = "crates/traininglogs/src";

/// The list of the steps, below the root.
pub const CATALOGUE: &str = "crates/traininglogs/src/catalogue.rs";

/// The golden databases, below the root.
pub const FIXTURES: &str = "fixtures";

/// The files with generated blocks, below the root.
pub const DOCS: [&str; 2] = ["docs/database.md", "docs/development/MIGRATIONS.md"];

/// The files of the checkout that git tracks, and new ones that it does not ignore, below `root`.
///
/// # Errors
/// If git is missing or fails.
pub fn tracked_files(root: &Path) -> Result<Vec<String>, Failure> {
    let listed = Command::new("git")
        .current_dir(root)
        .args([
            "ls-files",
            "-z",
            "--cached",
            "--others",
            "--exclude-standard",
        ])
        .output()
        .map_err(|error| Failure::new(format!("cannot run `git`: {error}")))?;
    if !listed.status.success() {
        return Err(
            Failure::new("`git ls-files` failed").hint("run this inside a checkout of the project")
        );
    }
    let names = String::from_utf8_lossy(&listed.stdout);
    let names = names.split('\0').filter(|name| !name.is_empty());
    let mut names: Vec<String> = names.map(str::to_owned).collect();
    names.sort();
    names.dedup();
    Ok(names)
}

/// The root of the current checkout: the nearest folder above the current one that is this project,
/// wherever the program was built.
///
/// # Errors
/// If the current folder is in no checkout.
pub fn root() -> Result<PathBuf, Failure> {
    let here = env::current_dir()
        .map_err(|error| Failure::new(format!("there is no current folder: {error}")))?;
    root_above(&here).ok_or_else(|| {
        Failure::new(format!(
            "`{}` is in no checkout of this project",
            here.display()
        ))
        .hint("change to the checkout or to a folder in it, and call the command there")
    })
}

fn root_above(here: &Path) -> Option<PathBuf> {
    here.ancestors()
        .find(|folder| is_checkout(folder))
        .map(Path::to_owned)
}

/// Whether a folder is the root of this project: a workspace with these commands, a list of steps
/// and fixtures.
fn is_checkout(folder: &Path) -> bool {
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).unwrap_or_default();
    let workspace = manifest.lines().any(|line| line.trim() == "[workspace]");
    workspace
        && manifest.contains("\"xtask\"")
        && folder.join("xtask/Cargo.toml").is_file()
        && folder.join(CATALOGUE).is_file()
        && folder.join(FIXTURES).is_dir()
}

/// Reports the checkout in which a command writes.
pub fn report_checkout(root: &Path) {
    crate::say!("checkout: {}", escape::line(&root.to_string_lossy()));
}

/// Refuses a program that was compiled in a different checkout than the current one, because its
/// compiled content belongs there. `manifest` is the folder of its package.
///
/// # Errors
/// If the checkouts differ.
pub fn check_built_in(root: &Path, manifest: &str) -> Result<(), Failure> {
    let real = |path: &Path| fs::canonicalize(path).ok();
    let built = root_above(Path::new(manifest)).and_then(|built| real(&built));
    if built.is_some() && built == real(root) {
        return Ok(());
    }
    Err(Failure::new(format!(
        "this program was built in `{manifest}`, but called in the checkout `{}`",
        root.display()
    ))
    .hint("call `cargo xtask` there, which builds its own program"))
}

/// The target folder of cargo.
pub fn target(root: &Path) -> PathBuf {
    let chosen = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    chosen.map_or_else(|| root.join("target"), |target| root.join(target))
}

/// Returns the output of `cargo metadata` for the workspace.
///
/// # Errors
/// If cargo fails.
pub fn metadata(root: &Path, options: &[&str]) -> Result<Value, Failure> {
    let output = Command::new(cargo())
        .current_dir(root)
        .args(["metadata", "--format-version", "1"])
        .args(options)
        .output()
        .map_err(|error| Failure::new(format!("cannot run `cargo metadata`: {error}")))?;
    serde_json::from_slice(&output.stdout).map_err(|_| {
        let said = String::from_utf8_lossy(&output.stderr);
        Failure::new(format!("`cargo metadata` failed: {said}"))
    })
}

/// Whether this runs in CI, where commands repair nothing.
pub fn in_ci() -> bool {
    env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
}

/// The cargo that runs this program.
pub fn cargo() -> PathBuf {
    env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder that looks like a checkout, reduced to the needs of the tests.
    fn checkout(at: &Path) {
        let write = |path: &str, text: &str| {
            let path = at.join(path);
            fs::create_dir_all(path.parent().unwrap_or(at)).and_then(|()| fs::write(path, text))
        };
        for (path, text) in [
            ("Cargo.toml", "[workspace]\nmembers = [\"xtask\"]\n"),
            ("xtask/Cargo.toml", ""),
            (CATALOGUE, ""),
            ("fixtures/frozen.json", ""),
        ] {
            assert!(write(path, text).is_ok());
        }
    }

    #[test]
    fn the_nearest_checkout_above_is_meant() {
        let folder = std::env::temp_dir().join(format!("xtask-root-{}", std::process::id()));
        let (outer, inner) = (folder.join("outer"), folder.join("outer/target/scratch"));
        checkout(&outer);
        checkout(&inner);
        let deep = inner.join("crates/traininglogs/src");
        let found =
            [&outer, &outer.join("fixtures"), &inner, &deep, &folder].map(|at| root_above(at));
        let refused = check_built_in(&outer, &inner.join("xtask/catalogue").to_string_lossy());
        let same = check_built_in(&inner, &inner.join("xtask/catalogue").to_string_lossy());
        let _ = fs::remove_dir_all(&folder);
        let expected = [Some(&outer), Some(&outer), Some(&inner), Some(&inner), None];
        assert_eq!(found.each_ref().map(Option::as_ref), expected);
        assert!(refused.is_err() && same.is_ok());
    }

    /// A different workspace, or a package of this name, is not a checkout.
    #[test]
    fn a_folder_that_only_looks_like_it_is_none() {
        let folder = std::env::temp_dir().join(format!("xtask-none-{}", std::process::id()));
        checkout(&folder);
        assert!(is_checkout(&folder));
        let manifest = folder.join("Cargo.toml");
        for text in [
            "[package]\nname = \"xtask\"\n",
            "[workspace]\nmembers = []\n",
            "",
        ] {
            assert!(fs::write(&manifest, text).is_ok());
            assert!(!is_checkout(&folder), "{text}");
        }
        let _ = fs::remove_dir_all(&folder);
    }
}
