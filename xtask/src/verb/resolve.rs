//! `cargo xtask resolve`: checks whether an application can depend on the engine and on a second
//! crate that brings SQLite. A lock file holds one `libsqlite3-sys`, so both must agree on it.

use std::fs;
use std::io;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use crate::cli::Resolve;
use crate::verb::ci::packages::dependency_profile;
use crate::{Failure, Verdict, project, say};

/// A crate that an application may use beside the engine.
struct Neighbour {
    /// The package, with a suffix if it has two entries.
    name: &'static str,
    /// The entry under `[dependencies]` of the application.
    dependency: &'static str,
    /// Code that uses the crate; if both share a connection, on that connection.
    code: &'static str,
    /// Whether both resolve.
    fits: bool,
    /// Whether `cargo xtask ci` tries it: the ones that compile fastest.
    in_ci: bool,
}

/// The neighbours, in the order of `docs/beside-other-crates.md`.
const NEIGHBOURS: [Neighbour; 8] = [
    Neighbour {
        name: "rusqlite_migration",
        dependency: "rusqlite_migration = \"2.6\"",
        code: "pub fn step(connection: &mut Connection) -> bool {
    let steps = [rusqlite_migration::M::up(\"SELECT 1\")];
    rusqlite_migration::Migrations::from_slice(&steps).to_latest(connection).is_ok()
}",
        fits: true,
        in_ci: true,
    },
    Neighbour {
        name: "r2d2_sqlite",
        dependency: "r2d2_sqlite = \"0.35\"",
        code: "pub fn borrow(connection: &r2d2_sqlite::rusqlite::Connection) -> &Connection {
    connection
}",
        fits: true,
        in_ci: true,
    },
    Neighbour {
        name: "tokio-rusqlite",
        dependency: "tokio-rusqlite = \"0.8\"",
        code: "pub fn borrow(connection: &tokio_rusqlite::rusqlite::Connection) -> &Connection {
    connection
}",
        fits: true,
        in_ci: true,
    },
    Neighbour {
        name: "deadpool-sqlite",
        dependency: "deadpool-sqlite = \"0.14\"",
        code: "pub fn borrow(connection: &deadpool_sqlite::rusqlite::Connection) -> &Connection {
    connection
}",
        fits: true,
        in_ci: false,
    },
    Neighbour {
        name: "refinery",
        dependency: "refinery = { version = \"0.10\", features = [\"rusqlite\"] }",
        code: "pub fn run(runner: &refinery::Runner, connection: &mut Connection) -> bool {
    runner.run(connection).is_ok()
}",
        fits: true,
        in_ci: false,
    },
    Neighbour {
        name: "diesel 2",
        dependency: "diesel = { version = \"2\", default-features = false, \
                     features = [\"sqlite\"] }",
        code: "pub type Other = diesel::sqlite::SqliteConnection;",
        fits: true,
        in_ci: false,
    },
    Neighbour {
        name: "sqlx 0.9",
        dependency: "sqlx = { version = \"0.9\", default-features = false, \
                     features = [\"runtime-tokio\", \"sqlite\"] }",
        code: "pub type Other = sqlx::SqliteConnection;",
        fits: true,
        in_ci: false,
    },
    Neighbour {
        name: "sqlx 0.8",
        dependency: "sqlx = { version = \"0.8\", default-features = false, \
                     features = [\"runtime-tokio\", \"sqlite\"] }",
        code: "",
        fits: false,
        in_ci: false,
    },
];

/// Resolves and checks an application beside each neighbour that `options` names, or beside all.
///
/// # Errors
/// If a name is unknown, a neighbour that fits does not resolve or compile, or one that does not
/// fit resolves.
pub fn run(root: &Path, options: &Resolve) -> Verdict {
    let names = &options.names;
    let known = |name: &String| NEIGHBOURS.iter().any(|own| own.name == name.as_str());
    if let Some(name) = names.iter().find(|name| !known(name)) {
        let all = NEIGHBOURS.map(|neighbour| format!("`{}`", neighbour.name));
        return Err(Failure::new(format!("there is no neighbour `{name}`"))
            .hint(format!("the neighbours are {}", all.join(", "))));
    }
    let chosen = |own: &&Neighbour| names.is_empty() || names.iter().any(|name| name == own.name);
    try_each(root, NEIGHBOURS.iter().filter(chosen))?;
    Ok(true)
}

/// The same beside the crates that compile fastest.
pub(super) fn check(root: &Path) -> Result<(), Failure> {
    try_each(root, NEIGHBOURS.iter().filter(|own| own.in_ci))
}

fn try_each<'n>(root: &Path, all: impl Iterator<Item = &'n Neighbour>) -> Result<(), Failure> {
    let metadata = project::metadata(root, &["--no-deps"])?;
    let target = metadata["target_directory"].as_str().unwrap_or("target");
    let profile = dependency_profile(root)?;
    for neighbour in all {
        let started = Instant::now();
        let outcome = Application::write(root, Path::new(target), &profile, neighbour)?;
        let result = outcome.check(neighbour)?;
        let seconds = started.elapsed().as_secs();
        say!("{}: {result}, {seconds} s", neighbour.name);
    }
    Ok(())
}

