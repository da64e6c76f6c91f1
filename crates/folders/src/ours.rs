//! The folders of this project's own engine: `0001_name` with `up.sql`, `down.sql` or
//! `irreversible.md`, and `notes.md`, as the crate `migrations` reads them.
//!
//! Versions are 1, 2, 3 … without gaps, and each folder has its notes; a missing file is never an
//! empty step. A step may name a Rust function beside its SQL; that is in the application, where
//! nothing here sees it.

use crate::collect::{Reading, report_missing, report_shared};
use crate::fault::Harm;
use crate::fit::Fit;
use crate::history::{Down, Migration};
use crate::input_error::InputError;
use crate::natural::leading_digits;
use crate::options::Options;
use crate::source_tree::Tree;

fn version(name: &str) -> Option<usize> {
    let (digits, rest) = leading_digits(name);
    rest.starts_with('_').then(|| digits.parse().ok())?
}

pub(crate) fn fit(tree: &Tree) -> Result<Fit, InputError> {
    let folders = tree.folders("");
    let has = |name: &str, file: &str| tree.has_file(&format!("{name}/{file}"));
    let step = folders.iter().find(|name| {
        // Versions count from 1; a date before a name is another tool's, notes beside it or not.
        version(name).is_some_and(|version| version < 100_000)
            && has(name, "up.sql")
            && (has(name, "notes.md") || has(name, "irreversible.md"))
    });
    Ok(match step {
        Some(name) => Fit::Sure(format!("`{name}` holds `up.sql` and its notes")),
        None => {
            Fit::No("no folder named like `0001_name` holds `up.sql` and `notes.md`".to_owned())
        }
    })
}

pub(crate) fn read(tree: &Tree, _: &Options) -> Result<Reading, InputError> {
    let mut reading = Reading::default();
    let mut found: Vec<(usize, &str)> = Vec::new();
    for name in tree.folders("") {
        match version(name) {
            Some(version) => found.push((version, name)),
            None => reading.aside(name, "it is not named like `0001_name`"),
        }
    }
    found.sort_unstable();
    let mut expected = 1;
    for (version, name) in &found {
        report_missing(
            &mut reading,
            name,
            expected,
            *version,
            "the engine refuses a catalogue with a gap",
        );
        expected = version.saturating_add(1);
        let Some(mut step) = Migration::in_folder(tree, name)? else {
            let why = format!("`{name}` has no `up.sql`: the engine refuses the catalogue");
            reading.refuse_unrun(*name, why);
            continue;
        };
        if matches!(step.down, Down::Missing) && tree.has_file(&format!("{name}/irreversible.md")) {
            step.down = Down::Unsupported;
        }
        reading.step(step.with_version(version));
    }
    let same = found
        .iter()
        .map(|(version, name)| (*version, (*name).to_owned()));
    let then = "the engine refuses the catalogue; give one of them the next number";
    report_shared(&mut reading, same, Harm::Certain, then);
    Ok(reading)
}
