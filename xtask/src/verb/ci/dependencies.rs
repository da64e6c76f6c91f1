//! The rules for dependencies, which are in `deny.toml`.
//!
//! `cargo deny` checks all of them, if it is installed. It takes minutes to compile, so this module
//! also checks licences, sources and duplicates from `cargo metadata`, by the same file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::{Failure, program, project, say};

/// The only registry.
const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";

/// Checks the dependencies of the workspace.
pub(super) fn check(root: &Path) -> Result<(), Failure> {
    let text = fs::read_to_string(root.join("deny.toml"))
        .map_err(|error| Failure::new(format!("`deny.toml`: {error}")))?;
    let allowed = allowed_licences(&text);
    let metadata = project::metadata(root, &["--all-features"])?;
    let wrong = faults(&metadata, &allowed);
    if !wrong.is_empty() {
        return Err(Failure::new(wrong.join("\n")).hint("`deny.toml` lists what is allowed"));
    }
    if !program::is_there("cargo-deny") {
        say!("licences, sources and duplicates conform to `deny.toml`");
        say!("skipped: `cargo deny`, which is not installed; `cargo install --locked cargo-deny`");
        return Ok(());
    }
    super::cargo(root, &["deny", "check", "bans", "licenses", "sources"])
}

/// The quoted names of the list `allow`.
fn allowed_licences(text: &str) -> Vec<String> {
    let list = text.split_once("allow = [").map_or("", |(_, rest)| rest);
    let list = list.split(']').next().unwrap_or_default();
    let quoted = list.split('"').skip(1).step_by(2);
    quoted.map(str::to_owned).collect()
}

fn faults(metadata: &Value, allowed: &[String]) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut versions: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let shipped = shipped(metadata);
    let packages = metadata["packages"].as_array().into_iter().flatten();
    for package in packages.filter(|package| shipped.contains(text_of(&package["id"]))) {
        let text = |key: &str| package[key].as_str().unwrap_or_default();
        let (name, version) = (text("name"), text("version"));
        versions.entry(name).or_default().push(version);
        // A package without a source is a crate of this workspace.
        let Some(source) = package["source"].as_str() else {
            continue;
        };
        if source != REGISTRY {
            wrong.push(format!("`{name}` comes from `{source}`"));
        }
        let licence = text("license");
        if !is_allowed(licence, allowed) {
            wrong.push(format!("`{name}` has the licence `{licence}`"));
        }
    }
    for (name, versions) in versions.iter().filter(|(_, all)| all.len() > 1) {
        let versions = versions.join(", ");
        wrong.push(format!(
            "`{name}` is present in several versions: {versions}"
        ));
    }
    wrong
}

/// The packages without those that only tests need, as in `cargo deny`: users of our crates compile
/// none of these.
fn shipped(metadata: &Value) -> BTreeSet<&str> {
    let nodes = metadata["resolve"]["nodes"].as_array();
    let nodes = nodes.into_iter().flatten();
    let nodes: BTreeMap<&str, &Value> = nodes.map(|node| (text_of(&node["id"]), node)).collect();
    let members = metadata["workspace_members"].as_array();
    let mut todo: Vec<&str> = members.into_iter().flatten().map(text_of).collect();
    let mut found = BTreeSet::new();
    while let Some(package) = todo.pop() {
        if !found.insert(package) {
            continue;
        }
        let needed = nodes.get(package).and_then(|node| node["deps"].as_array());
        for needed in needed.into_iter().flatten() {
            let mut kinds = needed["dep_kinds"].as_array().into_iter().flatten();
            // `cfg(any())` is never true: such a dependency only ties two versions together.
            if kinds.any(|kind| kind["kind"] != "dev" && kind["target"] != "cfg(any())") {
                todo.push(text_of(&needed["pkg"]));
            }
        }
    }
    found
}