/// An application outside the workspace that depends on the engine and on a neighbour.
struct Application<'a> {
    folder: std::path::PathBuf,
    target: &'a Path,
    profile: &'a [String],
}

impl Application<'_> {
    fn write<'a>(
        root: &Path,
        target: &'a Path,
        profile: &'a [String],
        neighbour: &Neighbour,
    ) -> Result<Application<'a>, Failure> {
        let cannot = |error: io::Error| Failure::new(format!("the application: {error}"));
        let folder = target
            .join("resolve")
            .join(neighbour.name.replace([' ', '.'], "_"));
        fs::create_dir_all(folder.join("src")).map_err(cannot)?;
        fs::write(folder.join("Cargo.toml"), manifest(root, neighbour)).map_err(cannot)?;
        let code = format!("//! Uses both.\n\n{USES}\n{}\n", neighbour.code);
        fs::write(folder.join("src/lib.rs"), code).map_err(cannot)?;
        Ok(Application {
            folder,
            target,
            profile,
        })
    }

    /// The common rusqlite, or the message that there is none.
    fn check(&self, neighbour: &Neighbour) -> Result<String, Failure> {
        let name = neighbour.name;
        // As for a new application: the newest compatible versions.
        let resolved = self.cargo(&["generate-lockfile", "--quiet"])?;
        if !neighbour.fits {
            return match resolved {
                Err(words) if words.contains("`libsqlite3-sys`") => {
                    Ok("cannot be resolved, as the docs say".to_owned())
                }
                Err(words) => Err(Failure::new(format!("`{name}`: {words}"))),
                Ok(()) => Err(Failure::new(format!("`{name}` resolves now"))
                    .hint("change its entry in `xtask/src/verb/resolve.rs`, and the docs")),
            };
        }
        resolved.map_err(|words| {
            Failure::new(format!("`{name}` does not resolve: {words}"))
                .hint("the range of rusqlite is in `crates/migrations/Cargo.toml`")
        })?;
        self.cargo(&["check", "--quiet"])?
            .map_err(|words| Failure::new(format!("`{name}` does not compile: {words}")))?;
        let lock = fs::read_to_string(self.folder.join("Cargo.lock")).unwrap_or_default();
        Ok(format!("rusqlite {}", locked(&lock, "rusqlite")))
    }

    /// Runs cargo; the inner error is its output.
    fn cargo(&self, arguments: &[&str]) -> Result<Result<(), String>, Failure> {
        let mut command = Command::new(project::cargo());
        command.current_dir(&self.folder).args(arguments);
        command.env("CARGO_TARGET_DIR", self.target);
        for line in self.profile {
            command.args(["--config", line]);
        }
        let output = command
            .output()
            .map_err(|error| Failure::new(format!("cannot run cargo: {error}")))?;
        if output.status.success() {
            return Ok(Ok(()));
        }
        Ok(Err(String::from_utf8_lossy(&output.stderr).into_owned()))
    }
}

/// Code of the application that uses the engine.
const USES: &str = "pub use migrations::rusqlite::Connection;\n\
                    pub type Engine = migrations::Migrator<'static>;\n";

fn manifest(root: &Path, neighbour: &Neighbour) -> String {
    // A literal string of TOML has no escapes, which suits the backslashes of Windows paths.
    let engine = root.join("crates/migrations");
    format!(
        "[package]\nname = \"beside\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
         [dependencies]\nmigrations = {{ package = \"rowsafe-migrations\", path = '{}' }}\n{}\n\n\
         [workspace]\nresolver = \"3\"\n",
        engine.display(),
        neighbour.dependency
    )
}

/// The version of a package in a lock file.
fn locked<'l>(lock: &'l str, name: &str) -> &'l str {
    let begin = format!("name = \"{name}\"\nversion = \"");
    let rest = lock.split_once(&begin).map_or("", |(_, rest)| rest);
    rest.split('"').next().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_docs_list_each_neighbour_in_the_same_order() {
        let page = include_str!("../../../docs/beside-other-crates.md");
        let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
        let listed: Vec<(String, bool)> = rows
            .map(|row| {
                let name = row.split('`').next().unwrap_or_default();
                (name.to_owned(), !row.contains("| no"))
            })
            .collect();
        let own: Vec<_> = NEIGHBOURS
            .iter()
            .map(|own| (own.name.to_owned(), own.fits))
            .collect();
        assert_eq!(listed, own);
    }

    #[test]
    fn ci_tries_three() {
        assert_eq!(NEIGHBOURS.iter().filter(|own| own.in_ci).count(), 3);
    }

    #[test]
    fn the_version_is_read_from_the_lock_file() {
        let lock = "[[package]]\nname = \"rusqlite\"\nversion = \"0.40.2\"\n";
        assert_eq!(locked(lock, "rusqlite"), "0.40.2");
        assert_eq!(locked(lock, "sqlx"), "");
    }
}
