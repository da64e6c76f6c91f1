//! The programs of this workspace that run commands.

use std::ffi::OsStr;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::{Failure, UNPRINTED, Verdict, project, screen};

/// Builds `package` and calls it with `arguments`, those of the verb. With `json`, standard output
/// is reserved for the one document.
///
/// # Errors
/// If the package does not compile, or the program ends with an exit code other than 0 or 1.
pub fn run(root: &Path, package: &str, json: bool, arguments: &[impl AsRef<OsStr>]) -> Verdict {
    let failed = |error| Failure::new(format!("cannot run `cargo`: {error}"));
    // With JSON output only errors are of interest; otherwise a first build shows progress.
    let mut build = Command::new(project::cargo());
    build
        .current_dir(root)
        .args(["build", "--package", package]);
    if json {
        build.arg("--quiet");
    }
    let built = build.stdin(Stdio::null()).status().map_err(failed)?;
    if !built.success() {
        return Err(Failure::new(format!("`{package}` does not compile"))
            .hint("the compiler's message above names the file"));
    }
    let mut call = Command::new(project::cargo());
    call.current_dir(root)
        .args(["run", "--quiet", "--package", package, "--"]);
    let status = call.args(arguments).status().map_err(failed)?;
    match status.code() {
        Some(0) => Ok(true),
        Some(1) => Ok(false),
        Some(code) if code == i32::from(UNPRINTED) => {
            screen::lose();
            Ok(true)
        }
        _ => Err(Failure::new(format!("`{package}` itself failed: {status}"))),
    }
}

/// Whether an external program can be called here.
pub fn is_there(program: &str) -> bool {
    let mut call = Command::new(program);
    let called = call
        .arg("--version")
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status();
    called.is_ok_and(|status| status.success())
}
