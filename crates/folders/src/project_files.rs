//! Evidence in the files around a folder for the tool that runs it: in the folder itself and in
//! each folder above it, up to the root of the repository.

#![expect(
    clippy::disallowed_methods,
    reason = "a folder of migrations is read here, and nowhere else in this crate"
)]

use std::fs;
use std::path::{Component, Path, PathBuf};

use crate::layout_name::LayoutName;

/// Longer than a manifest is.
const LONGEST: u64 = 4 << 20;

/// Files of a tool's own, by name or by how the name begins.
const OWN: &[(&str, LayoutName)] = &[
    ("diesel.toml", LayoutName::Diesel),
    (".sqlx", LayoutName::Sqlx),
    ("sqlx.toml", LayoutName::Sqlx),
    ("refinery.toml", LayoutName::Refinery),
    ("dbconfig.yml", LayoutName::SqlMigrate),
    ("flyway.conf", LayoutName::Flyway),
    ("flyway.toml", LayoutName::Flyway),
    ("drizzle.config.", LayoutName::Drizzle),
    ("wrangler.toml", LayoutName::D1),
    ("wrangler.json", LayoutName::D1),
    ("wrangler.jsonc", LayoutName::D1),
    ("schema.prisma", LayoutName::Prisma),
    ("sqitch.conf", LayoutName::Sqitch),
];

/// Words in a manifest that name a tool.
const NAMED: &[(&str, &str, LayoutName)] = &[
    (
        "go.mod",
        "github.com/golang-migrate/migrate",
        LayoutName::GolangMigrate,
    ),
    ("go.mod", "github.com/pressly/goose", LayoutName::Goose),
    ("go.mod", "github.com/amacneil/dbmate", LayoutName::Dbmate),
    (
        "go.mod",
        "github.com/rubenv/sql-migrate",
        LayoutName::SqlMigrate,
    ),
    ("package.json", "\"drizzle-orm\"", LayoutName::Drizzle),
    ("package.json", "\"drizzle-kit\"", LayoutName::Drizzle),
    ("package.json", "\"wrangler\"", LayoutName::D1),
    ("package.json", "\"prisma\"", LayoutName::Prisma),
    ("package.json", "\"@prisma/client\"", LayoutName::Prisma),
    ("package.json", "\"dbmate\"", LayoutName::Dbmate),
    ("pom.xml", "flyway", LayoutName::Flyway),
    ("build.gradle", "flyway", LayoutName::Flyway),
    ("build.gradle.kts", "flyway", LayoutName::Flyway),
];

/// Crates whose presence among the dependencies of a package identifies a tool.
const CRATES: &[(&str, LayoutName)] = &[
    ("diesel", LayoutName::Diesel),
    ("diesel_migrations", LayoutName::Diesel),
    ("sqlx", LayoutName::Sqlx),
    ("refinery", LayoutName::Refinery),
    ("rusqlite_migration", LayoutName::RusqliteMigration),
];

/// A tool that a file names.
pub(crate) struct Hint {
    pub(crate) tool: LayoutName,
    /// How many folders above the folder of migrations the file is.
    pub(crate) distance: usize,
    /// A clause that says where.
    pub(crate) why: String,
}

/// The tools that files around name, nearest first, each once.
pub(crate) fn hints(root: &Path) -> Vec<Hint> {
    let mut found: Vec<Hint> = Vec::new();
    for (distance, folder) in around(root).iter().enumerate() {
        for (tool, why) in of_folder(folder, root) {
            if !found.iter().any(|known| known.tool == tool) {
                found.push(Hint {
                    tool,
                    distance,
                    why,
                });
            }
        }
    }
    found
}

/// The root of the repository that a real path is in: the nearest folder with `.git`, which is a
/// file in a worktree.
pub(crate) fn repository(real: &Path) -> Option<&Path> {
    real.ancestors().find(|folder| folder.join(".git").exists())
}

/// The folder and those above it, up to the root of the repository. Outside of any repository, up
/// to the folders that all users or all projects of a user share.
fn around(root: &Path) -> Vec<PathBuf> {
    let real = fs::canonicalize(root).unwrap_or_else(|_| root.to_owned());
    let top = repository(&real);
    let is_project = |folder: &Path| {
        let names = folder.components();
        let names = names.filter(|part| matches!(part, Component::Normal(_)));
        let names: Vec<_> = names.map(|part| part.as_os_str()).collect();
        match names.as_slice() {
            [] | [_] => false,
            [first, _] => *first != "home" && *first != "Users",
            _ => true,
        }
    };
    let within = |folder: &&Path| match top {
        Some(top) => folder.starts_with(top),
        None => is_project(folder) || *folder == real,
    };
    real.ancestors()
        .take_while(within)
        .map(Path::to_owned)
        .collect()
}

