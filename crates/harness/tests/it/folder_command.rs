//! `verify-migrations DIR` as a person runs it.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

const PEOPLE: &str = "CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE pet (id INTEGER PRIMARY KEY, owner INTEGER NOT NULL REFERENCES person (id) ON DELETE CASCADE);
";

const REBUILD: &str =
    "CREATE TABLE person_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INTEGER);
INSERT INTO person_new (id, name) SELECT id, name FROM person;
DROP TABLE person;
ALTER TABLE person_new RENAME TO person;
";

/// A folder as diesel has it, whose second step is `up` and whose way back is `down`.
fn folder(up: &str, down: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join("migrations").join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    fs::write(folder.path().join("diesel.toml"), "").unwrap();
    write("2024-01-01-000000_people/up.sql", PEOPLE);
    write(
        "2024-01-01-000000_people/down.sql",
        "DROP TABLE pet;\nDROP TABLE person;\n",
    );
    write("2024-01-02-000000_second/up.sql", up);
    write("2024-01-02-000000_second/down.sql", down);
    folder
}

fn verify(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_verify-migrations"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let text = [output.stdout, output.stderr].concat();
    (output.status.code(), String::from_utf8(text).unwrap())
}

#[test]
fn a_cascade_that_nobody_spelt_out_is_found_and_shown_again() {
    let folder = folder(REBUILD, "ALTER TABLE person DROP COLUMN age;\n");
    let (code, text) = verify(folder.path(), &["migrations", "--format", "json"]);
    let verdict: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(code, Some(1), "{text}");
    assert_eq!(
        (&verdict["layout"], &verdict["steps"]),
        (&"diesel".into(), &2.into())
    );
    let finding = &verdict["findings"][0];
    assert_eq!(finding["class"], "rows-lost-by-cascade", "{text}");
    assert_eq!(finding["severity"], "error");
    assert_eq!(finding["file"], "2024-01-02-000000_second/up.sql");
    assert_eq!(
        (&finding["line"], &finding["when"]["foreign_keys"]),
        (&3.into(), &"on".into())
    );
    // What it prints to repeat it does so, and only that.
    let repeat = finding["repeat"]
        .as_str()
        .unwrap()
        .strip_prefix("verify-migrations ")
        .unwrap();
    let words: Vec<&str> = repeat.split(' ').collect();
    let (code, text) = verify(folder.path(), &words);
    assert_eq!(code, Some(1), "{repeat}: {text}");
    assert!(text.contains("rows-lost-by-cascade"), "{text}");
    // Where foreign keys are off nothing is lost.
    let (code, text) = verify(folder.path(), &["migrations", "--foreign-keys", "off"]);
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn what_is_spelt_out_warns_and_fails_only_when_asked() {
    let folder = folder(
        "DROP TABLE pet;\n",
        "CREATE TABLE pet (id INTEGER PRIMARY KEY, owner INTEGER NOT NULL REFERENCES person (id) ON DELETE CASCADE);\n",
    );
    let (code, text) = verify(folder.path(), &["migrations"]);
    assert!(text.contains("table-dropped"), "{text}");
    let errors = text.contains("  error  ");
    assert_eq!(code, Some(i32::from(errors)), "{text}");
    let (code, _) = verify(folder.path(), &["migrations", "--fail-on", "warning"]);
    assert_eq!(code, Some(1));
}

#[test]
fn what_cannot_be_done_is_told() {
    let folder = folder("SELECT 1;\n", "SELECT 1;\n");
    for (arguments, told) in [
        (&["nowhere"][..], "error: `nowhere` does not exist"),
        (&["diesel.toml"], "error: `diesel.toml`"),
        (&["migrations", "--layout", "goose"], "error: "),
        (&["migrations", "--from", "nosuch"], "error: "),
        (
            &["migrations", "--base", "nosuch.db"],
            "error: `nosuch.db` does not exist",
        ),
        (&["migrations", "--define", "nonsense"], "error: "),
        (&["migrations", "--stub-function", "nonsense"], "error: "),
    ] {
        let (code, text) = verify(folder.path(), arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {text}");
        assert!(text.starts_with(told), "{arguments:?}: {text}");
    }
    let names = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(names, 2, "nothing was written");
}

/// The page has a row for each class and each layout, and for no other.
#[test]
fn the_page_names_all_classes_and_layouts() {
    let page = include_str!("../../../../docs/any-folder.md");
    let first = |line: &str| Some(line.strip_prefix("| `")?.split_once("` |")?.0.to_owned());
    let mut named: Vec<String> = page.lines().filter_map(first).collect();
    named.retain(|name| name != "--layout");
    let layouts = harness::folder::LayoutName::ALL
        .iter()
        .map(ToString::to_string);
    let classes = harness::judge::Class::ALL
        .iter()
        .map(|class| class.name().to_owned());
    let mut all: Vec<String> = layouts.chain(classes).collect();
    all.sort();
    named.sort();
    assert_eq!(named, all);
}
