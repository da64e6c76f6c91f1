//! `rowsafe check DIR` as a person or a CI job runs it.

mod action;
mod application;
mod baseline;
mod cases;
mod config;
mod incomplete;
mod man;
mod page;
mod sandbox;
mod since;

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

const PEOPLE: &str = "CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE pet (id INTEGER PRIMARY KEY, owner INTEGER NOT NULL REFERENCES person (id) ON DELETE \
    CASCADE);
";

const REBUILD: &str =
    "CREATE TABLE person_new (id INTEGER PRIMARY KEY, name TEXT NOT NULL, age INTEGER);
INSERT INTO person_new (id, name) SELECT id, name FROM person;
DROP TABLE person;
ALTER TABLE person_new RENAME TO person;
";

/// A folder as diesel has it, whose second step is `up` and whose down migration is `down`.
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

/// Runs `rowsafe check`.
fn check(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    rowsafe(folder, &[&["check"], arguments].concat())
}

/// Runs any verb.
fn rowsafe(folder: &Path, arguments: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_rowsafe"))
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
    let (code, text) = check(folder.path(), &["migrations", "--format", "json"]);
    let verdict: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(code, Some(1), "{text}");
    assert_eq!(
        (&verdict["layout"], &verdict["steps"]),
        (&"diesel".into(), &2.into())
    );
    let finding = &verdict["findings"][0];
    assert_eq!(finding["rule"], "rows-lost-by-cascade", "{text}");
    assert_eq!(finding["severity"], "error");
    assert_eq!(finding["file"], "2024-01-02-000000_second/up.sql");
    assert_eq!(
        (&finding["line"], &finding["when"]["foreign_keys"]),
        (&3.into(), &"on".into())
    );
    // Where foreign keys are off nothing is lost.
    let (code, text) = check(folder.path(), &["migrations", "--foreign-keys", "off"]);
    assert_eq!(code, Some(0), "{text}");
}

/// Each finding of a run, with the run that its command asks for.
fn findings(text: &str) -> Vec<serde_json::Value> {
    let verdict: serde_json::Value = serde_json::from_str(text).unwrap();
    verdict["findings"].as_array().unwrap().clone()
}

/// The command of each finding, split as a shell does, reports that finding again. The names have
/// what a shell may lose: whitespace, quotes, a dash at the beginning.
#[test]
fn the_command_that_is_printed_shows_the_finding_again() {
    let folder = folder(
        "INSERT INTO pet (id, owner) SELECT 1, id FROM person WHERE name = ${who};\n\
         UPDATE person SET name = shout(name);\n",
        "SELECT 1;\n",
    );
    let odd = folder.path().join("it's a $HOME");
    fs::rename(folder.path().join("migrations"), &odd).unwrap();
    fs::write(
        folder.path().join("the base.sql"),
        "CREATE TABLE log (line TEXT);\n",
    )
    .unwrap();
    let third = odd.join("2024-01-03-000000_it's 3");
    fs::create_dir_all(&third).unwrap();
    fs::write(third.join("up.sql"), format!("{REBUILD}DROP TABLE log;\n")).unwrap();
    fs::write(third.join("down.sql"), "").unwrap();
    let plain = ["it's a $HOME", "--base", "the base.sql"];
    let more = [
        "--stub-function",
        "shout/1",
        "--format",
        "json",
        "--seed",
        "7",
    ];
    for (transaction, class) in [
        (&[][..], "rows-lost-by-cascade"),
        (&["--transaction", "none"], "rows-lost-by-cascade"),
        (&["--foreign-keys", "off"], "table-dropped"),
    ] {
        let arguments = [&plain[..], &more, transaction].concat();
        let classes = told_again(folder.path(), &arguments);
        assert!(classes.iter().any(|own| own == class), "{classes:?}");
    }
}

