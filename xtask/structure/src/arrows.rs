//! The permitted dependencies between crates. An arrow that is not drawn here fails.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

use xtask::{Failure, project};

/// The prefix of a published package before the name of its folder, which is the name of the
/// library.
const PREFIX: &str = "rowsafe-";

/// Each crate with the crates of this workspace that it may use, without the `rowsafe-` of its
/// package. Only the command may use all. Only `xtask-catalogue` and `xtask-instructions` use both
/// the training logs and the proof.
const ARROWS: [(&str, &[&str]); 17] = [
    ("stdx", &[]),
    ("schema", &[]),
    ("sandbox", &["schema"]),
    ("observe", &["schema"]),
    ("generate", &["observe", "sandbox", "schema", "stdx"]),
    ("simulator", &["stdx"]),
    ("folders", &["schema"]),
    (
        "lint",
        &[
            "folders", "generate", "observe", "sandbox", "schema", "stdx",
        ],
    ),
    ("migrations", &["schema"]),
    (
        "harness",
        &[
            "generate",
            "migrations",
            "observe",
            "sandbox",
            "schema",
            "simulator",
            "stdx",
        ],
    ),
    (
        "rowsafe",
        &["folders", "lint", "migrations", "sandbox", "schema"],
    ),
    ("traininglogs", &["migrations"]),
    ("xtask", &[]),
    ("xtask-structure", &["xtask"]),
    (
        "xtask-catalogue",
        &[
            "harness",
            "migrations",
            "simulator",
            "traininglogs",
            "xtask",
        ],
    ),
    ("xtask-bench", &["xtask"]),
    (
        "xtask-instructions",
        &["folders", "lint", "migrations", "schema", "traininglogs"],
    ),
];

/// The crates that the tests of a crate may use in addition.
const TEST_ARROWS: [(&str, &[&str]); 2] = [
    ("traininglogs", &["schema", "traininglogs"]),
    ("rowsafe", &["harness"]),
];

/// Compares the output of `cargo metadata` with the arrows.
pub(crate) fn check(root: &Path) -> Result<(), Failure> {
    let output = Command::new(project::cargo())
        .current_dir(root)
        .args(["metadata", "--no-deps", "--format-version", "1"])
        .output()
        .map_err(|error| Failure::new(format!("cannot run cargo metadata: {error}")))?;
    let metadata: Value = serde_json::from_slice(&output.stdout)
        .map_err(|error| Failure::new(format!("cargo metadata: {error}")))?;
    let wrong = wrong_arrows(&metadata);
    match wrong.as_slice() {
        [] => Ok(()),
        wrong => Err(Failure::new(wrong.join("\n"))
            .hint("ARCHITECTURE.md draws the arrows; xtask/structure/src/arrows.rs lists them")),
    }
}

fn wrong_arrows(metadata: &Value) -> Vec<String> {
    let list = |value: &Value, key: &str| value[key].as_array().cloned().unwrap_or_default();
    let packages = list(metadata, "packages");
    let name = |value: &Value| {
        let package = value["name"].as_str().unwrap_or_default();
        package.strip_prefix(PREFIX).unwrap_or(package).to_owned()
    };
    let members: Vec<String> = packages.iter().map(name).collect();
    let mut wrong = Vec::new();
    for package in &packages {
        let from = name(package);
        let Some((_, allowed)) = ARROWS.iter().find(|(own, _)| *own == from) else {
            wrong.push(format!("the crate `{from}` has no entry in the arrows"));
            continue;
        };
        let in_tests = TEST_ARROWS.iter().find(|(own, _)| *own == from);
        let in_tests = in_tests.map_or(&[][..], |(_, allowed)| allowed);
        for dependency in list(package, "dependencies") {
            let to = name(&dependency);
            let test = dependency["kind"].as_str() == Some("dev");
            let fine = allowed.contains(&to.as_str()) || test && in_tests.contains(&to.as_str());
            if members.contains(&to) && !fine {
                wrong.push(format!("`{from}` must not depend on `{to}`"));
            }
        }
    }
    wrong
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    fn wrong(from: &str, to: &str, kind: Option<&str>) -> Vec<String> {
        super::wrong_arrows(&json!({ "packages": [
            { "name": from, "dependencies": [{ "name": to, "kind": kind }] },
            { "name": to, "dependencies": [] },
        ] }))
    }

    #[test]
    fn an_arrow_back_is_found() {
        assert_eq!(
            wrong("schema", "migrations", None),
            ["`schema` must not depend on `migrations`"]
        );
        assert_eq!(
            wrong("harness", "traininglogs", None),
            ["`harness` must not depend on `traininglogs`"]
        );
        assert_eq!(
            wrong("traininglogs", "schema", None),
            ["`traininglogs` must not depend on `schema`"]
        );
    }

    #[test]
    fn a_package_is_known_by_its_folder() {
        assert_eq!(
            wrong("rowsafe-schema", "rowsafe-migrations", None),
            ["`schema` must not depend on `migrations`"]
        );
        assert!(wrong("rowsafe-migrations", "rowsafe-schema", None).is_empty());
    }

    #[test]
    fn a_drawn_arrow_passes() {
        assert!(wrong("migrations", "schema", None).is_empty());
        assert!(wrong("traininglogs", "schema", Some("dev")).is_empty());
    }
}
