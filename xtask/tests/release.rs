//! The release: GitHub accepts its workflow, which has no superfluous permissions, and the steps of
//! its script that need neither a network nor a different system are run.
#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;
use yaml_rust2::{Yaml, YamlLoader};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn workflow(name: &str) -> Yaml {
    let text = read(&format!(".github/workflows/{name}.yml"));
    YamlLoader::load_from_str(&text).unwrap().remove(0)
}

fn keys(yaml: &Yaml) -> Vec<&str> {
    let keys = yaml.as_hash().unwrap().keys();
    keys.map(|key| key.as_str().unwrap()).collect()
}

/// The jobs of a workflow, by name.
fn jobs(workflow: &Yaml) -> BTreeMap<&str, &Yaml> {
    let jobs = workflow["jobs"].as_hash().unwrap().iter();
    jobs.map(|(name, job)| (name.as_str().unwrap(), job))
        .collect()
}

fn steps(job: &Yaml) -> &Vec<Yaml> {
    job["steps"].as_vec().unwrap()
}

/// The subcommand of the script that a step calls.
fn subcommand(run: &str) -> Option<&str> {
    let rest = run.strip_prefix("bash .github/release.sh ")?;
    rest.split(' ').next()
}

/// The subcommands of the script.
fn subcommands() -> BTreeSet<String> {
    let script = read(".github/release.sh");
    let (_, cases) = script.split_once("case \"$command\" in\n").unwrap();
    let labels = cases.lines().filter_map(|line| line.strip_suffix(')'));
    let labels = labels.filter(|label| label.bytes().all(|b| b.is_ascii_lowercase() || b == b'-'));
    labels.map(str::to_owned).collect()
}

#[test]
fn each_action_is_pinned_by_a_hash() {
    for name in ["ci", "release"] {
        let workflow = workflow(name);
        for (job, steps) in jobs(&workflow).into_iter().map(|(n, job)| (n, steps(job))) {
            for uses in steps.iter().filter_map(|step| step["uses"].as_str()) {
                let (_, pin) = uses.split_once('@').unwrap();
                let hash = pin.len() == 40 && pin.bytes().all(|b| b.is_ascii_hexdigit());
                assert!(hash, "{name}, {job}: {uses} is not pinned");
            }
        }
    }
}

#[test]
fn a_job_may_do_no_more_than_it_must() {
    for name in ["ci", "release"] {
        let workflow = workflow(name);
        let permissions = &workflow["permissions"];
        assert_eq!(keys(permissions), ["contents"], "{name}");
        assert_eq!(permissions["contents"].as_str(), Some("read"), "{name}");
    }
    let release = workflow("release");
    assert_eq!(keys(&release["on"]), ["push"]);
    assert_eq!(keys(&release["on"]["push"]), ["tags"]);
    for (name, job) in jobs(&release) {
        assert!(job["timeout-minutes"].as_i64().is_some(), "{name}");
        let mut has_token = false;
        for step in steps(job) {
            let checkout = step["uses"].as_str();
            if checkout.is_some_and(|uses| uses.starts_with("actions/checkout@")) {
                let kept = step["with"]["persist-credentials"].as_bool();
                assert_eq!(kept, Some(false), "{name}: {step:?}");
            }
            if !step["env"]["GH_TOKEN"].is_badvalue() {
                has_token = true;
                let called = step["run"].as_str().and_then(subcommand).unwrap();
                let calls_github = ["draft", "upload", "upload-checksums"];
                assert!(calls_github.contains(&called), "{name}: {called}");
            }
        }
        assert!(job["env"]["GH_TOKEN"].is_badvalue(), "{name}");
        let permissions = &job["permissions"];
        if has_token {
            assert_eq!(keys(permissions), ["contents"], "{name}");
            assert_eq!(permissions["contents"].as_str(), Some("write"), "{name}");
        } else {
            assert!(
                permissions.is_badvalue(),
                "{name}: it has no use for a token"
            );
        }
    }
    assert!(release["env"].is_badvalue());
}

#[test]
fn a_script_contains_no_value_of_the_workflow_and_calls_what_exists() {
    let known = subcommands();
    assert!(known.len() >= 12, "{known:?}");
    let release = workflow("release");
    let mut called = BTreeSet::new();
    for (name, job) in jobs(&release) {
        for run in steps(job).iter().filter_map(|step| step["run"].as_str()) {
            assert!(!run.contains("${{"), "{name}: a value in a script: {run}");
            called.extend(subcommand(run).map(str::to_owned));
        }
        if let Some(needed) = job["needs"].as_str() {
            assert!(jobs(&release).contains_key(needed), "{name}: {needed}");
        }
    }
    assert!(called.is_subset(&known), "{called:?}, {known:?}");
    // The other subcommands are for the person who releases, or other subcommands call them.
    let rest: Vec<&str> = known.difference(&called).map(String::as_str).collect();
    assert_eq!(rest, ["checksums", "notes", "set-version"]);
    let head = read(".github/release.sh");
    for name in known {
        assert!(
            head.contains(&format!("\n#   {name} ")),
            "{name} is not listed"
        );
    }
}

