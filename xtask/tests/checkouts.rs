//! The commands act on the current checkout, wherever they were built.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

/// A small checkout with one frozen version.
fn checkout(at: &Path) {
    let own = Path::new(env!("CARGO_MANIFEST_DIR"));
    let write = |path: &str, text: &str| {
        let path = at.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("Cargo.toml", "[workspace]\nmembers = [\"xtask\"]\n");
    write("xtask/Cargo.toml", "");
    write(
        "crates/traininglogs/src/catalogue.rs",
        "migrations::steps! {\n    \"0001_first\",\n}\n",
    );
    write("crates/traininglogs/src/lib.rs", "mod catalogue;\n");
    for file in ["up.sql", "down.sql", "notes.md"] {
        write(
            &format!("crates/traininglogs/versions/0001_first/{file}"),
            "SELECT 1;\n",
        );
    }
    write("fixtures/frozen.json", "{\"0001_first\": 1}\n");
    for file in ["notes.md", "up.sql", "down.sql", "code.rs"] {
        let text = fs::read_to_string(own.join("template").join(file)).unwrap();
        write(
            &format!("xtask/template/{file}"),
            &format!("{text}of this checkout\n"),
        );
    }
}

/// Every file below `folder` with its bytes, without build output.
fn files(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(files(&path))
        } else {
            drop(found.insert(path.clone(), fs::read(path).unwrap()))
        }
    }
    found
}

fn run(here: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_xtask"))
        .current_dir(here)
        // The programs that it would have built and called are not tried here.
        .env("CARGO", "true")
        .args(arguments)
        .output()
        .unwrap()
}

/// The versions of the checkout in which this was built.
fn own() -> BTreeMap<PathBuf, Vec<u8>> {
    files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/traininglogs"))
}

#[cfg(unix)]
#[test]
fn a_version_is_begun_where_the_command_is_called() {
    let before = own();
    let folder = tempfile::tempdir().unwrap();
    let (one, other) = (folder.path().join("one"), folder.path().join("other"));
    checkout(&one);
    checkout(&other);
    let untouched = files(&other);
    let output = run(
        &one.join("crates/traininglogs/src"),
        &["new-version", "mood", "--code"],
    );
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{text}");
    let first = format!("checkout: {}\n", fs::canonicalize(&one).unwrap().display());
    assert!(text.starts_with(&first), "{text}");
    let notes = one.join("crates/traininglogs/versions/0002_mood/notes.md");
    assert!(
        fs::read_to_string(notes)
            .unwrap()
            .ends_with("of this checkout\n")
    );
    assert!(one.join("crates/traininglogs/src/mood.rs").is_file());
    assert!(files(&other) == untouched && own() == before);
}

#[test]
fn outside_of_any_checkout_nothing_is_done() {
    let before = own();
    let folder = tempfile::tempdir().unwrap();
    for arguments in [
        &["new-version", "mood"][..],
        &["add-fixture"],
        &["docs"],
        &["verify-migrations"],
        &["bench", "--last"],
        &["ci"],
    ] {
        let output = run(folder.path(), arguments);
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(text.contains("is in no checkout of this project") && text.contains("\nhint: "));
        assert!(output.stdout.is_empty());
    }
    assert!(files(folder.path()).is_empty() && own() == before);
}

/// The content of a checkout cannot forge the output, and a full disk is reported.
#[cfg(target_os = "linux")]
#[test]
fn output_is_escaped_or_reported_as_lost() {
    let folder = tempfile::tempdir().unwrap();
    let here = folder.path().join("a\u{1b}b");
    checkout(&here);
    let evil = here.join("crates/traininglogs/versions/0002_x\n::error::x\u{1b}[31m");
    fs::create_dir(&evil).unwrap();
    for arguments in [
        &["verify-migrations"][..],
        &["verify-migrations", "--format", "json"],
        &["new-version", "mood"],
        &["new-version", "a\n::error::x\u{9b}"],
        &["a\n::error::x\u{9b}"],
    ] {
        let output = run(&here, arguments);
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(!text.is_empty() && !output.status.success());
        let raw = text
            .chars()
            .find(|c| *c != '\n' && xtask::escape::is_unsafe(*c));
        assert_eq!(raw, None, "{text}");
        assert!(
            !text.lines().any(|line| line.trim_start().starts_with("::")),
            "{text}"
        );
    }
    fs::remove_dir(&evil).unwrap();
    let full = fs::OpenOptions::new()
        .write(true)
        .open("/dev/full")
        .unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
        .current_dir(&here)
        .env("CARGO", "true")
        .args(["new-version", "mood"])
        .stdout(full)
        .output()
        .unwrap();
    let text = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(5), "{text}");
    assert!(
        text.starts_with("error: the result could not be printed, the work goes on"),
        "{text}"
    );
    assert!(
        here.join("crates/traininglogs/versions/0002_mood/up.sql")
            .is_file()
    );
}

/// A file is named relative to the current folder, which may be any folder of the checkout.
#[cfg(unix)]
#[test]
fn a_file_is_named_from_the_current_folder() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    checkout(folder.path());
    let cargo = folder.path().join("cargo");
    fs::write(
        &cargo,
        "#!/bin/sh\nfor word; do printf '%s\\n' \"$word\"; done >> words\n",
    )
    .unwrap();
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).unwrap();
    let here = folder.path().join("crates/traininglogs/src");
    for (file, meant) in [("my.db", "my.db"), (":memory:", ":memory:"), ("./-x", "-x")] {
        let output = Command::new(env!("CARGO_BIN_EXE_xtask"))
            .current_dir(&here)
            .env("CARGO", &cargo)
            .args(["add-fixture", file])
            .output()
            .unwrap();
        assert!(output.status.success(), "{output:?}");
        let words = fs::read_to_string(folder.path().join("words")).unwrap();
        let meant = fs::canonicalize(&here).unwrap().join(meant);
        assert_eq!(words.lines().last(), meant.to_str(), "{words}");
    }
}
