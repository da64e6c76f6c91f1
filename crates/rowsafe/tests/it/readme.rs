//! The samples of `rowsafe` in the README and in `docs/any-folder.md` are what the command prints.

use std::fs;
use std::path::Path;
use std::process::Command;

use crate::samples;

const PAGES: [&str; 2] = ["README.md", "docs/any-folder.md"];

#[test]
fn the_samples_of_the_pages_are_printed() {
    let folder = tempfile::tempdir().unwrap();
    let migrations = folder.path().join("migrations");
    fs::create_dir(&migrations).unwrap();
    let people = "CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL);\n\
         CREATE TABLE pet (id INTEGER PRIMARY KEY,\n\
         \x20   owner INTEGER NOT NULL REFERENCES person (id) ON DELETE CASCADE);\n";
    let rebuild = "CREATE TABLE person_new \
         (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INTEGER);\n\
         INSERT INTO person_new (id, name) SELECT id, name FROM person;\n\
         DROP TABLE person;\n\
         ALTER TABLE person_new RENAME TO person;\n";
    fs::write(migrations.join("1_people.sql"), people).unwrap();
    fs::write(migrations.join("2_age.sql"), rebuild).unwrap();
    for page in PAGES {
        let page = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("../..")
            .join(page);
        samples::check(&page, |sample| {
            let arguments = sample.command.strip_prefix("rowsafe ")?;
            let output = Command::new(env!("CARGO_BIN_EXE_rowsafe"))
                .args(arguments.split(' '))
                .current_dir(folder.path())
                .output()
                .unwrap();
            let mut text = String::from_utf8(output.stdout).unwrap();
            text.push_str(&String::from_utf8(output.stderr).unwrap());
            if !output.status.success() {
                text.push_str(&format!("[exit code {}]", output.status.code().unwrap()));
            }
            Some(text)
        });
    }
}