fn text_of(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// Whether the allowed licences satisfy an SPDX expression.
fn is_allowed(expression: &str, allowed: &[String]) -> bool {
    let spaced = expression.replace('(', " ( ").replace(')', " ) ");
    // Older packages write `MIT/Apache-2.0`.
    let spaced = spaced.replace('/', " OR ");
    let mut words = spaced.split_whitespace().peekable();
    let met = any_of(&mut words, allowed);
    met && words.next().is_none()
}

type Words<'w> = std::iter::Peekable<std::str::SplitWhitespace<'w>>;

fn any_of(words: &mut Words<'_>, allowed: &[String]) -> bool {
    let mut met = all_of(words, allowed);
    while words.next_if_eq(&"OR").is_some() {
        met |= all_of(words, allowed);
    }
    met
}

fn all_of(words: &mut Words<'_>, allowed: &[String]) -> bool {
    let mut met = one(words, allowed);
    while words.next_if_eq(&"AND").is_some() {
        met &= one(words, allowed);
    }
    met
}

/// A licence, or an expression in parentheses.
fn one(words: &mut Words<'_>, allowed: &[String]) -> bool {
    match words.next() {
        Some("(") => {
            let met = any_of(words, allowed);
            met && words.next() == Some(")")
        }
        Some(licence) => {
            // `Apache-2.0 WITH LLVM-exception` permits more than the licence alone.
            if words.next_if_eq(&"WITH").is_some() {
                words.next();
            }
            allowed.iter().any(|own| own == licence)
        }
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const DENY: &str = "[licenses]\nallow = [\n    \"MIT\",\n    \"Unicode-3.0\",\n]\n";

    #[test]
    fn an_expression_is_met_by_the_licences_that_are_allowed() {
        let allowed = allowed_licences(DENY);
        assert_eq!(allowed, ["MIT", "Unicode-3.0"]);
        for (expression, expected) in [
            ("MIT", true),
            ("MIT OR Apache-2.0", true),
            ("Apache-2.0/MIT", true),
            ("Apache-2.0", false),
            ("MIT AND Apache-2.0", false),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
            ("Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT", true),
            ("(GPL-3.0 OR LGPL-3.0) AND MIT", false),
            ("", false),
            ("MIT MIT", false),
        ] {
            assert_eq!(is_allowed(expression, &allowed), expected, "{expression}");
        }
    }

    #[test]
    fn each_fault_is_named() {
        let package = |name: &str, version: &str, licence: &str, source: Option<&str>| {
            let id = format!("{name} {version}");
            json!({ "id": id, "name": name, "version": version, "license": licence,
                    "source": source })
        };
        let needs =
            |id: &str, kind: Option<&str>| json!({ "pkg": id, "dep_kinds": [{ "kind": kind }] });
        let needed = [
            needs("fine 1.0.0", None),
            needs("twice 1.0.0", None),
            needs("twice 2.0.0", Some("build")),
            needs("copyleft 1.0.0", None),
            needs("elsewhere 1.0.0", None),
            needs("in-tests 1.0.0", Some("dev")),
        ];
        let nodes = [json!({ "id": "ours 0.1.0", "deps": needed })];
        let metadata = json!({ "workspace_members": ["ours 0.1.0"],
            "resolve": { "nodes": nodes }, "packages": [
            package("in-tests", "1.0.0", "GPL-3.0", Some(REGISTRY)),
            package("ours", "0.1.0", "MIT", None),
            package("fine", "1.0.0", "MIT", Some(REGISTRY)),
            package("twice", "1.0.0", "MIT", Some(REGISTRY)),
            package("twice", "2.0.0", "MIT", Some(REGISTRY)),
            package("copyleft", "1.0.0", "GPL-3.0", Some(REGISTRY)),
            package("elsewhere", "1.0.0", "MIT", Some("git+https://example.org/a")),
        ] });
        assert_eq!(
            faults(&metadata, &allowed_licences(DENY)),
            [
                "`copyleft` has the licence `GPL-3.0`",
                "`elsewhere` comes from `git+https://example.org/a`",
                "`twice` is present in several versions: 1.0.0, 2.0.0",
            ]
        );
    }
}
