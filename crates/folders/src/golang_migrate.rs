//! golang-migrate: `<version>_<name>.up.sql` and `<version>_<name>.down.sql`.
//!
//! - A name is digits, `_`, anything, `.up.` or `.down.`, and anything again, so that
//!   `1_a.up.sql.bak` counts; the version is a number and decides the order:
//!   <https://github.com/golang-migrate/migrate/blob/master/source/parse.go>.
//! - What does not fit, and folders, are passed over; two files of one version and direction are an
//!   error: <https://github.com/golang-migrate/migrate/blob/master/source/iofs/iofs.go>.
//! - A down migration that is missing is not an error of the folder, only of going back:
//!   <https://github.com/golang-migrate/migrate/blob/master/migrate.go>.

use std::collections::BTreeMap;

use crate::collect::{Reading, report_shared};
use crate::fault::Harm;
use crate::fit::Fit;
use crate::history::{Down, Migration, Script};
use crate::input_error::InputError;
use crate::natural::leading_digits;
use crate::options::Options;
use crate::source_tree::Tree;

/// Version, name without direction and ending, and whether it goes up.
fn parse(file: &str) -> Option<(u64, &str, bool)> {
    let (digits, rest) = leading_digits(file);
    let rest = rest.strip_prefix('_')?;
    // The direction that counts is the last one that something follows.
    let up = rest.rfind(".up.");
    let down = rest.rfind(".down.");
    let at = up.max(down)?;
    let name = file.get(..digits.len() + 1 + at)?;
    Some((digits.parse().ok()?, name, up > down))
}

pub(crate) fn fit(tree: &Tree) -> Result<Fit, InputError> {
    let files = tree.files("");
    let step = files
        .iter()
        .find(|file| parse(file).is_some() && file.ends_with(".sql"));
    Ok(match step {
        Some(file) => Fit::Shape(format!("`{file}` is a number, `_`, a name and a direction")),
        None => Fit::No("no file is named like `1_name.up.sql`".to_owned()),
    })
}

pub(crate) fn read(tree: &Tree, _: &Options) -> Result<Reading, InputError> {
    let mut reading = Reading::default();
    let mut versions: BTreeMap<u64, (Vec<&str>, Vec<&str>)> = BTreeMap::new();
    for file in tree.files("") {
        match parse(file) {
            Some((version, _, true)) => versions.entry(version).or_default().0.push(file),
            Some((version, _, false)) => versions.entry(version).or_default().1.push(file),
            None if file.ends_with(".sql") => {
                let why = "it is not named `<number>_<name>.up.sql` or `.down.sql`; \
                           golang-migrate passes over it";
                reading.aside(file, why);
            }
            None => {}
        }
    }
    for (version, (ups, downs)) in &versions {
        let name =
            |file: &'_ str| parse(file).map_or(file.to_owned(), |(_, name, _)| name.to_owned());
        let script = |file: &str| Ok(Script::whole(file, &tree.text(file)?));
        for up in ups {
            // Of several, each has the one of its own name.
            let twin = downs.iter().find(|down| name(down) == name(up));
            let down = match twin.or(downs.first()) {
                Some(file) => Down::of(script(file)?),
                None => Down::Missing,
            };
            let mut step = Migration::named(name(up), down).with_version(version);
            step.up = Some(script(up)?);
            reading.step(step);
        }
        if let ([], Some(file)) = (ups.as_slice(), downs.first()) {
            let step = Migration::named(name(file), Down::of(script(file)?));
            reading.step(step.with_version(version));
        }
        for files in [ups, downs] {
            let same = files.iter().map(|file| (*version, (*file).to_owned()));
            let then = "golang-migrate refuses the whole folder; give one of them a later number";
            report_shared(&mut reading, same, Harm::Certain, then);
        }
    }
    Ok(reading)
}
