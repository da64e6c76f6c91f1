//! `cargo xtask ci`: everything that must hold before a change lands. CI calls this and nothing else.

mod scratch;

use crate::say;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::cli::{CiOptions, CiStep, Sabotage};
use crate::{Failure, Verdict, program, project, version_folders};

/// Runs every check and stops at the first that fails.
///
/// # Errors
/// The check that failed, with the command that shows it again.
pub fn run(root: &Path, options: &CiOptions) -> Verdict {
    let started = Instant::now();
    if options.only.contains(&CiStep::Sabotage) {
        step("sabotage", || {
            holds(super::sabotage::run(root, &Sabotage::default())?)
        })?;
        say!("\nok: ci passed in {} s", started.elapsed().as_secs());
        return Ok(true);
    }
    let cargo = |arguments: &[&str]| cargo(root, arguments);
    let whole = ["--workspace", "--all-targets", "--all-features"];
    step("format", || cargo(&["fmt", "--all", "--check"]))?;
    step("arrows between crates, circles of files", || {
        structure(root)
    })?;
    step("lints", || {
        cargo(&[&["clippy"], &whole[..], &["--", "--deny", "warnings"]].concat())
    })?;
    if !options.skip_tests {
        step("tests", || {
            cargo(&["test", "--workspace", "--all-features"])
        })?;
    }
    step("documentation", || doc(root))?;
    step("the proof", || {
        holds(version_folders::run(
            root,
            false,
            &["verify-migrations", "--require-frozen"],
        )?)
    })?;
    step("docs match", || {
        holds(version_folders::run(root, false, &["docs", "--check"])?)
    })?;
    step("instruction counts", || instructions(root))?;
    step("the scaffolders, in a scratch copy", || {
        scratch::check(root)
    })?;
    say!("\nok: ci passed in {} s", started.elapsed().as_secs());
    Ok(true)
}

fn step(name: &str, check: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    say!("\n=== {name}");
    let started = Instant::now();
    check().map_err(|failure| failure.within(name))?;
    say!("=== {name}: ok, {} s", started.elapsed().as_secs());
    Ok(())
}

/// Which crate and which file imports which.
fn structure(root: &Path) -> Result<(), Failure> {
    holds(program::run(
        root,
        "xtask-structure",
        false,
        &[] as &[&str],
    )?)
}

/// They are counted by valgrind, which is not on every system; times are no substitute, so nothing is.
fn instructions(root: &Path) -> Result<(), Failure> {
    if !program::is_there("valgrind") {
        say!("skipped: valgrind cannot be called here; `.ci/run` installs it on Linux");
        return Ok(());
    }
    let arguments = ["bench", "--instructions"];
    holds(program::run(root, "xtask-bench", false, &arguments)?)
}

fn holds(verdict: bool) -> Result<(), Failure> {
    if verdict {
        Ok(())
    } else {
        Err(Failure::new("see above"))
    }
}

fn cargo(root: &Path, arguments: &[&str]) -> Result<(), Failure> {
    run_command(
        Command::new(project::cargo())
            .current_dir(root)
            .args(arguments),
        arguments,
    )
}

fn doc(root: &Path) -> Result<(), Failure> {
    let arguments = [
        "doc",
        "--workspace",
        "--no-deps",
        "--document-private-items",
    ];
    let mut command = Command::new(project::cargo());
    command
        .current_dir(root)
        .env("RUSTDOCFLAGS", "--deny warnings")
        .args(arguments);
    run_command(&mut command, &arguments)
}

fn run_command(command: &mut Command, arguments: &[&str]) -> Result<(), Failure> {
    // Snapshots that differ fail here; they are accepted by a person.
    let status = command.env("INSTA_UPDATE", "no").status();
    let again = format!("again: cargo {}", arguments.join(" "));
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(Failure::new("failed").hint(again)),
        Err(error) => Err(Failure::new(format!("cannot run cargo: {error}"))),
    }
}
