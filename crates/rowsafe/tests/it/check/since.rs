//! Only what a revision does not have is judged, and everything runs.

use std::fs;
use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use super::{REBUILD, check, folder};

const BACK: &str = "ALTER TABLE person DROP COLUMN age;\n";
const SECOND: &str = "2024-01-02-000000_second";

pub(super) fn git(path: &Path, arguments: &[&str]) {
    let output = Command::new("git")
        .args([
            "-c",
            "user.name=a",
            "-c",
            "user.email=a@b.c",
            "-c",
            "commit.gpgsign=false",
        ])
        .args(arguments)
        .current_dir(path)
        .output()
        .unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
}

pub(super) fn commit(path: &Path, tag: &str) {
    git(path, &["add", "--all"]);
    git(path, &["commit", "--quiet", "--message", tag]);
    git(path, &["tag", tag]);
}

/// A repository with a folder whose second step loses rows, committed as `old`.
fn repository() -> TempDir {
    let folder = folder(REBUILD, BACK);
    git(folder.path(), &["init", "--quiet"]);
    commit(folder.path(), "old");
    folder
}

fn step(path: &Path, name: &str, up: &str) {
    let step = path.join("migrations").join(name);
    fs::create_dir_all(&step).unwrap();
    fs::write(step.join("up.sql"), up).unwrap();
    fs::write(step.join("down.sql"), "SELECT 1;\n").unwrap();
}

/// The exit code, the notes, and the steps that have findings.
fn judged(path: &Path, revision: &str) -> (Option<i32>, Vec<String>, Vec<String>) {
    let (code, text) = check(
        path,
        &["migrations", "--since", revision, "--format", "json"],
    );
    let verdict: serde_json::Value = serde_json::from_str(&text).unwrap();
    let texts = |list: &serde_json::Value, field: Option<&str>| -> Vec<String> {
        let list = list.as_array().unwrap().iter();
        let own =
            |item: &serde_json::Value| field.map_or(item.clone(), |field| item[field].clone());
        list.map(|item| own(item).as_str().unwrap().to_owned())
            .collect()
    };
    let mut steps = texts(&verdict["findings"], Some("step"));
    steps.dedup();
    (code, texts(&verdict["notes"], None), steps)
}

