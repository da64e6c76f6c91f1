//! The samples in the README are what the command prints.

use std::fs;
use std::process::Command;

const README: &str = include_str!("../../../../README.md");

#[test]
fn the_finding_in_the_readme_is_what_check_prints() {
    let folder = tempfile::tempdir().unwrap();
    let migrations = folder.path().join("migrations");
    fs::create_dir(&migrations).unwrap();
    let people = "CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\n\
         CREATE TABLE pet (id INTEGER PRIMARY KEY,\n\
         \x20   owner INTEGER NOT NULL REFERENCES person (id) ON DELETE CASCADE);\n";
    let rebuild = "CREATE TABLE person_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age \
        INTEGER);\n\
         INSERT INTO person_new (id, name) SELECT id, name FROM person;\n\
         DROP TABLE person;\n\
         ALTER TABLE person_new RENAME TO person;\n";
    fs::write(migrations.join("1_people.sql"), people).unwrap();
    fs::write(migrations.join("2_age.sql"), rebuild).unwrap();
    let sample = README.split("```text\n").nth(1).unwrap();
    let mut sample = sample.split("\n```").next().unwrap().lines();
    let command = sample.next().unwrap().strip_prefix("$ rowsafe ").unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_rowsafe"))
        .args(command.split(' '))
        .current_dir(folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert_eq!(output.status.code(), Some(1), "{text}");
    for line in sample {
        assert!(text.contains(&format!("{line}\n")), "{line}\n{text}");
    }
}
