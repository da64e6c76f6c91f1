//! Planted histories: `cases/<class>/bug*.txt` give their class, `near_miss*.txt` do not.

use std::fs;
use std::path::{Path, PathBuf};

use lint::Rule;
use lint::report::{Format, Report};

use super::case::{Case, line};

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/cases")
}

fn cases(class: &str) -> Vec<(String, String)> {
    let entries =
        fs::read_dir(folder().join(class)).unwrap_or_else(|error| panic!("cases/{class}: {error}"));
    let mut paths: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let read = |path: &PathBuf| {
        let name = path.file_stem().unwrap().to_string_lossy().into_owned();
        (name, fs::read_to_string(path).unwrap())
    };
    paths.iter().map(read).collect()
}

#[test]
fn every_class_finds_its_bugs_and_lets_near_misses_pass() {
    let mut wrong = String::new();
    for class in Rule::ALL {
        let (mut bugs, mut misses) = (0, 0);
        for (name, text) in cases(class.name()) {
            let case = Case::new(&text);
            let verdict = case.check();
            let mut found: Vec<String> = verdict.findings.iter().map(line).collect();
            found.sort();
            let gives = verdict.findings.iter().any(|finding| finding.rule == class);
            let bug = name.starts_with("bug");
            assert!(
                bug || name.starts_with("near_miss"),
                "{name}: neither bug nor near miss"
            );
            if bug {
                bugs += 1
            } else {
                misses += 1
            }
            if found != case.expected || gives != bug {
                let report = Report::new(&verdict).render(Format::Text);
                wrong += &format!(
                    "{}/{name}:\n{}\n\n{report}\n",
                    class.name(),
                    found.join("\n")
                );
            }
        }
        assert!(
            bugs > 0 && misses > 0,
            "{} has no bug or no near miss",
            class.name()
        );
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_folder_belongs_to_a_class() {
    for entry in fs::read_dir(folder()).unwrap() {
        let name = entry.unwrap().file_name().to_string_lossy().into_owned();
        assert!(
            Rule::ALL.iter().any(|class| class.name() == name),
            "no class is called `{name}`"
        );
    }
}
