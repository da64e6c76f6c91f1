//! sqlx: `<version>_<name>.sql`, or `<version>_<name>.up.sql` with `<version>_<name>.down.sql`.
//!
//! - The version is the text before the first `_`, and must be a 64-bit number; the order is by
//!   number. A file without `_`, or whose name does not end in `.sql`, is skipped, as folders are;
//!   one that has both and no number is an error for the whole folder. `-- no-transaction` counts
//!   only as the very first bytes:
//!   <https://docs.rs/sqlx-core/0.9.0/src/sqlx_core/migrate/source.rs.html>.
//! - `.up.sql` and `.down.sql` show the direction:
//!   <https://docs.rs/sqlx-core/0.9.0/src/sqlx_core/migrate/migration_type.rs.html>.

use std::collections::BTreeMap;

use crate::collect::{Reading, report_shared, stem};
use crate::fault::Harm;
use crate::fit::Fit;
use crate::history::{Down, Migration, Script};
use crate::input_error::InputError;
use crate::natural::leading_digits;
use crate::options::Options;
use crate::source_tree::Tree;

const MARKER: &str = "-- no-transaction";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Direction {
    Simple,
    Up,
    Down,
}

fn direction(file: &str) -> Direction {
    match () {
        () if file.ends_with(".up.sql") => Direction::Up,
        () if file.ends_with(".down.sql") => Direction::Down,
        () => Direction::Simple,
    }
}

/// `None` if sqlx passes over the file; `Some(None)` where it stops.
fn version(file: &str) -> Option<Option<i64>> {
    let (version, rest) = file.split_once('_')?;
    rest.ends_with(".sql").then(|| version.parse().ok())
}

pub(crate) fn fit(tree: &Tree) -> Result<Fit, InputError> {
    let files = tree.files("");
    let numbered = |file: &&&str| version(file).flatten().is_some();
    let reversible = files
        .iter()
        .filter(numbered)
        .find(|file| direction(file) == Direction::Up);
    Ok(match reversible.or_else(|| files.iter().find(numbered)) {
        Some(file) => Fit::Shape(format!("`{file}` is a number, `_` and a name")),
        None => Fit::No("no file is named like `20240131120000_name.sql`".to_owned()),
    })
}

/// Whether all numbers of the folder's pairs are times of 14 digits, as `sqlx migrate add -r`
/// writes them.
pub(crate) fn has_dated_pairs(tree: &Tree) -> bool {
    let files = tree.files("");
    let mut pairs = files
        .iter()
        .filter(|file| direction(file) != Direction::Simple);
    let dated = |file: &&str| {
        let (digits, rest) = leading_digits(file);
        digits.len() == 14 && rest.starts_with('_')
    };
    pairs.clone().next().is_some() && pairs.all(dated)
}

pub(crate) fn read(tree: &Tree, _: &Options) -> Result<Reading, InputError> {
    let mut reading = Reading::default();
    let mut versions: BTreeMap<i64, Vec<&str>> = BTreeMap::new();
    for file in tree.files("") {
        match version(file) {
            Some(Some(version)) => versions.entry(version).or_default().push(file),
            Some(None) => {
                let why = format!(
                    "`{file}` does not begin with a number: sqlx refuses the whole folder; rename \
                     it to `<number>_<name>.sql`"
                );
                reading.refuse_unrun(file, why);
            }
            None if file.ends_with(".sql") => {
                reading.aside(
                    file,
                    "it is not named `<number>_<name>.sql`; sqlx passes over it",
                );
            }
            None => {}
        }
    }
    let all = || versions.values().flatten();
    let reversible = all().any(|file| direction(file) != Direction::Simple);
    let down = |file: &str| direction(file) == Direction::Down;
    let ups = versions.iter().flat_map(|(version, files)| {
        let ups = files.iter().filter(move |file| !down(file));
        ups.map(|file| (*version, (*file).to_owned()))
    });
    let downs = versions.iter().flat_map(|(version, files)| {
        let downs = files.iter().filter(move |file| down(file));
        downs.map(|file| (*version, (*file).to_owned()))
    });
    let then = "sqlx runs the first and fails when it records the second; give one of them a later \
                number";
    report_shared(&mut reading, ups, Harm::Certain, then);
    let then = "sqlx reverts with the one that it finds first; keep one of them";
    report_shared(&mut reading, downs, Harm::Certain, then);
    for (version, files) in &versions {
        let way_back = files.iter().find(|file| down(file));
        let ups: Vec<_> = files.iter().filter(|file| !down(file)).collect();
        for file in &ups {
            let mut step = match way_back.filter(|_| direction(file) == Direction::Up) {
                Some(back) => with_down(tree, back)?,
                None if reversible => Migration::named("", Down::Missing),
                None => Migration::named("", Down::Unsupported),
            };
            let text = tree.text(file)?;
            step.name = stem(file).trim_end_matches(".up").to_owned();
            step.version = version.to_string();
            step.no_transaction = text.starts_with(MARKER);
            step.up = Some(Script::whole(**file, &text));
            reading.step(step);
        }
        if let (Some(back), []) = (way_back, ups.as_slice()) {
            let mut step = with_down(tree, back)?;
            step.name = stem(back).trim_end_matches(".down").to_owned();
            step.version = version.to_string();
            reading.step(step);
        }
    }
    Ok(reading)
}

fn with_down(tree: &Tree, file: &str) -> Result<Migration, InputError> {
    let text = tree.text(file)?;
    let mut step = Migration::named("", Down::of(Script::whole(file, &text)));
    step.down_no_transaction = text.starts_with(MARKER);
    Ok(step)
}