#[test]
fn only_what_the_revision_does_not_have_is_judged() {
    let folder = repository();
    let path = folder.path();
    let (code, text) = check(path, &["migrations", "--since", "old"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(text.ends_with("\nok: no step to check\n"), "{text}");

    // A step that nobody added to git yet is new, too, and runs after the ones before it.
    step(path, "2024-01-03-000000_third", "DROP TABLE nowhere;\n");
    let new = |code| {
        let note = "1 of 3 steps checked: added or changed since `old`".to_owned();
        (code, vec![note], vec!["2024-01-03-000000_third".to_owned()])
    };
    assert_eq!(judged(path, "old"), new(Some(1)));
    commit(path, "new");
    assert_eq!(judged(path, "old"), new(Some(1)));
    assert_eq!(judged(path, "new").0, Some(0));
    assert_eq!(judged(path, "HEAD~1"), {
        let (code, _, steps) = new(Some(1));
        let note = "1 of 3 steps checked: added or changed since `HEAD~1`".to_owned();
        (code, vec![note], steps)
    });
    // From the folder itself, and with a range.
    let (code, text) = check(&path.join("migrations"), &[".", "--since", "old"]);
    assert_eq!(code, Some(1), "{text}");
    let to = ["migrations", "--since", "old", "--to", SECOND];
    assert_eq!(check(path, &to).0, Some(0));
}

#[test]
fn a_step_that_was_changed_is_judged_again_and_told() {
    let folder = repository();
    let path = folder.path();
    let again = |file: &str| {
        vec![
            "1 of 2 steps checked: added or changed since `old`".to_owned(),
            format!("`{SECOND}` is checked again: `{SECOND}/{file}` differs from `old`"),
        ]
    };
    let file = |name: &str| path.join("migrations").join(SECOND).join(name);
    fs::write(file("up.sql"), format!("{REBUILD}-- more\n")).unwrap();
    assert_eq!(
        judged(path, "old"),
        (Some(1), again("up.sql"), vec![SECOND.to_owned()])
    );
    fs::write(file("up.sql"), REBUILD).unwrap();
    assert_eq!(judged(path, "old").1.len(), 1, "as it was");
    // What decides how it runs is a part of it, and so is a down migration that is gone; a note
    // beside it is none.
    fs::write(file("notes.txt"), "a note").unwrap();
    commit(path, "note");
    assert_eq!(judged(path, "old").1.len(), 1);
    fs::write(file("metadata.toml"), "run_in_transaction = false\n").unwrap();
    commit(path, "metadata");
    assert_eq!(judged(path, "old").1, again("metadata.toml"));
    fs::remove_file(file("metadata.toml")).unwrap();
    fs::remove_file(file("down.sql")).unwrap();
    assert_eq!(judged(path, "old").1, again("down.sql"));
}

/// Where all steps lie in one folder, one does not answer for another.
#[test]
fn a_flat_folder_is_told_apart_file_by_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let flat = path.join("migrations");
    fs::create_dir(&flat).unwrap();
    let write = |name: &str, text: &str| fs::write(flat.join(name), text).unwrap();
    for name in ["a", "b"] {
        write(
            &format!("1_{name}.up.sql").replace("1_b", "2_b"),
            &format!("CREATE TABLE {name} (id INTEGER);\n"),
        );
        write(
            &format!("1_{name}.down.sql").replace("1_b", "2_b"),
            &format!("DROP TABLE {name};\n"),
        );
    }
    fs::write(path.join("sqlx.toml"), "").unwrap();
    git(path, &["init", "--quiet"]);
    commit(path, "old");
    write("2_b.up.sql", "CREATE TABLE b (id INTEGER, name TEXT);\n");
    let note = "`2_b` is checked again: `2_b.up.sql` differs from `old`";
    assert_eq!(judged(path, "old").1[1..], [note]);
    git(path, &["checkout", "--quiet", "--", "."]);
    fs::remove_file(flat.join("1_a.down.sql")).unwrap();
    let note = "`1_a` is checked again: `1_a.down.sql` differs from `old`";
    assert_eq!(judged(path, "old").1[1..], [note]);
}

/// Steps of sqitch share their folders, so a change of one says nothing of the others.
#[test]
fn folders_that_steps_share_belong_to_none() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    let write = |name: &str, text: &str| {
        let file = path.join("migrations").join(name);
        fs::create_dir_all(file.parent().unwrap()).unwrap();
        fs::write(file, text).unwrap();
    };
    let mut plan = "%syntax-version=1.0.0\n%project=pets\n\n".to_owned();
    for name in ["a", "b"] {
        plan.push_str(&format!("{name} 2024-01-01T00:00:00Z Ann <a@b.c> # it\n"));
        write(
            &format!("deploy/{name}.sql"),
            &format!("CREATE TABLE {name} (id INTEGER);\n"),
        );
        write(
            &format!("revert/{name}.sql"),
            &format!("DROP TABLE {name};\n"),
        );
    }
    write("sqitch.plan", &plan);
    git(path, &["init", "--quiet"]);
    commit(path, "old");
    write("deploy/b.sql", "CREATE TABLE b (id INTEGER, name TEXT);\n");
    let note = "`b` is checked again: `deploy/b.sql` differs from `old`";
    assert_eq!(judged(path, "old").1[1..], [note]);
    git(path, &["checkout", "--quiet", "--", "."]);
    fs::remove_file(path.join("migrations/revert/a.sql")).unwrap();
    let note = "`a` is checked again: `revert/a.sql` differs from `old`";
    assert_eq!(judged(path, "old").1[1..], [note]);
}

#[test]
fn what_git_cannot_say_is_told() {
    let folder = repository();
    let path = folder.path();
    let since = |path: &Path, revision: &str| {
        let (code, text) = check(path, &["migrations", "--since", revision]);
        assert_eq!(code, Some(2), "{text}");
        text
    };
    assert_eq!(
        since(path, "nosuch"),
        "error: `migrations` is in a repository without the revision `nosuch`\n\
         hint: `git log` lists the revisions; name a branch of the remote as in `origin/main`\n"
    );
    for odd in ["", "old:migrations", "HEAD~99", "old..HEAD"] {
        assert!(since(path, odd).contains("without the revision"), "{odd}");
    }
    let (code, text) = check(path, &["migrations", "--since=--help"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(text.contains("without the revision `--help`"), "{text}");

    commit_another(path);
    let clone = tempfile::tempdir().unwrap();
    let origin = path.to_str().unwrap();
    git(
        clone.path(),
        &[
            "clone",
            "--quiet",
            "--depth",
            "1",
            "--no-local",
            origin,
            "shallow",
        ],
    );
    let text = since(&clone.path().join("shallow"), "old");
    assert!(
        text.contains("hint: the repository is a shallow clone"),
        "{text}"
    );

    let nowhere = super::folder(REBUILD, BACK);
    let text = since(nowhere.path(), "old");
    assert!(
        text.contains("git reports: fatal: not a git repository"),
        "{text}"
    );
}

#[cfg(unix)]
#[test]
fn without_git_nothing_is_judged() {
    let folder = repository();
    let output = Command::new(env!("CARGO_BIN_EXE_rowsafe"))
        .args(["check", "migrations", "--since", "old"])
        .current_dir(folder.path())
        .env("PATH", "")
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert_eq!(
        String::from_utf8(output.stderr).unwrap(),
        "error: `migrations` cannot be compared: `git` is not installed\n\
         hint: install git, or choose the steps with `--from STEP`\n"
    );
}

fn commit_another(path: &Path) {
    step(path, "2024-01-03-000000_third", "SELECT 1;\n");
    git(path, &["add", "--all"]);
    git(path, &["commit", "--quiet", "--message", "another"]);
}