fn of_folder(folder: &Path, root: &Path) -> Vec<(LayoutName, String)> {
    let mut found = Vec::new();
    let Ok(entries) = fs::read_dir(folder) else {
        return found;
    };
    let names = entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    for name in names.collect::<std::collections::BTreeSet<_>>() {
        let is_others =
            WRANGLER.contains(&name.as_str()) && names_other_folder(&folder.join(&name), root);
        for (own, tool) in OWN.iter().filter(|_| !is_others) {
            if name == *own || (own.ends_with('.') && name.starts_with(own)) {
                found.push((*tool, format!("`{name}` is nearby")));
            }
        }
        let manifest = NAMED.iter().any(|(file, ..)| name == *file) || name == "Cargo.toml";
        let Some(text) = manifest.then(|| text(&folder.join(&name))).flatten() else {
            continue;
        };
        for (_, word, tool) in NAMED
            .iter()
            .filter(|(file, word, _)| name == *file && text.contains(word))
        {
            found.push((
                *tool,
                format!("`{name}` nearby names it with `{}`", word.trim_matches('"')),
            ));
        }
        for (package, tool) in CRATES
            .iter()
            .filter(|(package, _)| name == "Cargo.toml" && depends(&text, package))
        {
            found.push((*tool, format!("`{name}` nearby depends on `{package}`")));
        }
    }
    found
}

fn text(path: &Path) -> Option<String> {
    let data = fs::metadata(path).ok()?;
    (data.is_file() && data.len() <= LONGEST).then(|| fs::read_to_string(path).ok())?
}

/// Whether any table of dependencies of a manifest has the crate, under its own name or renamed.
fn depends(manifest: &str, package: &str) -> bool {
    let Ok(manifest) = manifest.parse::<toml::Table>() else {
        return false;
    };
    within(&manifest, package)
}

fn within(table: &toml::Table, package: &str) -> bool {
    table.iter().any(|(key, value)| {
        let Some(inner) = value.as_table() else {
            return false;
        };
        if !key.ends_with("dependencies") {
            return within(inner, package);
        }
        let renamed = |value: &toml::Value| {
            value.get("package").and_then(toml::Value::as_str) == Some(package)
        };
        inner.contains_key(package) || inner.values().any(renamed)
    })
}

/// Whether a file nearby shows that the project is written in Go.
pub(crate) fn is_go(root: &Path) -> bool {
    around(root)
        .iter()
        .any(|folder| folder.join("go.mod").is_file())
}

const WRANGLER: [&str; 3] = ["wrangler.toml", "wrangler.json", "wrangler.jsonc"];

/// The file of wrangler's nearby that names the folder as `migrations_dir`, if one does.
pub(crate) fn wrangler(root: &Path) -> Option<String> {
    let real = fs::canonicalize(root).ok()?;
    for folder in around(root) {
        for name in WRANGLER {
            let named = named_folders(&folder.join(name));
            let is_own = |path: &PathBuf| fs::canonicalize(path).is_ok_and(|path| path == real);
            if named.iter().any(is_own) {
                return Some(name.to_owned());
            }
        }
    }
    None
}

/// Whether a file of wrangler's names folders of migrations, and not this one.
fn names_other_folder(config: &Path, root: &Path) -> bool {
    let named = named_folders(config);
    let real = fs::canonicalize(root).ok();
    !named.is_empty() && !named.iter().any(|path| fs::canonicalize(path).ok() == real)
}

/// The folders that a configuration of wrangler names as `migrations_dir`.
fn named_folders(config: &Path) -> Vec<PathBuf> {
    let text = text(config).unwrap_or_default();
    let folder = config.parent().unwrap_or(Path::new(""));
    // The three forms write the value alike, and a comment in JSON is no reason not to see it.
    let named = text.match_indices("migrations_dir").map(|(at, key)| {
        let rest = text.get(at + key.len()..).unwrap_or_default();
        let rest = rest.trim_start_matches(['"', '\'', ' ', '\t', ':', '=']);
        let value = rest.split(['"', '\'', '\n']).next().unwrap_or_default();
        folder.join(value)
    });
    named.collect()
}