#[test]
fn the_page_lists_the_targets_and_an_order_that_can_be_published() {
    let page = read("RELEASING.md");
    let release = workflow("release");
    let matrix = release["jobs"]["build"]["strategy"]["matrix"]["include"].clone();
    let mut targets = Vec::new();
    for entry in matrix.as_vec().unwrap() {
        let target = entry["target"].as_str().unwrap();
        assert!(entry["os"].as_str().is_some(), "{target}");
        targets.push(target.to_owned());
    }
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let listed: Vec<&str> = rows.map(|row| row.split('`').next().unwrap()).collect();
    assert_eq!(listed, targets);

    let (_, rest) = page.split_once("```text\n").unwrap();
    let order: Vec<&str> = rest.split("```").next().unwrap().lines().collect();
    let metadata = xtask::project::metadata(&root(), &["--no-deps"]).unwrap();
    let mut published = BTreeSet::new();
    for package in metadata["packages"].as_array().unwrap() {
        // An empty list means no registry.
        if package["publish"].as_array().is_some_and(Vec::is_empty) {
            continue;
        }
        let name = package["name"].as_str().unwrap();
        published.insert(name.to_owned());
        let place = order.iter().position(|own| *own == name);
        let place = place.unwrap_or_else(|| panic!("RELEASING.md does not list {name}"));
        for needed in package["dependencies"].as_array().unwrap() {
            let needed = (&needed["name"], &needed["path"]);
            if let (Some(needed), Some(_)) = (needed.0.as_str(), needed.1.as_str()) {
                assert!(
                    order[..place].contains(&needed),
                    "{name} comes before {needed}"
                );
            }
        }
    }
    assert_eq!(published, order.into_iter().map(str::to_owned).collect());
}

#[test]
fn the_page_on_security_names_tests_that_exist() {
    let page = read("SECURITY.md");
    let quoted = page.split('`').skip(1).step_by(2);
    let paths = quoted.filter(|text| text.starts_with("crates/"));
    let paths: Vec<&str> = paths.collect();
    assert!(paths.len() >= 5, "{paths:?}");
    for path in paths {
        assert!(root().join(path).exists(), "{path}");
    }
}

/// A small checkout with the script, and stubs for the programs that it calls.
struct Checkout(TempDir);

/// The result of a step of the release.
#[derive(Debug)]
struct Outcome {
    succeeded: bool,
    /// Standard output, then standard error.
    text: String,
}

impl Checkout {
    fn new() -> Checkout {
        let folder = tempfile::tempdir().unwrap();
        let checkout = Checkout(folder);
        let own = [
            ".github/release.sh",
            "Cargo.toml",
            "SECURITY.md",
            "LICENSE-APACHE",
            "LICENSE-MIT",
        ];
        for path in own {
            checkout.write(path, &read(path));
        }
        for entry in fs::read_dir(root().join("crates")).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let manifest = format!("crates/{name}/Cargo.toml");
            checkout.write(&manifest, &read(&manifest));
        }
        checkout.write("crates/rowsafe/README.md", "# rowsafe\n");
        checkout.write(
            "CHANGELOG.md",
            "# Change log\n\n## Unreleased\n\n- later\n\n## 9.8.7 (2027-01-31)\n\n### Security\n\n\
             - fixed\n\n### rowsafe-migrations\n\n- faster\n\n## 9.8\n\n- older\n",
        );
        let log = "echo \"$(basename \"$0\") $*\" >>\"$LOG\"";
        let host = "if [ \"$1\" = -vV ]; then echo 'host: x86_64-unknown-linux-gnu'; fi";
        for (name, text) in [
            (
                "gh",
                format!("{log}\nif [ \"$2\" = download ]; then cp given/*.gz \"$5\"; fi"),
            ),
            ("cargo", log.to_owned()),
            ("rustup", log.to_owned()),
            ("rustc", host.to_owned()),
        ] {
            checkout.program(&format!("bin/{name}"), &text);
        }
        assert!(checkout.run(&["set-version", "9.8.7"]).succeeded);
        checkout
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.0.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.0.path().join(path)).unwrap_or_default()
    }

    fn program(&self, path: &str, text: &str) {
        self.write(path, &format!("#!/bin/sh\n{text}\n"));
        let path = self.0.path().join(path);
        fs::set_permissions(path, fs::Permissions::from_mode(0o755)).unwrap();
    }

    /// Puts a stub where cargo would put the program.
    fn built(&self, target: &str, text: &str) {
        self.program(&format!("target/{target}/release/rowsafe"), text);
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        let path = std::env::var("PATH").unwrap();
        let bin = self.0.path().join("bin");
        let output = Command::new("bash")
            .arg(self.0.path().join(".github/release.sh"))
            .args(arguments)
            .env("PATH", format!("{}:{path}", bin.display()))
            .env("LOG", self.0.path().join("log"))
            .env("RUNNER_TEMP", self.0.path())
            .env_remove("CARGO_TARGET_DIR")
            .output()
            .unwrap();
        Outcome {
            succeeded: output.status.success(),
            text: String::from_utf8([output.stdout, output.stderr].concat()).unwrap(),
        }
    }

    fn shell(&self, script: &str) -> String {
        let output = Command::new("sh")
            .args(["-ec", script])
            .current_dir(self.0.path())
            .output()
            .unwrap();
        assert!(output.status.success(), "{script}: {output:?}");
        String::from_utf8(output.stdout).unwrap()
    }
}

