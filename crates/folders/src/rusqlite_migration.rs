//! rusqlite_migration: a folder a migration, `<number>-<name>` with `up.sql` and, if there is a way
//! back, `down.sql`.
//!
//! - The number is the text before the first `-`; numbers begin at 1 and have no gaps; a folder
//!   without a number or without `up.sql`, and a number that is there twice, are errors for all:
//!   <https://docs.rs/rusqlite_migration/2.6.0/src/rusqlite_migration/loader.rs.html>.
//! - A missing `down.sql` counts as an empty one: the same page.

use crate::collect::{Reading, report_missing, report_shared};
use crate::fault::Harm;
use crate::fit::Fit;
use crate::history::Migration;
use crate::input_error::InputError;
use crate::options::Options;
use crate::source_tree::Tree;

fn number(name: &str) -> Option<usize> {
    let (number, _) = name.split_once('-')?;
    number.parse().ok().filter(|&number| number > 0)
}

pub(crate) fn fit(tree: &Tree) -> Result<Fit, InputError> {
    let folders = tree.folders("");
    let step = folders
        .iter()
        .filter(|name| tree.has_file(&format!("{name}/up.sql")));
    let mut steps = step.filter_map(|name| Some((number(name)?, *name)));
    let Some((_, first)) = steps.next() else {
        return Ok(Fit::No(
            "no folder named like `1-name` holds an `up.sql`".to_owned(),
        ));
    };
    let far = std::iter::once(first).chain(steps.map(|(_, name)| name));
    // Its numbers count the folders; a date is no such number.
    Ok(
        match far
            .into_iter()
            .find(|name| number(name).is_some_and(|n| n > 1000 + folders.len()))
        {
            Some(name) => Fit::No(format!(
                "`{name}` begins with a date, and its numbers count from 1"
            )),
            None => Fit::Shape(format!(
                "`{first}` is a number, `-` and a name, and holds `up.sql`"
            )),
        },
    )
}

pub(crate) fn read(tree: &Tree, _: &Options) -> Result<Reading, InputError> {
    let mut reading = Reading::default();
    let mut found: Vec<(usize, &str)> = Vec::new();
    for name in tree.folders("") {
        match number(name) {
            Some(number) => found.push((number, name)),
            None => {
                let why = format!(
                    "`{name}` does not begin with a number above 0 and `-`: rusqlite_migration \
                     refuses the whole folder"
                );
                reading.refuse_unrun(name, why);
            }
        }
    }
    found.sort_by_key(|(number, _)| *number);
    let mut expected = 1;
    for (number, name) in &found {
        report_missing(
            &mut reading,
            name,
            expected,
            *number,
            "rusqlite_migration refuses the whole folder",
        );
        expected = number.saturating_add(1);
        let Some(step) = Migration::in_folder(tree, name)? else {
            let why =
                format!("`{name}` has no `up.sql`: rusqlite_migration refuses the whole folder");
            reading.refuse_unrun(*name, why);
            continue;
        };
        reading.step(step.with_version(number));
    }
    let same = found
        .iter()
        .map(|(number, name)| (*number, (*name).to_owned()));
    let then = "rusqlite_migration refuses the whole folder; give one of them the next number";
    report_shared(&mut reading, same, Harm::Certain, then);
    Ok(reading)
}
