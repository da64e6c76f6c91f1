//! The packages as crates.io would get them: each is checked by itself, and an application outside
//! this workspace builds all of them.
//!
//! `cargo package` could verify them, too. It takes longer, and it unpacks each package into a
//! cache that it does not renew while the version stays the same, so it would check the content of
//! an earlier run.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::{Failure, project, say};

/// A package that is published.
struct Package {
    name: String,
    version: String,
    /// The library's name, if it has one.
    library: Option<String>,
}

/// The program of the application that uses the packages: it migrates nothing, but it links every
/// crate and runs SQLite.
const PROGRAM: &str = r#"fn main() {
    let connection = migrations::rusqlite::Connection::open_in_memory();
    let connection = connection.expect("SQLite runs");
    schema::Schema::read(&connection).expect("a schema is read");
}
"#;

/// Packages all published crates, checks each, then builds and runs an application that depends on
/// all of them.
pub(super) fn check(root: &Path) -> Result<(), Failure> {
    let metadata = project::metadata(root, &["--no-deps"])?;
    let packages = published(&metadata);
    let mut arguments = vec!["package", "--quiet", "--no-verify", "--allow-dirty"];
    for package in &packages {
        arguments.extend(["--package", &package.name]);
    }
    super::cargo(root, &arguments)?;
    let target = metadata["target_directory"].as_str().unwrap_or("target");
    build_application(root, Path::new(target), &packages)
}

/// The packages of the workspace that may go to a registry.
fn published(metadata: &Value) -> Vec<Package> {
    let all = metadata["packages"].as_array().into_iter().flatten();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    // `publish = false` is an empty list of registries.
    let published = all.filter(|package| package["publish"].is_null());
    published
        .map(|package| {
            let mut targets = package["targets"].as_array().into_iter().flatten();
            let library = targets.find(|target| target["kind"][0] == "lib");
            Package {
                name: text(&package["name"]),
                version: text(&package["version"]),
                library: library.map(|target| text(&target["name"])),
            }
        })
        .collect()
}

/// The workspace's profile of its dependencies as options of cargo: an unpacked package has no
/// profile of its own, and would compile SQLite again.
pub(in crate::verb) fn dependency_profile(root: &Path) -> Result<Vec<String>, Failure> {
    let manifest = fs::read_to_string(root.join("Cargo.toml"))
        .map_err(|error| Failure::new(format!("`Cargo.toml`: {error}")))?;
    Ok(profile_options(&manifest))
}

fn profile_options(manifest: &str) -> Vec<String> {
    let mut options = Vec::new();
    let mut table = None;
    for line in manifest.lines().map(str::trim) {
        if let Some(name) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            let wanted = name == "profile.dev"
                || name.starts_with("profile.dev.package.") && !name.contains(".rowsafe");
            table = wanted.then_some(name);
        } else if let Some(name) = table
            && let Some((key, value)) = line.split_once('=')
            && !line.starts_with('#')
        {
            options.push(format!("{name}.{}={}", key.trim(), value.trim()));
        }
    }
    options
}

fn build_application(root: &Path, target: &Path, packages: &[Package]) -> Result<(), Failure> {
    let cannot = |error: io::Error| Failure::new(format!("the application: {error}"));
    let folder = target.join("application");
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(cannot)?;
    }
    fs::create_dir_all(folder.join("src")).map_err(cannot)?;
    for package in packages {
        unpack(target, &folder, package)?;
    }
    let manifest = application_manifest(packages);
    fs::write(folder.join("Cargo.toml"), manifest).map_err(cannot)?;
    let libraries = packages
        .iter()
        .filter_map(|package| package.library.as_ref());
    let used = libraries.map(|library| format!("use {library} as _;\n"));
    let program = used.collect::<String>() + "\n" + PROGRAM;
    fs::write(folder.join("src/main.rs"), program).map_err(cannot)?;
    // The same versions as here, which are downloaded already.
    fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock")).map_err(cannot)?;
    let profile = dependency_profile(root)?;
    let cargo = |arguments: &[&str]| {
        let mut command = Command::new(project::cargo());
        command.current_dir(&folder).env("CARGO_TARGET_DIR", target);
        command.args(arguments);
        for line in &profile {
            command.args(["--config", line]);
        }
        super::run_command(&mut command, arguments)
    };
    // One by one, so that a missing dependency declaration of one package does not come from
    // another.
    for package in packages {
        say!("{} {}", package.name, package.version);
        cargo(&["check", "--quiet", "--package", &package.name])?;
    }
    say!("an application that depends on all of them");
    cargo(&["run", "--quiet", "--package", "application"])
}

fn unpack(target: &Path, folder: &Path, package: &Package) -> Result<(), Failure> {
    let file: PathBuf = target
        .join("package")
        .join(format!("{}-{}.crate", package.name, package.version));
    let status = Command::new("tar")
        .arg("-xzf")
        .arg(&file)
        .arg("-C")
        .arg(folder)
        .status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(_) => Err(Failure::new(format!(
            "`{}` cannot be unpacked",
            file.display()
        ))),
        Err(error) => Err(Failure::new(format!("cannot run tar: {error}"))),
    }
}

/// A manifest in which every package comes from its unpacked folder.
fn application_manifest(packages: &[Package]) -> String {
    let mut text = "[package]\nname = \"application\"\nversion = \"0.0.0\"\nedition = \"2024\"\n\n\
                    [dependencies]\n"
        .to_owned();
    for Package { name, version, .. } in packages {
        text += &format!("{name} = \"{version}\"\n");
    }
    text += "\n[patch.crates-io]\n";
    for Package { name, version, .. } in packages {
        text += &format!("{name} = {{ path = \"{name}-{version}\" }}\n");
    }
    text += "\n[workspace]\nresolver = \"3\"\nmembers = [\n";
    for Package { name, version, .. } in packages {
        text += &format!("    \"{name}-{version}\",\n");
    }
    text + "]\n"
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn what_is_not_published_is_left_out() {
        let target = |kind: &str, name: &str| json!({ "kind": [kind], "name": name });
        let metadata = json!({ "packages": [
            { "name": "xtask", "version": "0.1.0", "publish": [], "targets": [] },
            { "name": "rowsafe-schema", "version": "0.1.0", "publish": null,
              "targets": [target("lib", "schema"), target("test", "it")] },
        ] });
        let packages = published(&metadata);
        let names: Vec<_> = packages
            .iter()
            .map(|package| (package.name.as_str(), package.library.as_deref()))
            .collect();
        assert_eq!(names, [("rowsafe-schema", Some("schema"))]);
        assert!(application_manifest(&packages).contains("rowsafe-schema = \"0.1.0\"\n"));
    }

    #[test]
    fn the_profile_of_dependencies_is_passed_on() {
        let manifest = "[profile.dev.package.sha2]\nopt-level = 3\n\
                        # one of ours\n[profile.dev.package.rowsafe-schema]\nopt-level = 1\n\
                        [profile.dev]\ndebug = \"line-tables-only\"\n[profile.bench]\ndebug = 1\n";
        assert_eq!(
            profile_options(manifest),
            [
                "profile.dev.package.sha2.opt-level=3",
                "profile.dev.debug=\"line-tables-only\"",
            ]
        );
    }
}
