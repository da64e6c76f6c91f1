//! Cases from real life: `cases/<kind>/<case>.txt`, each a folder of migrations, a command, and the
//! findings that it must give. No other rule about the history as a whole may find anything.
//!
//! The head says what happened to people. Its other lines are: `command: check m …`; `exit: 1`;
//! `finds: SEVERITY RULE STEP` for each finding that must be there;
//! `says: TEXT` for a text of the report. `=== PATH` begins a file. If the command compares with
//! the revision `v1`, these files are committed under that name first; then `=== then PATH` writes
//! a file, `delete: PATH` removes one, and `crlf: PATH` gives one the line ends of Windows.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use super::since::{commit, git};
use super::{check, rowsafe};

/// The rules about the history as a whole.
const HISTORY: [&str; 5] = [
    "duplicate-version",
    "out-of-order",
    "refused-by-tool",
    "edited-after-apply",
    "missing-applied-file",
];

/// A case, with its files in a folder.
struct Case {
    folder: TempDir,
    command: Vec<String>,
    exit: i32,
    finds: Vec<String>,
    says: Vec<String>,
}

fn write(root: &Path, path: &str, text: &str) {
    let file = root.join(path);
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    fs::write(
        file,
        format!("{}\n", text.strip_suffix('\n').unwrap_or(text)),
    )
    .unwrap();
}

impl Case {
    fn make(text: &str) -> Case {
        let text = text.replace("\r\n", "\n");
        let mut sections = text.split("\n=== ");
        let head = sections.next().unwrap();
        let (later, first): (Vec<&str>, Vec<&str>) =
            sections.partition(|section| section.starts_with("then "));
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path();
        for section in first {
            let (name, text) = section.split_once('\n').unwrap();
            write(path, name, text);
        }
        let lines = |key: &str| -> Vec<String> {
            let values = head.lines().filter_map(|line| line.strip_prefix(key));
            values.map(|value| value.trim().to_owned()).collect()
        };
        let command = lines("command:").pop().unwrap();
        if command.contains("--since v1") {
            git(path, &["init", "--quiet"]);
            commit(path, "v1");
        }
        for name in lines("delete:") {
            let file = path.join(name);
            fs::remove_file(&file).unwrap();
            // git keeps no empty folder.
            let _ = fs::remove_dir(file.parent().unwrap());
        }
        for name in lines("crlf:") {
            let file = path.join(name);
            let text = fs::read_to_string(&file).unwrap();
            fs::write(file, text.replace('\n', "\r\n")).unwrap();
        }
        for section in later {
            let (name, text) = section.split_once('\n').unwrap();
            write(path, name.trim_start_matches("then "), text);
        }
        Case {
            folder,
            command: command.split(' ').map(str::to_owned).collect(),
            exit: lines("exit:").pop().unwrap().parse().unwrap(),
            finds: lines("finds:"),
            says: lines("says:"),
        }
    }

    /// The differences between what the command reports and what it must report.
    fn run(&self) -> String {
        let mut wrong = String::new();
        let words: Vec<&str> = self.command.iter().map(String::as_str).collect();
        let (code, text) = rowsafe(self.folder.path(), &[&words[..], &["--all"]].concat());
        if code != Some(self.exit) {
            wrong += &format!("exit {code:?}, not {}\n", self.exit);
        }
        for said in self.says.iter().filter(|said| !text.contains(*said)) {
            wrong += &format!("does not say `{said}`\n");
        }
        let found = findings(self.folder.path(), &words);
        for wanted in self.finds.iter().filter(|wanted| !found.contains(wanted)) {
            wrong += &format!("does not find `{wanted}`\n");
        }
        // What other rules find in a case is theirs.
        let of_history = found.iter().filter(|found| {
            let rule = found.split(' ').nth(1).unwrap();
            !found.starts_with("note ") && HISTORY.contains(&rule)
        });
        for more in of_history.filter(|found| !self.finds.contains(found)) {
            wrong += &format!("finds `{more}`\n");
        }
        if !wrong.is_empty() {
            wrong += &text;
        }
        wrong
    }
}

/// The findings as `SEVERITY RULE STEP`; none if the folder is refused.
fn findings(folder: &Path, words: &[&str]) -> Vec<String> {
    let (_, text) = rowsafe(folder, &[words, &["--format", "json"]].concat());
    let Ok(verdict) = serde_json::from_str::<serde_json::Value>(&text) else {
        return Vec::new();
    };
    let list = verdict["findings"].as_array().unwrap().iter();
    list.map(|finding| {
        let word = |key: &str| finding[key].as_str().unwrap();
        format!("{} {} {}", word("severity"), word("rule"), word("step"))
    })
    .collect()
}

fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/cases");
    let kinds = fs::read_dir(root).unwrap();
    let kinds = kinds.map(|entry| fs::read_dir(entry.unwrap().path()).unwrap());
    let mut paths: Vec<PathBuf> = kinds.flatten().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

#[test]
fn every_case_gives_its_findings() {
    let mut wrong = String::new();
    for path in cases() {
        let case = Case::make(&fs::read_to_string(&path).unwrap());
        let differs = case.run();
        if !differs.is_empty() {
            wrong += &format!("{}\n{differs}\n", path.display());
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// A finding about the whole folder can be accepted like any other.
#[test]
fn a_fault_of_the_folder_is_accepted_by_a_baseline() {
    let case = "command: check m\nexit: 1\n=== m/1_a.up.sql\nCREATE TABLE a (x);\n\
                === m/2_b.up.sql\nCREATE TABLE b (x);\n=== m/2_c.up.sql\nCREATE TABLE c (x);";
    let case = Case::make(case);
    let path = case.folder.path();
    let arguments = ["m", "--layout", "sqlx", "--baseline", "known.toml"];
    let (code, text) = check(path, &[&arguments[..], &["--write-baseline"]].concat());
    assert_eq!(code, Some(0), "{text}");
    let known = fs::read_to_string(path.join("known.toml")).unwrap();
    assert!(known.contains("rule = \"duplicate-version\""), "{known}");
    let (code, text) = check(path, &arguments);
    assert_eq!(code, Some(0), "{text}");
    let (code, text) = check(path, &["m", "--layout", "sqlx", "--format", "junit"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("failures=\"1\""), "{text}");
}