/// A finding that only rows of an earlier version show is shown again by the long run.
#[test]
fn the_command_for_a_long_run_is_a_long_run() {
    let folder = tempfile::tempdir().unwrap();
    let steps = [
        "CREATE TABLE list (id INTEGER PRIMARY KEY);\n",
        "ALTER TABLE list ADD COLUMN code INTEGER NOT NULL DEFAULT 4242;\n",
        "CREATE TABLE one (n CHECK (n < 2));\n\
         INSERT INTO one SELECT count(*) FROM list WHERE code = 4242;\n",
        "CREATE TABLE later (id INTEGER PRIMARY KEY);\n",
    ];
    for (at, step) in (1..).zip(steps) {
        fs::write(folder.path().join(format!("{at}_step.sql")), step).unwrap();
    }
    let arguments = [
        ".", "--layout", "sqlx", "--to", "3_step", "--format", "json",
    ];
    assert_eq!(
        told_again(folder.path(), &arguments),
        ["step-fails-on-rows"]
    );
}

/// The classes that are found. Each of them is found again, and the same, by the command that is
/// printed.
fn told_again(folder: &Path, arguments: &[&str]) -> Vec<String> {
    const SAME: &[&str] = &[
        "rule",
        "severity",
        "step",
        "direction",
        "file",
        "line",
        "object",
        "message",
        "when",
    ];
    let (_, text) = check(folder, arguments);
    let all = findings(&text);
    for finding in &all {
        let command = finding["repeat"].as_str().unwrap();
        let words = shell_words::split(command).unwrap();
        assert_eq!(words[..2], ["rowsafe", "check"]);
        let mut words: Vec<&str> = words[2..].iter().map(String::as_str).collect();
        words.extend(["--format", "json"]);
        let (_, text) = check(folder, &words);
        let again = findings(&text);
        let same = |other: &serde_json::Value| {
            let differs = SAME.iter().find(|field| other[**field] != finding[**field]);
            differs.is_none()
        };
        assert!(again.iter().any(same), "{command}\n{finding:#}\n{text}");
    }
    let class = |finding: &serde_json::Value| finding["rule"].as_str().unwrap().to_owned();
    all.iter().map(class).collect()
}

#[test]
fn what_is_spelt_out_warns_and_fails_only_when_asked() {
    let folder = folder(
        "DROP TABLE pet;\n",
        "CREATE TABLE pet (id INTEGER PRIMARY KEY, owner INTEGER NOT NULL REFERENCES person (id) \
            ON DELETE CASCADE);\n",
    );
    let (code, text) = check(folder.path(), &["migrations"]);
    assert!(text.contains("table-dropped"), "{text}");
    let errors = text.contains("  error  ");
    assert_eq!(code, Some(i32::from(errors)), "{text}");
    let (code, _) = check(folder.path(), &["migrations", "--fail-on", "warning"]);
    assert_eq!(code, Some(1));
}

