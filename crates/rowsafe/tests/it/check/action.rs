//! The action for other repositories is one that GitHub takes, and knows the options that the
//! command knows.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use yaml_rust2::{Yaml, YamlLoader};

fn home() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    root.join(".github/actions/rowsafe-check")
}

fn action() -> Yaml {
    let text = std::fs::read_to_string(home().join("action.yml")).unwrap();
    YamlLoader::load_from_str(&text).unwrap().remove(0)
}

fn keys(yaml: &Yaml) -> BTreeSet<String> {
    let keys = yaml.as_hash().unwrap().keys();
    keys.map(|key| key.as_str().unwrap().to_owned()).collect()
}

/// The inputs that the action has.
pub(super) fn inputs() -> BTreeSet<String> {
    keys(&action()["inputs"])
}

/// The keys that a text asks of a context, such as `inputs.` of `${{ inputs.folder }}`.
fn asked(text: &str, context: &str) -> BTreeSet<String> {
    let names = text.split(context).skip(1);
    names
        .map(|rest| {
            let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-' && c != '_');
            rest[..end.unwrap_or(rest.len())].to_owned()
        })
        .collect()
}

#[test]
fn the_action_is_one_that_github_takes() {
    let action = action();
    assert_eq!(
        keys(&action),
        ["description", "inputs", "name", "outputs", "runs"]
            .map(str::to_owned)
            .into()
    );
    for (name, input) in action["inputs"].as_hash().unwrap() {
        assert!(input["description"].as_str().is_some(), "{name:?}");
        // GitHub gives each input as text.
        let default = &input["default"];
        let required = input["required"].as_bool() == Some(true);
        assert!(default.as_str().is_some() != required, "{name:?}");
    }
    for (name, output) in action["outputs"].as_hash().unwrap() {
        assert!(output["description"].as_str().is_some(), "{name:?}");
        assert!(output["value"].as_str().is_some(), "{name:?}");
    }
    assert_eq!(action["runs"]["using"].as_str(), Some("composite"));
    let steps = action["runs"]["steps"].as_vec().unwrap();
    let ids: BTreeSet<&str> = steps
        .iter()
        .filter_map(|step| step["id"].as_str())
        .collect();
    for step in steps {
        assert!(step["name"].as_str().is_some(), "{step:?}");
        match (step["run"].as_str(), step["uses"].as_str()) {
            // A step that runs something must say in which shell.
            (Some(run), None) => {
                assert_eq!(step["shell"].as_str(), Some("bash"), "{run}");
                assert!(
                    !run.contains("${{"),
                    "an input in a script is a hole: {run}"
                );
                let script = run.split('"').nth(1).unwrap();
                let script = script.strip_prefix("$GITHUB_ACTION_PATH/").unwrap();
                assert!(home().join(script).exists(), "{script}");
            }
            (None, Some(uses)) => {
                let (_, pin) = uses.split_once('@').unwrap();
                let hash = pin.len() == 40 && pin.chars().all(|c| c.is_ascii_hexdigit());
                assert!(hash, "{uses} is not pinned");
            }
            _ => panic!("{step:?}"),
        }
    }
    let text = std::fs::read_to_string(home().join("action.yml")).unwrap();
    for id in asked(&text, "steps.") {
        assert!(ids.contains(id.as_str()), "no step has the id {id}");
    }
    assert_eq!(asked(&text, "inputs."), keys(&action["inputs"]));
}

