//! `cargo xtask ci`: every check that must pass before a change lands. CI calls this and nothing
//! else.

mod dependencies;
pub(super) mod packages;
mod scratch;

use crate::say;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::cli::{CiOptions, CiStep, Sabotage};
use crate::{Failure, Verdict, program, project, version_folders};

/// The default steps, in their order.
const STEPS: [CiStep; 14] = [
    CiStep::Format,
    CiStep::Structure,
    CiStep::Deny,
    CiStep::Lints,
    CiStep::Tests,
    CiStep::Examples,
    CiStep::Documentation,
    CiStep::Proof,
    CiStep::Docs,
    CiStep::Instructions,
    CiStep::Packages,
    CiStep::Resolve,
    CiStep::Scaffolders,
    CiStep::Tutorial,
];

/// Runs the steps that `options` name, and stops at the first failure.
///
/// # Errors
/// The failed step, with the command that repeats it.
pub fn run(root: &Path, options: &CiOptions) -> Verdict {
    let started = Instant::now();
    let all = options.only.is_empty();
    let steps = if all { &STEPS[..] } else { &options.only };
    for chosen in steps {
        if !(options.skip_tests && *chosen == CiStep::Tests) {
            step(name(*chosen), || check(root, *chosen))?;
        }
    }
    say!("\nok: ci passed in {} s", started.elapsed().as_secs());
    Ok(true)
}

fn name(step: CiStep) -> &'static str {
    match step {
        CiStep::Format => "format",
        CiStep::Structure => "structure and language",
        CiStep::Deny => "dependencies",
        CiStep::Lints => "lints",
        CiStep::Tests => "tests",
        CiStep::Examples => "examples",
        CiStep::Documentation => "documentation",
        CiStep::Proof => "the proof",
        CiStep::Docs => "docs match",
        CiStep::Instructions => "instruction counts",
        CiStep::Packages => "the packages",
        CiStep::Resolve => "beside other crates",
        CiStep::Scaffolders => "the scaffolders, in a scratch copy",
        CiStep::Tutorial => "the tutorial",
        CiStep::Sabotage => "sabotage",
    }
}

fn check(root: &Path, step: CiStep) -> Result<(), Failure> {
    let catalogue = |arguments: &[&str]| holds(version_folders::run(root, false, arguments)?);
    match step {
        CiStep::Format => cargo(root, &["fmt", "--all", "--check"]),
        CiStep::Structure => structure(root),
        CiStep::Deny => dependencies::check(root),
        CiStep::Lints => lints(root),
        CiStep::Tests => cargo(root, &["test", "--workspace", "--all-features"]),
        CiStep::Examples => examples(root),
        CiStep::Documentation => doc(root),
        CiStep::Proof => catalogue(&["verify-migrations", "--require-frozen"]),
        CiStep::Docs => catalogue(&["docs", "--check"]),
        CiStep::Instructions => instructions(root),
        CiStep::Packages => packages::check(root),
        CiStep::Resolve => super::resolve::check(root),
        CiStep::Scaffolders => scratch::check(root),
        CiStep::Tutorial => tutorial(root),
        CiStep::Sabotage => holds(super::sabotage::run(root, &Sabotage::default())?),
    }
}

fn step(name: &str, check: impl FnOnce() -> Result<(), Failure>) -> Result<(), Failure> {
    say!("\n=== {name}");
    let started = Instant::now();
    check().map_err(|failure| failure.within(name))?;
    say!("=== {name}: ok, {} s", started.elapsed().as_secs());
    Ok(())
}

fn lints(root: &Path) -> Result<(), Failure> {
    let whole = ["clippy", "--workspace", "--all-targets", "--all-features"];
    cargo(root, &[&whole[..], &["--", "--deny", "warnings"]].concat())?;
    // Tests and the commands of this project may open files and read the clock.
    let mut edges = vec!["clippy", "--workspace", "--lib", "--bins"];
    for package in COMMANDS {
        edges.extend(["--exclude", package]);
    }
    edges.extend(["--", "--deny", "clippy::disallowed_methods"]);
    cargo(root, &edges)
}

/// The programs of this project, for which `clippy.toml` bans nothing.
const COMMANDS: [&str; 5] = [
    "xtask",
    "xtask-bench",
    "xtask-catalogue",
    "xtask-instructions",
    "xtask-structure",
];

/// The examples without arguments, which a reader runs first.
const EXAMPLES: [(&str, &str); 6] = [
    ("rowsafe-migrations", "first_file"),
    ("rowsafe-migrations", "commit_per_step"),
    ("rowsafe-migrations", "older_build"),
    ("rowsafe-migrations", "backfill"),
    ("rowsafe-schema", "drift_check"),
    ("rowsafe-simulator", "power_loss"),
];

fn examples(root: &Path) -> Result<(), Failure> {
    for (package, example) in EXAMPLES {
        cargo(
            root,
            &["run", "--quiet", "--package", package, "--example", example],
        )?;
    }
    Ok(())
}

/// Runs the test of the tutorial, which compiles too much for a run of all tests.
fn tutorial(root: &Path) -> Result<(), Failure> {
    let test = ["test", "--package", "xtask", "--test", "tutorial"];
    cargo(root, &[&test[..], &["--", "--ignored"]].concat())
}

/// Checks the imports between crates and between files.
fn structure(root: &Path) -> Result<(), Failure> {
    holds(program::run(
        root,
        "xtask-structure",
        false,
        &[] as &[&str],
    )?)
}

/// Runs the instruction counts if valgrind is installed. Times are no substitute, so otherwise
/// nothing is measured.
fn instructions(root: &Path) -> Result<(), Failure> {
    if !program::is_there("valgrind") {
        say!("skipped: valgrind is not installed; `.ci/run` installs it on Linux");
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
    // Snapshots that differ fail here; a person must accept them.
    let status = command.env("INSTA_UPDATE", "no").status();
    let again = format!("again: cargo {}", arguments.join(" "));
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(Failure::new("failed").hint(again)),
        Err(error) => Err(Failure::new(format!("cannot run cargo: {error}"))),
    }
}