#[test]
fn what_cannot_be_done_is_told() {
    let folder = folder("SELECT 1;\n", "SELECT 1;\n");
    for (arguments, printed) in [
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
        let (code, text) = check(folder.path(), arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {text}");
        assert!(text.starts_with(printed), "{arguments:?}: {text}");
    }
    let names = fs::read_dir(folder.path()).unwrap().count();
    assert_eq!(names, 2, "nothing was written");
}

/// One run, several reports; a file that cannot be written is an error and nothing is printed as if
/// it were.
#[test]
fn a_report_may_go_into_files_as_well() {
    let folder = folder(REBUILD, "ALTER TABLE person DROP COLUMN age;\n");
    let also = ["--also", "sarif=out.sarif", "--also=markdown=out = 2.md"];
    let (code, text) = check(folder.path(), &[&["migrations"], &also[..]].concat());
    assert_eq!(code, Some(1), "{text}");
    assert!(text.starts_with("rowsafe check: migrations, "), "{text}");
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(read("out.sarif").starts_with("{\n"));
    assert!(read("out = 2.md").starts_with("### rowsafe check"));
    for wrong in ["sarif", "sarif=", "yaml=out", "=out"] {
        let (code, text) = check(folder.path(), &["migrations", "--also", wrong]);
        assert_eq!(code, Some(2));
        assert!(
            text.contains("expected `FORMAT=FILE`; the formats are "),
            "{text}"
        );
    }
    let (code, text) = check(folder.path(), &["migrations", "--also", "text=no/out"]);
    assert_eq!(code, Some(2));
    assert!(
        text.starts_with("error: `no/out` cannot be written: "),
        "{text}"
    );
}

/// A run without a report leaves its error where a workflow shows it, whether the folder, an option
/// or the options file is wrong.
#[test]
fn a_failure_is_shown_in_a_workflow() {
    let folder = folder(REBUILD, "ALTER TABLE person DROP COLUMN age;\n");
    let path = folder.path();
    let page = path.join("page.md");
    let logged = |arguments: &[&str], message: &str| {
        let (code, text) = check(path, arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {text}");
        let line = text.lines().next().unwrap();
        let start = format!("::error title=rowsafe check::{message}");
        assert!(line.starts_with(&start), "{arguments:?}: {text}");
        let shown = fs::read_to_string(&page).unwrap();
        assert!(
            shown.starts_with("### rowsafe check\n\n**The check did not run.**\n"),
            "{shown}"
        );
        assert!(shown.contains(message), "{shown}");
        fs::remove_file(&page).unwrap();
    };
    let asked = ["--format=github", "--also=markdown=page.md"];
    let with = |more: &[&'static str]| [&asked[..], more].concat();
    logged(&with(&["nowhere"]), "error: `nowhere` does not exist");
    let wrong = "error: invalid value 'sqlxx' for '--layout <LAYOUT>'";
    logged(&with(&["migrations", "--layout", "sqlxx"]), wrong);
    let split = [
        "migrations",
        "--also",
        "markdown=page.md",
        "--format",
        "github",
        "--sed",
        "1",
    ];
    logged(&split, "error: unexpected argument '--sed' found");
    fs::write(path.join("rowsafe.toml"), "[check]\nlayuot = \"diesel\"\n").unwrap();
    logged(
        &with(&["migrations"]),
        "error: unknown key `layuot`; did you mean `layout`?",
    );
    // The options file may choose the format, and a run may end for a reason of its own.
    fs::write(path.join("rowsafe.toml"), "[check]\nformat = \"github\"\n").unwrap();
    let from = ["migrations", "--also=markdown=page.md", "--from=9"];
    logged(&from, "error: no step is called `9`");
    // Other formats and verbs print nothing on standard output.
    fs::remove_file(path.join("rowsafe.toml")).unwrap();
    let (_, text) = check(path, &["nowhere", "--format=json"]);
    assert!(
        text.starts_with("error: `nowhere` does not exist\n"),
        "{text}"
    );
    let (_, text) = rowsafe(path, &["diff", "--format=github", "--", "check"]);
    assert!(text.starts_with("error: "), "{text}");
    // Words after `--` are no options.
    let (_, text) = check(path, &["--nosuch", "--", "--format=github"]);
    assert!(text.starts_with("error: "), "{text}");
}

#[test]
fn an_unknown_step_gets_a_hint() {
    let folder = folder(REBUILD, "ALTER TABLE person DROP COLUMN age;\n");
    let hint = |name: &str| {
        let (code, text) = check(folder.path(), &["migrations", "--to", name]);
        assert_eq!(code, Some(2), "{text}");
        text
    };
    assert_eq!(
        hint("2024-01-02-000000_secnd"),
        "error: no step is called `2024-01-02-000000_secnd`\n\
         hint: did you mean `2024-01-02-000000_second`?\n"
    );
    assert_eq!(
        hint("x"),
        "error: no step is called `x`\n\
         hint: name a step of the folder by its name, its file or its number, such as \
         `2024-01-02-000000_second`\n"
    );
    assert_eq!(
        hint("2024"),
        "error: several steps fit `2024`: `2024-01-01-000000_people`, `2024-01-02-000000_second`\n\
         hint: did you mean `2024-01-01-000000_people` or `2024-01-02-000000_second`?\n"
    );
    assert_eq!(
        hint("secon"),
        "error: no step is called `secon`\nhint: did you mean `2024-01-02-000000_second`?\n"
    );
    // A file, a path and a prefix are names, too.
    for name in [
        "2024-01-02",
        "2024-01-02-000000_second/up.sql",
        "migrations/2024-01-02-000000_second",
    ] {
        let (code, text) = check(folder.path(), &["migrations", "--from", name]);
        assert_eq!(code, Some(1), "{text}");
        assert!(text.contains(" 1 step, "), "{text}");
    }
}