#[test]
fn each_input_reaches_the_script_and_each_option_the_command() {
    let action = action();
    let steps = action["runs"]["steps"].as_vec().unwrap();
    let check = steps
        .iter()
        .find(|step| step["id"].as_str() == Some("check"));
    let script = std::fs::read_to_string(home().join("check.sh")).unwrap();
    let line = script
        .lines()
        .find_map(|line| line.strip_prefix("for option in "));
    let forwarded: BTreeSet<String> = line
        .unwrap()
        .trim_end_matches("; do")
        .split(' ')
        .map(str::to_owned)
        .collect();
    let options: BTreeSet<String> = super::man::options(&["check"]).into_iter().collect();
    for (name, value) in check.unwrap()["env"].as_hash().unwrap() {
        let (name, value) = (name.as_str().unwrap(), value.as_str().unwrap());
        let input = value
            .strip_prefix("${{ inputs.")
            .unwrap()
            .strip_suffix(" }}")
            .unwrap();
        let wanted = format!("INPUT_{}", input.replace('-', "_").to_uppercase());
        assert_eq!(name, wanted);
        assert!(
            forwarded.contains(input) || script.contains(name),
            "{input} is not used"
        );
        // An input that has the name of an option is that option.
        assert_eq!(
            options.contains(input),
            forwarded.contains(input),
            "{input}"
        );
    }
    assert!(forwarded.is_subset(&options), "{forwarded:?}");
    assert!(
        forwarded.is_subset(&keys(&action["inputs"])),
        "{forwarded:?}"
    );
    for word in asked(&script, "\"--") {
        assert!(
            word.starts_with('$') || word.is_empty() || options.contains(&word),
            "{word}"
        );
    }
}

/// The script as a runner starts it.
#[cfg(unix)]
mod run {
    use std::fs;
    use std::path::Path;
    use std::process::Command;

    use super::super::{REBUILD, folder};
    use super::home;

    /// The exit code, what was printed, the outputs and the page of the job.
    fn check(root: &Path, inputs: &[(&str, &str)]) -> (Option<i32>, String, String, String) {
        let place = tempfile::tempdir().unwrap();
        let temp = place.path();
        let bin = temp.join("rowsafe/bin");
        fs::create_dir_all(&bin).unwrap();
        let program = env!("CARGO_BIN_EXE_rowsafe");
        std::os::unix::fs::symlink(program, bin.join("rowsafe")).unwrap();
        let mut command = Command::new("bash");
        command
            .arg(home().join("check.sh"))
            .current_dir(root)
            .env("RUNNER_TEMP", temp)
            .env("GITHUB_OUTPUT", temp.join("output"))
            .env("GITHUB_STEP_SUMMARY", temp.join("page"));
        for (name, value) in inputs {
            command.env(format!("INPUT_{name}"), value);
        }
        let output = command.output().unwrap();
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        let read = |name: &str| fs::read_to_string(temp.join(name)).unwrap_or_default();
        let outputs = read("output").replace(temp.to_str().unwrap(), "TEMP");
        (output.status.code(), text, outputs, read("page"))
    }

    #[test]
    fn the_script_runs_the_command() {
        let folder = folder(REBUILD, "ALTER TABLE person DROP COLUMN age;\n");
        let root = folder.path();
        let (code, text, outputs, page) = check(root, &[("FOLDER", "migrations")]);
        assert_eq!(
            (code, outputs.as_str()),
            (Some(1), "exit-code=1\n"),
            "{text}"
        );
        assert!(
            text.contains("\n  2024-01-02-000000_second  up\n"),
            "{text}"
        );
        assert!(page.is_empty(), "{page}");

        let inputs = [
            ("FOLDER", "migrations"),
            ("ANNOTATIONS", "true"),
            ("SUMMARY", "true"),
            ("UPLOAD_SARIF", "true"),
            ("JUNIT", "out.xml"),
            ("OPTIONS", "--seed=3\n\n--define=a=b c\n"),
        ];
        let (code, text, outputs, page) = check(root, &inputs);
        assert_eq!(code, Some(1), "{text}");
        assert_eq!(outputs, "exit-code=1\nsarif=TEMP/rowsafe.sarif\n");
        assert!(
            text.starts_with("::error file=migrations/2024-01-02-000000_second/up.sql,line=3,"),
            "{text}"
        );
        assert!(
            text.contains("--seed=3") && text.contains("'--define=a=b c'"),
            "{text}"
        );
        assert!(
            page.starts_with("### rowsafe check: `migrations`\n"),
            "{page}"
        );
        assert!(root.join("out.xml").exists());

        let off = [("FOLDER", "migrations"), ("FOREIGN_KEYS", "off")];
        assert_eq!(check(root, &off).0, Some(0));
        let nowhere = [("FOLDER", "no where; echo $HOME"), ("UPLOAD_SARIF", "true")];
        let (code, text, outputs, _) = check(root, &nowhere);
        assert_eq!((code, outputs.as_str()), (Some(2), "exit-code=2\n"));
        assert!(
            text.contains("`no where; echo $HOME` does not exist"),
            "{text}"
        );
    }

