//! Compares the engine with other tools: builds `xtask/peers`, runs them in turn, and checks their
//! results before a time counts.

mod check;
mod place;
mod work;

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};
use xtask::{complain, say, screen};

use serde_json::{Value, json};
use xtask::cli::{Bench, Format};
use xtask::{Failure, Verdict, project};

use crate::criterion;
use crate::machine::Machine;
use crate::measure::{show, show_ratio};
use place::Place;
use work::{Timed, Work};

/// A program of a tool, and the way in which the tool records applied steps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    /// The name of the tool.
    pub(crate) name: &'static str,
    /// The table with a row for each step; `None` for `user_version`.
    pub(crate) ledger: Option<&'static str>,
    /// The tool's workspace, below `xtask/peers`.
    workspace: &'static str,
}

const fn peer(name: &'static str, ledger: Option<&'static str>) -> Peer {
    Peer {
        name,
        ledger,
        workspace: "",
    }
}

/// SQLite alone comes first, ours second.
pub(crate) const PEERS: [Peer; 6] = [
    peer("raw", Some("ledger")),
    peer("ours", Some("schema_migrations")),
    peer("rusqlite_migration", None),
    peer("refinery", Some("refinery_schema_history")),
    peer("diesel", Some("__diesel_schema_migrations")),
    Peer {
        name: "sqlx",
        ledger: Some("_sqlx_migrations"),
        workspace: "sqlx",
    },
];

/// Builds all tools, lets each do each work in turn, and prints the ratios.
///
/// # Errors
/// If a tool does not compile, fails, or leaves a wrong result.
pub(crate) fn run(root: &Path, options: &Bench) -> Verdict {
    let all = Work::all(options.quick);
    let names: Vec<String> = all.iter().map(Work::name).collect();
    if let Some(unknown) = options
        .only
        .iter()
        .find(|only| !names.iter().any(|name| name.starts_with(only.as_str())))
    {
        return Err(Failure::new(format!("no work is called `{unknown}`"))
            .hint(format!("there are: {}", names.join(", "))));
    }
    let (_, target) = criterion::programs(root)?;
    let target = target.join("peers");
    let workspaces: BTreeSet<&str> = PEERS.iter().map(|peer| peer.workspace).collect();
    for workspace in workspaces {
        build(&root.join("xtask/peers").join(workspace), &target)?;
    }
    let place = Place::new(root, target.join("release"))?;
    let wanted = |name: &str| {
        options.only.is_empty() || options.only.iter().any(|only| name.starts_with(only))
    };
    let mut done = Vec::new();
    for work in all.iter().filter(|work| wanted(&work.name())) {
        complain!("=== {}", work.name());
        done.push((work.name(), place.measure(work)?));
    }
    let machine = Machine::here();
    match options.format {
        Format::Text => say!("{}", text(&done, &machine).trim_end_matches('\n')),
        Format::Json => screen::say_document(&document(&done, &machine)),
    }
    Ok(true)
}

fn build(workspace: &Path, target: &Path) -> Result<(), Failure> {
    let status = Command::new(project::cargo())
        .current_dir(workspace)
        .args(["build", "--release", "--target-dir"])
        .arg(target)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .status()
        .map_err(|error| Failure::new(format!("cannot run `cargo`: {error}")))?;
    if status.success() {
        Ok(())
    } else {
        Err(
            Failure::new(format!("`{}` does not compile", workspace.display()))
                .hint("see its message above; the tools come from crates.io"),
        )
    }
}

fn text(done: &[(String, Vec<Timed>)], machine: &Machine) -> String {
    let mut text = format!("all tools in turn, one run: {}\n", machine.line());
    for (name, tools) in done {
        let _ = writeln!(text, "\n{name}");
        let ours = tools.iter().find(|tool| tool.peer == "ours");
        for tool in tools {
            let ratio = match (ours.map(|ours| ours.least), tool.peer) {
                (Some(ours), other) if other != "ours" && ours > 0.0 && tool.least > 0.0 => {
                    format!("{:>8} x ours", show_ratio(tool.least / ours))
                }
                _ => String::new(),
            };
            let line = match tool.failed {
                Some((failed, of)) => {
                    format!(
                        "  {:<20} {failed:>4} of {of} failed{}",
                        tool.peer,
                        tool.wrong()
                    )
                }
                None => format!(
                    "  {:<20} {:>10} {:>10}  {ratio}",
                    tool.peer,
                    show(tool.least),
                    show(tool.median)
                ),
            };
            let _ = writeln!(text, "{}", line.trim_end());
        }
    }
    text.push_str("\ncolumns: least, median, and the ratio of the least to ours\n");
    text
}

fn document(done: &[(String, Vec<Timed>)], machine: &Machine) -> Value {
    let tool = |tool: &Timed| match tool.failed {
        Some((failed, of)) => {
            json!({ "tool": tool.peer, "failed": failed, "of": of, "wrong": tool.wrong })
        }
        None => json!({ "tool": tool.peer, "least_ns": tool.least, "median_ns": tool.median }),
    };
    let works: Vec<Value> = done
        .iter()
        .map(|(name, tools)| {
            json!({ "work": name, "tools": tools.iter().map(tool).collect::<Vec<_>>() })
        })
        .collect();
    json!({ "machine": machine.json(), "works": works })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// `cargo metadata` of a workspace without its dependencies: nothing is compiled or fetched.
    fn metadata(workspace: &str) -> Value {
        let folder = project::root().unwrap().join("xtask/peers").join(workspace);
        assert!(folder.join("Cargo.lock").exists(), "{workspace}");
        let output = Command::new(project::cargo())
            .current_dir(folder)
            .args([
                "metadata",
                "--no-deps",
                "--offline",
                "--format-version",
                "1",
            ])
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{said}");
        serde_json::from_slice(&output.stdout).unwrap()
    }

    #[test]
    fn each_tool_has_its_program_and_comes_from_crates_io() {
        for peer in &PEERS {
            let metadata = metadata(peer.workspace);
            let packages = metadata["packages"].as_array().unwrap();
            let name = format!("peer-{}", peer.name);
            let package = packages
                .iter()
                .find(|package| package["name"] == name.as_str());
            let package = package.unwrap_or_else(|| panic!("`{name}` is missing"));
            for dependency in package["dependencies"].as_array().unwrap() {
                let registry = "registry+https://github.com/rust-lang/crates.io-index";
                let here = dependency["path"].is_string();
                assert!(here || dependency["source"] == registry, "{dependency}");
            }
        }
    }

    fn timed(peer: &'static str, least: f64) -> Timed {
        Timed {
            peer,
            least,
            median: least * 1.1,
            ..Timed::default()
        }
    }

    #[test]
    fn the_table_reads_well() {
        let started = |peer, failed, wrong| Timed {
            peer,
            failed: Some((failed, 120)),
            wrong,
            ..Timed::default()
        };
        let tools = vec![
            timed("raw", 3.0e6),
            timed("ours", 3.3e6),
            timed("diesel", 6.2e7),
        ];
        let starts = vec![started("ours", 0, 0), started("diesel", 105, 2)];
        let done = [("apply".to_owned(), tools), ("start".to_owned(), starts)];
        insta::assert_snapshot!(text(&done, &Machine::sample()));
    }
}
