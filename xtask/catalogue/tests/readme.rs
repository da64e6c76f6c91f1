//! The proof prints the sample in the README.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

#[path = "../../tests/samples/mod.rs"]
mod samples;

use std::path::Path;
use std::process::Command;

#[test]
fn the_sample_of_the_proof_is_printed() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    samples::check(&root.join("README.md"), |sample| {
        let arguments = sample
            .command
            .strip_prefix("cargo xtask verify-migrations")?;
        let output = Command::new(env!("CARGO_BIN_EXE_xtask-catalogue"))
            .current_dir(&root)
            .arg("verify-migrations")
            .args(arguments.split_whitespace())
            .output()
            .unwrap();
        Some(String::from_utf8(output.stdout).unwrap())
    });
}
