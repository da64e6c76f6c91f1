//! Criterion's benchmarks: finds and runs them, and reads the figures in the target folder.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::SystemTime;

use serde_json::Value;
use xtask::{Failure, project};

use crate::measure::Measure;

/// One benchmark program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Program {
    pub(crate) package: String,
    pub(crate) name: String,
}

/// The filter of criterion with which a quick run leaves out parts that take minutes.
const QUICK: [(&str, &str); 3] = [
    ("last_exercise", r"/(1000|10000)$"),
    ("moving", r"/10000$"),
    ("folder", r"/50$"),
];

/// The number of rounds, if more than one. Criterion measures the two sides of a ratio with a goal
/// one after the other, and the load of a shared machine may change in between.
const ROUNDS: [(&str, u32); 3] = [("engine", 5), ("last_exercise", 3), ("moving", 3)];

impl Program {
    /// The number of rounds.
    pub(crate) fn rounds(&self) -> u32 {
        let own = ROUNDS.iter().find(|(name, _)| *name == self.name);
        own.map_or(1, |(_, rounds)| *rounds)
    }
}

/// All benchmark programs of the workspace, and its target folder.
///
/// # Errors
/// If cargo fails.
pub(crate) fn programs(root: &Path) -> Result<(Vec<Program>, PathBuf), Failure> {
    let metadata = project::metadata(root, &["--no-deps"])?;
    let target = metadata["target_directory"].as_str().unwrap_or("target");
    Ok((named_in(&metadata), PathBuf::from(target)))
}

fn named_in(metadata: &Value) -> Vec<Program> {
    let mut programs = Vec::new();
    for package in metadata["packages"].as_array().into_iter().flatten() {
        for target in package["targets"].as_array().into_iter().flatten() {
            if target["kind"][0] == "bench" {
                programs.push(Program {
                    package: package["name"].as_str().unwrap_or_default().to_owned(),
                    name: target["name"].as_str().unwrap_or_default().to_owned(),
                });
            }
        }
    }
    programs
}

/// Compiles all `programs`, so that compiler output does not mix with theirs.
///
/// # Errors
/// If one does not compile.
pub(crate) fn build(root: &Path, programs: &[Program]) -> Result<(), Failure> {
    let mut command = Command::new(project::cargo());
    command.current_dir(root).args(["bench", "--no-run"]);
    for program in programs {
        command.args(["--package", &program.package, "--bench", &program.name]);
    }
    finish(command, Stdio::null(), "a benchmark does not compile")
}

/// Runs a program for one round. Its progress goes to standard error.
///
/// # Errors
/// If it fails.
pub(crate) fn run(
    root: &Path,
    target: &Path,
    program: &Program,
    round: u32,
    quick: bool,
) -> Result<(), Failure> {
    let Program { package, name } = program;
    let mut command = Command::new(project::cargo());
    command
        .current_dir(root)
        .env("CRITERION_HOME", home(target, round))
        .args(["bench", "--quiet", "--package", package, "--bench", name])
        .args(["--", "--noplot"]);
    if quick {
        command.arg("--quick");
        command.args(
            QUICK
                .iter()
                .filter(|(of, _)| of == name)
                .map(|(_, only)| only),
        );
    }
    finish(
        command,
        std::io::stderr().into(),
        &format!("the benchmark `{name}` failed"),
    )
}

fn finish(mut command: Command, output: Stdio, wrong: &str) -> Result<(), Failure> {
    let status = command
        .stdout(output)
        .status()
        .map_err(|error| Failure::new(format!("cannot run `cargo bench`: {error}")))?;
    if status.success() {
        Ok(())
    } else {
        Err(Failure::new(wrong).hint("see its message above"))
    }
}

/// The figures of each round since `since`.
///
/// # Errors
/// If a file of criterion's cannot be read.
pub(crate) fn figures(target: &Path, since: SystemTime) -> Result<Vec<Vec<Measure>>, Failure> {
    let mut rounds = Vec::new();
    for round in 1.. {
        let home = home(target, round);
        if !home.is_dir() {
            break;
        }
        let mut found = Vec::new();
        walk(&home, since, &mut found)?;
        rounds.push(found);
    }
    Ok(rounds)
}

/// The folder of criterion's figures for a round.
fn home(target: &Path, round: u32) -> PathBuf {
    target.join(format!("criterion/round-{round}"))
}

/// Criterion keeps each benchmark's last run in a folder `new`.
fn walk(folder: &Path, since: SystemTime, found: &mut Vec<Measure>) -> Result<(), Failure> {
    let Ok(entries) = fs::read_dir(folder) else {
        return Ok(());
    };
    for path in entries.filter_map(Result::ok).map(|entry| entry.path()) {
        if !path.is_dir() {
            continue;
        }
        let named = path.join("benchmark.json");
        let written = fs::metadata(&named).and_then(|data| data.modified());
        match written {
            Ok(written) if path.ends_with("new") && written >= since => found.push(read(&path)?),
            Ok(_) => {}
            Err(_) => walk(&path, since, found)?,
        }
    }
    Ok(())
}

fn read(folder: &Path) -> Result<Measure, Failure> {
    let json = |file: &str| -> Option<Value> {
        let text = fs::read_to_string(folder.join(file)).ok()?;
        serde_json::from_str(&text).ok()
    };
    let both = json("benchmark.json").zip(json("estimates.json"));
    both.and_then(|(benchmark, estimates)| measure(&benchmark, &estimates))
        .ok_or_else(|| {
            let shown = folder.display();
            Failure::new(format!("criterion's figures in `{shown}` cannot be read"))
                .hint("remove that folder and measure again")
        })
}

fn measure(benchmark: &Value, estimates: &Value) -> Option<Measure> {
    let text = |key: &str| benchmark[key].as_str().unwrap_or_default().to_owned();
    let median = &estimates["median"];
    let bound = |key: &str| median["confidence_interval"][key].as_f64();
    Some(Measure {
        group: benchmark["group_id"].as_str()?.to_owned(),
        name: text("function_id"),
        size: text("value_str"),
        median: median["point_estimate"].as_f64()?,
        between: (bound("lower_bound")?, bound("upper_bound")?),
    })
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn benchmarks_are_found_and_nothing_else() {
        let target = |kind: &str, name: &str| json!({ "kind": [kind], "name": name });
        let targets = [
            target("lib", "lib"),
            target("bench", "engine"),
            target("test", "it"),
        ];
        let metadata = json!({ "packages": [{ "name": "migrations", "targets": targets }] });
        let engine = Program {
            package: "migrations".to_owned(),
            name: "engine".to_owned(),
        };
        assert_eq!(named_in(&metadata), [engine]);
    }

    #[test]
    fn a_figure_without_a_median_is_none() {
        let benchmark = json!({ "group_id": "g", "function_id": "f", "value_str": null });
        let interval = json!({ "lower_bound": 1.0, "upper_bound": 3.0 });
        let estimates =
            json!({ "median": { "point_estimate": 2.0, "confidence_interval": interval } });
        let read = measure(&benchmark, &estimates).map(|figure| (figure.median, figure.size));
        assert_eq!(read, Some((2.0, String::new())));
        assert_eq!(measure(&benchmark, &json!({ "mean": {} })), None);
    }
}
