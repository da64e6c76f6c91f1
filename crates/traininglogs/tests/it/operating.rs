//! The command prints the samples in `docs/operating.md` and in the README.

use std::path::Path;

use crate::samples::{self, Sample};
use crate::shell::Shell;

const VERSION_1: &str = include_str!("../../versions/0001_training_sessions/up.sql");
const SESSION: &str = r#"{"date":"2025-01-02","exercises":[{"name":"Squat"}]}"#;

#[test]
fn the_samples_of_the_page_are_printed() {
    let mut shell = Shell::new();
    compare("docs/operating.md", &mut shell);
}

#[test]
fn the_samples_of_the_readme_are_printed() {
    let mut shell = Shell::new();
    compare("README.md", &mut shell);
}

fn compare(page: &str, shell: &mut Shell) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    samples::check(&root.join(page), |sample| {
        if let Some(name) = &sample.given {
            *shell = Shell::new();
            prepare(name, shell);
        }
        printed(shell, sample)
    });
}

/// Prepares a new directory as the page describes it.
fn prepare(name: &str, shell: &mut Shell) {
    shell.write("session.json", SESSION);
    let mut done = |arguments: &[&str]| assert_eq!(shell.run(arguments), 0, "{arguments:?}");
    match name {
        "sessions at version 1" => {
            sessions(&mut done);
            done(&["rollback", "--to", "1", "--no-backup", "--accept-loss"]);
        }
        "sessions, one with its user" => sessions(&mut done),
        "a file that is older than the ledger" => {
            let row = format!("INSERT INTO training_sessions VALUES ('a', '2024', '{SESSION}');");
            shell.database("old.db", &format!("{VERSION_1}{row}"));
        }
        "a step with an older comment" => {
            sessions(&mut done);
            shell.database(
                "traininglogs.db",
                "UPDATE schema_migrations SET down_sql = '-- Durations go.' || char(10) || down_sql
                 WHERE version = 3;",
            );
        }
        _ => panic!("the page asks for `{name}`, which this test does not know"),
    }
}

/// Four sessions, of which the first has a user.
fn sessions(done: &mut impl FnMut(&[&str])) {
    done(&["init"]);
    done(&["log", "session.json", "--user", "ann"]);
    for _ in 0..3 {
        done(&["log", "session.json"]);
    }
}

/// The output of a command, and its exit code if it fails.
fn printed(shell: &Shell, sample: &Sample) -> Option<String> {
    let echo = sample.command.strip_prefix("echo '");
    if let Some((text, file)) = echo.and_then(|echo| echo.split_once("' > ")) {
        shell.write(file, text);
        return Some(String::new());
    }
    let arguments = sample.command.strip_prefix("traininglogs ")?;
    let arguments: Vec<&str> = arguments.split(' ').collect();
    let output = shell.command(&arguments).output().unwrap();
    let mut text = String::from_utf8(output.stdout).unwrap();
    text.push_str(&String::from_utf8(output.stderr).unwrap());
    if !output.status.success() {
        let code = output.status.code().unwrap();
        text.push_str(&format!("[exit code {code}]"));
    }
    Some(text)
}
