//! Where things stand in this project.

use std::env;
use std::path::{Path, PathBuf};

/// The folder of the version folders, below the root.
pub const VERSIONS: &str = "crates/traininglogs/versions";

/// Where the crate's modules stand.
pub const SOURCES: &str = "crates/traininglogs/src";

/// The list of the steps, below the root.
pub const CATALOGUE: &str = "crates/traininglogs/src/catalogue.rs";

/// The golden databases, below the root.
pub const FIXTURES: &str = "fixtures";

/// The files with generated blocks, below the root.
pub const DOCS: [&str; 2] = ["docs/database.md", "docs/development/MIGRATIONS.md"];

/// The root of the checkout. Cargo tells the folder of the package that it runs; without cargo it is the
/// one that this program was built in.
pub fn root() -> PathBuf {
    let package = env::var_os("CARGO_MANIFEST_DIR").map(PathBuf::from);
    let package = package.unwrap_or_else(|| PathBuf::from(env!("CARGO_MANIFEST_DIR")));
    let root = package
        .ancestors()
        .find(|folder| folder.join("Cargo.lock").exists());
    root.map_or_else(|| PathBuf::from("."), Path::to_owned)
}

/// Where cargo puts what it makes.
pub fn target(root: &Path) -> PathBuf {
    let chosen = env::var_os("CARGO_TARGET_DIR").map(PathBuf::from);
    chosen.map_or_else(|| root.join("target"), |target| root.join(target))
}

/// Whether this runs in CI, where nothing is repaired.
pub fn in_ci() -> bool {
    env::var_os("CI").is_some_and(|value| !value.is_empty() && value != "false")
}

/// The cargo that runs this program.
pub fn cargo() -> PathBuf {
    env::var_os("CARGO").map_or_else(|| PathBuf::from("cargo"), PathBuf::from)
}
