//! refinery: `V<version>__<name>.sql`, and `U<version>__<name>.sql` for one that may be applied out
//! of order.
//!
//! - A name is `V` or `U`, digits, `__`, letters, digits and `_`, and `.sql` or `.rs`, in any
//!   folder below; others are passed over with a warning. The version must be a 32-bit number, or a
//!   64-bit one with the feature `int8-versions`, although `1.2` fits the name:
//!   <https://docs.rs/refinery-core/0.10.1/src/refinery_core/util.rs.html>.
//! - Both kinds go forward, in the order of their versions, and a version that is there twice is an
//!   error; there is no down migration:
//!   <https://docs.rs/refinery-core/0.10.1/src/refinery_core/traits/mod.rs.html>.

use crate::collect::{Reading, report_shared, stem};
use crate::fault::Harm;
use crate::fit::Fit;
use crate::history::{Down, Migration, Script};
use crate::input_error::InputError;
use crate::natural::leading_digits;
use crate::options::Options;
use crate::source_tree::Tree;

/// The version as written, and whether the file is Rust.
fn parse(path: &str) -> Option<(&str, bool)> {
    let file = path.rsplit('/').next().unwrap_or(path);
    let (whole, code) = match (file.strip_suffix(".sql"), file.strip_suffix(".rs")) {
        (Some(whole), _) => (whole, false),
        (_, Some(whole)) => (whole, true),
        _ => return None,
    };
    let (version, name) = whole.strip_prefix(['V', 'U'])?.split_once("__")?;
    let (digits, rest) = leading_digits(version);
    let fraction = rest.is_empty()
        || rest.strip_prefix('.').is_some_and(|rest| {
            let (digits, rest) = leading_digits(rest);
            !digits.is_empty() && rest.is_empty()
        });
    let word = |c: char| c.is_alphanumeric() || c == '_';
    let fits = !digits.is_empty() && fraction && !name.is_empty() && name.chars().all(word);
    fits.then_some((version, code))
}

pub(crate) fn fit(tree: &Tree) -> Result<Fit, InputError> {
    let files = tree.all_files();
    let steps: Vec<_> = files.iter().filter(|path| parse(path).is_some()).collect();
    let Some(first) = steps.first() else {
        return Ok(Fit::No("no file is named like `V1__name.sql`".to_owned()));
    };
    if steps.iter().any(|path| path.ends_with(".rs")) {
        return Ok(Fit::Sure(format!(
            "`{first}` is named as refinery names a step, and some are Rust"
        )));
    }
    let other = files.iter().find(|path| {
        let file = path.rsplit('/').next().unwrap_or(path);
        parse(path).is_none()
            && file.ends_with(".sql")
            && file.starts_with(['V', 'U', 'R', 'B'])
            && file.contains("__")
    });
    if let Some(path) = other {
        return Ok(Fit::No(format!("`{path}` is named as Flyway alone would")));
    }
    let undo = steps.iter().find(|path| {
        let (version, _) = parse(path).unwrap_or_default();
        let twin = |other: &&&&str| parse(other).is_some_and(|(other, _)| other == version);
        path.rsplit('/')
            .next()
            .is_some_and(|file| file.starts_with('U'))
            && steps.iter().filter(twin).count() > 1
    });
    Ok(match undo {
        Some(path) => Fit::No(format!(
            "`{path}` has the version of another step, which refinery refuses"
        )),
        None => Fit::Shape(format!("`{first}` is named as refinery names a step")),
    })
}

pub(crate) fn read(tree: &Tree, _: &Options) -> Result<Reading, InputError> {
    let mut reading = Reading::default();
    let mut found: Vec<(i64, &str, bool)> = Vec::new();
    for path in tree.all_files() {
        match parse(path) {
            Some((version, code)) => match version.parse() {
                Ok(version) => found.push((version, path, code)),
                Err(_) => {
                    let why = format!(
                        "the version of `{path}` is not a whole number: refinery refuses the \
                         whole folder"
                    );
                    reading.refuse_unrun(path, why);
                }
            },
            None if path.ends_with(".sql") => {
                reading.aside(
                    path,
                    "it is not named `V<version>__<name>.sql`; refinery passes over it",
                );
            }
            None => {}
        }
    }
    found.sort_by_key(|(version, ..)| *version);
    for (version, path, code) in &found {
        if i32::try_from(*version).is_err() {
            let why = format!(
                "refinery refuses the version of `{path}` unless it is built with the feature \
                 `int8-versions`"
            );
            reading.refuse_perhaps(Harm::Possible, *path, why);
        }
        if *code {
            reading.gap(*path, "it is Rust, which is not run here");
            continue;
        }
        let mut step = Migration::named(stem(path), Down::Unsupported).with_version(version);
        step.up = Some(Script::whole(*path, &tree.text(path)?));
        reading.step(step);
    }
    let same = found
        .iter()
        .map(|(version, path, _)| (*version, (*path).to_owned()));
    let then = "refinery refuses to run; give one of them a later number";
    report_shared(&mut reading, same, Harm::Certain, then);
    Ok(reading)
}