#[test]
fn a_version_is_written_wherever_a_crate_is_named() {
    let checkout = Checkout::new();
    let text = checkout.read("Cargo.toml");
    let own = text
        .lines()
        .filter(|line| line.contains("path = \"crates/"));
    for line in own.filter(|line| line.contains("package = ") || line.starts_with("rowsafe =")) {
        assert!(line.contains("version = \"9.8.7\""), "{line}");
    }
    let before = read("Cargo.toml");
    let changed = before.lines().zip(text.lines()).filter(|(a, b)| a != b);
    assert_eq!(changed.count(), 12, "the workspace, and eleven crates");
    let refused = checkout.run(&["set-version", "newer"]);
    assert!(!refused.succeeded);
    assert_eq!(refused.text, "error: `newer` is not a version\n");
}

#[test]
fn a_tag_is_the_version_and_the_change_log_has_it() {
    let checkout = Checkout::new();
    let right = checkout.run(&["version-matches-tag", "v9.8.7"]);
    assert!(right.succeeded, "{right:?}");
    for wrong in ["9.8.7", "v9.8.70", "v9.8", "v9.8.7-rc.1"] {
        let refused = checkout.run(&["version-matches-tag", wrong]);
        assert!(!refused.succeeded, "{wrong}");
        let expected = format!("error: the tag is `{wrong}`, and the crates have version 9.8.7\n");
        assert!(refused.text.starts_with(&expected), "{refused:?}");
    }
    let notes = checkout.run(&["notes"]).text;
    let expected = "### Security\n\n- fixed\n\n### rowsafe-migrations\n\n- faster";
    assert_eq!(notes.trim(), expected);

    checkout.write(
        "CHANGELOG.md",
        "## Unreleased\n\n- all\n\n## 9.8.7\n\n## 9.8.6\n- x\n",
    );
    let missing = checkout.run(&["version-matches-tag", "v9.8.7"]);
    assert!(!missing.succeeded && missing.text.contains("no section `## 9.8.7`"));
    checkout.write(
        "CHANGELOG.md",
        "## 9.8.7\n\n### rowsafe-migration\n\n- faster\n",
    );
    let unknown = checkout.run(&["version-matches-tag", "v9.8.7"]);
    assert!(!unknown.succeeded);
    assert!(
        unknown
            .text
            .contains("`### rowsafe-migration` names no package"),
        "{unknown:?}"
    );
}

