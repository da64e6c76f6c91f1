//! Diesel: a folder a migration, `<version>_<name>` with `up.sql` and, if there is a down
//! migration, `down.sql`.
//!
//! - A version is the text before the first `_`, without its hyphens; versions are compared as
//!   text. Hidden folders and files beside the folders are skipped; a folder without `up.sql` is an
//!   error: <https://docs.rs/migrations_internals/2.3.0/src/migrations_internals/lib.rs.html>,
//!   <https://docs.rs/diesel_migrations/2.3.2/src/diesel_migrations/migration_harness.rs.html>.
//! - A missing `down.sql` is an error of its own, and a file without a byte is one, too:
//!   <https://docs.rs/diesel_migrations/2.3.2/src/diesel_migrations/file_based_migrations.rs.html>.
//! - `metadata.toml` with `run_in_transaction = false` keeps the transaction away. A file that is
//!   there and does not say is taken as `false`, one that is no TOML as `true`: the same page of
//!   `migrations_internals`.

use crate::collect::{Reading, report_shared};
use crate::fault::Harm;
use crate::fit::Fit;
use crate::history::Migration;
use crate::input_error::InputError;
use crate::options::Options;
use crate::source_tree::Tree;

/// A version, if the name has one that Diesel's own command could have made.
fn version(name: &str) -> Option<String> {
    let (version, _) = name.split_once('_')?;
    let made = |c: char| c.is_ascii_digit() || c == '-';
    let fits = version.starts_with(|c: char| c.is_ascii_digit()) && version.chars().all(made);
    fits.then(|| version.replace('-', ""))
}

pub(crate) fn fit(tree: &Tree) -> Result<Fit, InputError> {
    let folders = tree.folders("");
    let step = folders
        .iter()
        .find(|name| version(name).is_some() && tree.has_file(&format!("{name}/up.sql")));
    Ok(match step {
        Some(name) => Fit::Shape(format!(
            "`{name}` is a version and a name, and holds `up.sql`"
        )),
        None => {
            Fit::No("no folder named like `2024-01-31-120000_name` holds an `up.sql`".to_owned())
        }
    })
}

pub(crate) fn read(tree: &Tree, _: &Options) -> Result<Reading, InputError> {
    let mut reading = Reading::default();
    let mut folders: Vec<(String, &str)> = Vec::new();
    for name in tree.folders("") {
        let first = name.split('_').next().unwrap_or(name);
        folders.push((first.replace('-', ""), name));
    }
    folders.sort();
    for (version, name) in &folders {
        let Some(mut step) = Migration::in_folder(tree, name)? else {
            let why = format!("`{name}` has no `up.sql`: diesel refuses the whole folder");
            reading.refuse_unrun(*name, why);
            continue;
        };
        let metadata = format!("{name}/metadata.toml");
        if tree.has_file(&metadata) {
            step.no_transaction = !run_in_transaction(&tree.text(&metadata)?);
            step.down_no_transaction = step.no_transaction;
        }
        reading.step(step.with_version(version));
    }
    let versions = folders
        .into_iter()
        .map(|(version, name)| (version, name.to_owned()));
    report_shared(
        &mut reading,
        versions,
        Harm::Certain,
        "diesel runs the first and fails when it records the second; give one of them a later \
         version",
    );
    for name in tree
        .files("")
        .into_iter()
        .filter(|name| name.ends_with(".sql"))
    {
        reading.aside(name, "it is beside the folders; diesel never runs it");
    }
    Ok(reading)
}

fn run_in_transaction(metadata: &str) -> bool {
    match metadata.parse::<toml::Table>() {
        Ok(table) => match table.get("run_in_transaction") {
            Some(toml::Value::Boolean(run)) => *run,
            // Anything else than a truth value is an error to Diesel, which then takes its default.
            Some(_) => true,
            None => false,
        },
        Err(_) => true,
    }
}