    /// The key of the cache is the same for the same sources.
    #[test]
    fn the_key_follows_the_sources() {
        let key = || {
            let place = tempfile::tempdir().unwrap();
            let output = place.path().join("output");
            let status = Command::new("bash")
                .arg(home().join("install.sh"))
                .arg("key")
                .env("GITHUB_OUTPUT", &output)
                .status();
            assert!(status.unwrap().success());
            fs::read_to_string(output).unwrap()
        };
        let one = key();
        assert!(one.starts_with("key=") && one.trim().len() > 40, "{one}");
        assert_eq!(one, key());
    }

    /// The calls of `install.sh build` to `cargo` and `rustup`, which are stand-ins here: nothing
    /// is installed.
    fn built_with(version: Option<&str>, rustup: bool) -> (Option<i32>, String) {
        let place = tempfile::tempdir().unwrap();
        let bin = place.path().join("bin");
        fs::create_dir(&bin).unwrap();
        let stand_in = |name: &str, text: &str| {
            use std::os::unix::fs::PermissionsExt;
            let path = bin.join(name);
            fs::write(&path, format!("#!/bin/sh\n{text}\n")).unwrap();
            fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).unwrap();
        };
        let log = "echo \"$(basename \"$0\") $1 $2 $3 toolchain=$RUSTUP_TOOLCHAIN\" >>\"$LOG\"";
        if let Some(version) = version {
            let printed =
                format!("if [ \"$1\" = --version ]; then echo 'cargo {version} (x)'; exit; fi");
            stand_in("cargo", &format!("{printed}\n{log}"));
        }
        if rustup {
            stand_in("rustup", log);
        }
        stand_in("curl", log);
        for tool in ["sh", "sed", "cut", "sort", "head", "basename", "dirname"] {
            let found = ["/usr/bin", "/bin"].map(|folder| Path::new(folder).join(tool));
            let found = found.iter().find(|path| path.exists()).unwrap();
            std::os::unix::fs::symlink(found, bin.join(tool)).unwrap();
        }
        let output = Command::new("/bin/bash")
            .arg(home().join("install.sh"))
            .arg("build")
            .env_clear()
            .env("PATH", &bin)
            .env("HOME", place.path())
            .env("LOG", place.path().join("log"))
            .env("RUNNER_TEMP", place.path())
            .output()
            .unwrap();
        let log = fs::read_to_string(place.path().join("log")).unwrap_or_default();
        let errors = String::from_utf8(output.stderr).unwrap();
        (output.status.code(), format!("{log}{errors}"))
    }

    /// A toolchain that is there is never updated: the runner may not be ours alone.
    #[test]
    fn rust_that_is_there_is_left_as_it_is() {
        let build = "cargo install --locked --path toolchain=";
        for new in ["1.88.0", "1.88.1", "1.100.0", "2.0.0"] {
            for rustup in [true, false] {
                let built = built_with(Some(new), rustup);
                assert_eq!(built, (Some(0), format!("{build}\n")), "{new}");
            }
        }
        let added = "rustup toolchain install 1.88 toolchain=\n";
        for old in ["1.87.1", "1.9.0", "0.99.0"] {
            let built = built_with(Some(old), true);
            assert_eq!(built, (Some(0), format!("{added}{build}1.88\n")), "{old}");
        }
        let (code, printed) = built_with(Some("1.87.1"), false);
        assert_eq!(code, Some(2));
        assert!(
            printed.starts_with("error: Rust 1.88 is needed, but 1.87.1 is installed\n"),
            "{printed}"
        );
    }
}