#[test]
fn a_program_is_built_tried_and_packaged_with_what_belongs_to_it() {
    let checkout = Checkout::new();
    let target = "x86_64-unknown-linux-musl";
    let missing = checkout.run(&["package", target, "out"]);
    assert!(!missing.succeeded && missing.text.contains("does not exist"));
    assert!(checkout.run(&["build", target]).succeeded);
    assert_eq!(
        checkout.read("log"),
        format!(
            "rustup target add {target}\n\
             cargo build --release --locked --package rowsafe --target {target}\n"
        )
    );

    checkout.built(target, "echo 'rowsafe 9.8.7'");
    assert!(checkout.run(&["try", target]).succeeded);
    checkout.built(target, "echo 'rowsafe 9.8.6'");
    let old = checkout.run(&["try", target]);
    assert!(!old.succeeded, "{old:?}");
    let expected = "error: the program prints `rowsafe 9.8.6`, not `rowsafe 9.8.7`\n";
    assert_eq!(old.text, expected);
    // A program for a different system is not started.
    let skipped = checkout.run(&["try", "aarch64-apple-darwin"]);
    assert!(
        skipped.succeeded && skipped.text.starts_with("skipped: "),
        "{skipped:?}"
    );

    checkout.built(target, "echo 'rowsafe 9.8.7'");
    let windows = "x86_64-pc-windows-msvc";
    checkout.program(&format!("target/{windows}/release/rowsafe.exe"), "");
    for target in [target, windows] {
        let packaged = checkout.run(&["package", target, "out"]);
        assert!(packaged.succeeded, "{packaged:?}");
    }
    let list = format!("tar -tzf out/rowsafe-9.8.7-{target}.tar.gz | LC_ALL=C sort");
    let files = [
        "",
        "CHANGELOG.md",
        "LICENSE-APACHE",
        "LICENSE-MIT",
        "README.md",
    ];
    let files = files.into_iter().chain(["SECURITY.md", "rowsafe"]);
    let files: Vec<_> = files
        .map(|file| format!("rowsafe-9.8.7-{target}/{file}"))
        .collect();
    assert_eq!(checkout.shell(&list).lines().collect::<Vec<_>>(), files);
    let unpack =
        format!("tar -xzf out/rowsafe-9.8.7-{target}.tar.gz && ./rowsafe-9.8.7-{target}/rowsafe");
    assert_eq!(checkout.shell(&unpack), "rowsafe 9.8.7\n");

    let written = checkout.run(&["checksums", "out"]);
    assert!(written.succeeded, "{written:?}");
    let sums = checkout.read("out/SHA256SUMS");
    assert_eq!(sums.lines().count(), 2, "{sums}");
    checkout.shell("cd out && sha256sum --check --quiet SHA256SUMS");
}

#[test]
fn a_draft_gets_the_archives_and_their_checksums() {
    let checkout = Checkout::new();
    checkout.write("given/rowsafe-9.8.7-a.tar.gz", "a");
    checkout.write("given/rowsafe-9.8.7-b.tar.gz", "b");
    for arguments in [
        &["draft", "v9.8.7"][..],
        &["upload", "v9.8.7", "given"],
        &["upload-checksums", "v9.8.7", "fetched"],
    ] {
        let done = checkout.run(arguments);
        assert!(done.succeeded, "{arguments:?}: {done:?}");
    }
    let log = checkout.read("log");
    let log = log.replace(checkout.0.path().to_str().unwrap(), "TEMP");
    assert_eq!(
        log,
        "gh release create v9.8.7 --draft --verify-tag --title v9.8.7 --notes-file TEMP/notes.md\n\
         gh release upload v9.8.7 given/rowsafe-9.8.7-a.tar.gz given/rowsafe-9.8.7-b.tar.gz\n\
         gh release download v9.8.7 --dir fetched --pattern *.tar.gz\n\
         gh release upload v9.8.7 fetched/SHA256SUMS\n"
    );
    assert!(checkout.read("notes.md").contains("- faster"));
    assert_eq!(checkout.read("fetched/SHA256SUMS").lines().count(), 2);
}

#[test]
fn public_apis_are_compared_with_those_of_the_tag_before() {
    let checkout = Checkout::new();
    let git = "git -c user.name=a -c user.email=a@example.org -c commit.gpgsign=false";
    checkout.shell(&format!("git init -q && git add . && {git} commit -qm one"));
    let first = checkout.run(&["semver"]);
    assert!(first.succeeded);
    assert_eq!(first.text, "skipped: there is no release before this one\n");

    checkout.shell("git rm -q --cached crates/stdx/Cargo.toml");
    checkout.shell(&format!("{git} commit -qm two && git tag v9.8.6"));
    checkout.shell(&format!(
        "git add . && {git} commit -qm three && git tag v9.8.7"
    ));
    let compared = checkout.run(&["semver"]);
    assert!(compared.succeeded, "{compared:?}");
    let log = checkout.read("log");
    assert!(
        log.starts_with("cargo install --locked cargo-semver-checks --version "),
        "{log}"
    );
    let calls: Vec<_> = log.lines().skip(1).collect();
    let expected = "cargo semver-checks --baseline-rev v9.8.6 --package rowsafe";
    assert!(calls.contains(&expected), "{log}");
    // The tag does not have `rowsafe-stdx`.
    assert_eq!(calls.len(), 10, "{log}");
}
