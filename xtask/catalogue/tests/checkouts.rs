//! A program with a compiled catalogue refuses to work on a different checkout.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

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

#[test]
fn another_checkout_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    };
    write("Cargo.toml", "[workspace]\nmembers = [\"xtask\"]\n");
    write("xtask/Cargo.toml", "");
    write("crates/traininglogs/src/catalogue.rs", "");
    write("fixtures/frozen.json", "{}");
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let kept = ["fixtures", "docs", "crates/traininglogs"];
    let all = || kept.map(|part| files(&own.join(part)));
    let before = (files(folder.path()), all());
    for arguments in [
        &["verify-migrations"][..],
        &["docs"],
        &["docs", "--check"],
        &["draft"],
        &["add-fixture"],
        &["add-fixture", "a.db"],
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_xtask-catalogue"))
            .current_dir(folder.path())
            .args(arguments)
            .output()
            .unwrap();
        let text = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{text}");
        assert!(
            text.contains("this program was built in") && text.contains("\nhint: "),
            "{text}"
        );
        assert!(output.stdout.is_empty());
    }
    assert!(before == (files(folder.path()), all()));
    // In its own checkout it works, from any folder in it.
    let output = Command::new(env!("CARGO_BIN_EXE_xtask-catalogue"))
        .current_dir(own.join("crates/schema"))
        .env("CI", "1")
        .args(["docs", "--check"])
        .output()
        .unwrap();
    assert!(output.status.success(), "{output:?}");
}
