//! Flyway: `V1__name.sql`, `U1__name.sql`, `R__name.sql`, `B1__name.sql`.
//!
//! - A version is numbers with `.` or `_` between them, compared number by number; `__` goes
//!   before the description; folders below are read, too; names that do not fit are passed over:
//!   <https://documentation.red-gate.com/flyway/flyway-concepts/migrations/migration-naming>,
//!   <https://documentation.red-gate.com/flyway/flyway-concepts/migrations/versioned-migrations>.
//! - A repeatable migration runs after all versioned ones, in the order of the descriptions, and
//!   again whenever it changes:
//!   <https://documentation.red-gate.com/flyway/flyway-concepts/migrations/repeatable-migrations>.
//! - An undo migration belongs to the version that it names; only paid editions run it:
//!   <https://documentation.red-gate.com/flyway/flyway-concepts/migrations/undo-migrations>.
//! - A baseline migration replaces all versions up to its own on a new database:
//!   <https://documentation.red-gate.com/flyway/flyway-concepts/migrations/baseline-migrations>.
//! - `${name}` is filled in everywhere, and a name without a value is an error:
//!   <https://documentation.red-gate.com/flyway/flyway-concepts/migrations/migration-placeholders>.
//! - `V1__name.sql.conf` with `executeInTransaction=false`, or `--
//!   flyway:executeInTransaction=false` in the file, keeps the transaction away:
//!   <https://documentation.red-gate.com/flyway/reference/script-configuration>.

use std::cmp::Ordering;

use crate::collect::{Reading, report_shared, stem};
use crate::fault::Harm;
use crate::fit::Fit;
use crate::history::{Down, Migration, Script};
use crate::input_error::InputError;
use crate::natural::by_value;
use crate::options::Options;
use crate::placeholders;
use crate::source_tree::Tree;

/// Endings of files that are code.
const CODE: [&str; 8] = [
    ".java", ".class", ".kt", ".sh", ".ps1", ".bat", ".cmd", ".py",
];

/// The parts of a file name.
struct Named<'a> {
    path: &'a str,
    /// `V`, `U`, `B` or `R`.
    prefix: char,
    version: Vec<&'a str>,
    description: &'a str,
    code: bool,
}

impl Named<'_> {
    /// The version as Flyway compares it: `1`, `1.0` and `01` are the same.
    fn version_text(&self) -> String {
        let numbers = self.version.iter().map(|part| part.trim_start_matches('0'));
        let numbers: Vec<&str> = numbers
            .map(|part| if part.is_empty() { "0" } else { part })
            .collect();
        let last = numbers.iter().rposition(|part| *part != "0").unwrap_or(0);
        numbers.get(..=last).unwrap_or_default().join(".")
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

fn parse(path: &str) -> Option<Named<'_>> {
    let file = file_name(path);
    let code = CODE.iter().find_map(|ending| file.strip_suffix(ending));
    let whole = file.strip_suffix(".sql").or(code)?;
    let (head, description) = whole.split_once("__")?;
    let mut rest = head.chars();
    let prefix = rest
        .next()
        .filter(|prefix| ['V', 'U', 'B', 'R'].contains(prefix))?;
    let said = rest.as_str();
    let version: Vec<&str> = match said {
        "" => Vec::new(),
        _ => said.split(['.', '_']).collect(),
    };
    let number = |part: &&str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let fits = (prefix == 'R') == version.is_empty() && version.iter().all(number);
    fits.then_some(Named {
        path,
        prefix,
        version,
        description,
        code: code.is_some(),
    })
}

/// Versions number by number; numbers that are not there are 0.
fn compare(a: &[&str], b: &[&str]) -> Ordering {
    let at = |parts: &[&str], i: usize| parts.get(i).copied().unwrap_or("0").to_owned();
    (0..a.len().max(b.len()))
        .map(|i| by_value(&at(a, i), &at(b, i)))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

fn is_callback(path: &str) -> bool {
    let file = file_name(path);
    file.ends_with(".sql")
        && (["before", "after"].iter()).any(|when| {
            file.strip_prefix(when)
                .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
        })
}

pub(crate) fn fit(tree: &Tree) -> Result<Fit, InputError> {
    let files = tree.all_files();
    let found: Vec<_> = files.iter().filter_map(|path| parse(path)).collect();
    let own = found.iter().find(|named| {
        let word = |c: char| c.is_alphanumeric() || c == '_';
        ['R', 'B'].contains(&named.prefix)
            || named.version.len() > 1
            || !named.description.chars().all(word)
            || named.code
    });
    let undo = found
        .iter()
        .filter(|named| named.prefix == 'U')
        .find(|undo| {
            found
                .iter()
                .any(|other| other.prefix == 'V' && compare(&other.version, &undo.version).is_eq())
        });
    Ok(match (own.or(undo), found.first()) {
        (Some(named), _) => Fit::Sure(format!(
            "`{}` is named as Flyway alone names a step",
            named.path
        )),
        (None, Some(named)) => {
            Fit::Shape(format!("`{}` is named as Flyway names a step", named.path))
        }
        (None, None) => Fit::No("no file is named like `V1__name.sql`".to_owned()),
    })
}

pub(crate) fn read(tree: &Tree, options: &Options) -> Result<Reading, InputError> {
    let mut reading = Reading::default();
    let mut found = Vec::new();
    for path in tree.all_files() {
        match parse(path) {
            Some(named) => found.push(named),
            None if is_callback(path) => {
                reading.aside(path, "it is a callback, which is not run here")
            }
            None if path.ends_with(".sql") => {
                reading.aside(
                    path,
                    "it is not named `V<version>__<name>.sql`; flyway passes over it",
                );
            }
            None => {}
        }
    }
    let of = |prefix: char| found.iter().filter(move |named| named.prefix == prefix);
    let mut versioned: Vec<&Named<'_>> = of('V').collect();
    // A baseline runs only if the versions that it replaces were taken away.
    let mut bases: Vec<&Named<'_>> = of('B').collect();
    bases.sort_by(|a, b| compare(&a.version, &b.version));
    for base in bases {
        let before = |named: &&Named<'_>| compare(&named.version, &base.version).is_le();
        if !versioned.iter().any(before) {
            versioned.push(base)
        } else {
            reading.aside(
                base.path,
                "a new database begins with it instead of the versions up to its own; \
             those are run here",
            )
        }
    }
    versioned.sort_by(|a, b| compare(&a.version, &b.version).then_with(|| a.path.cmp(b.path)));
    let undone = of('U').next().is_some();
    for named in &versioned {
        let undo = of('U').find(|undo| compare(&undo.version, &named.version).is_eq());
        let version = named.version_text();
        let step = Migration::named(stem(file_name(named.path)), Down::Unsupported);
        let mut step = step.with_version(version);
        step.down = match undo.filter(|undo| !undo.code) {
            Some(undo) => Down::of(script(tree, undo.path, options)?),
            None if undone => Down::Missing,
            None => Down::Unsupported,
        };
        step.down_no_transaction = undo.is_some_and(|undo| alone(tree, undo.path));
        forward(tree, named, step, options, &mut reading)?;
    }
    let mut repeated: Vec<&Named<'_>> = of('R').collect();
    repeated.sort_by_key(|named| named.description);
    for named in repeated {
        let step = Migration::named(stem(file_name(named.path)), Down::Unsupported);
        forward(tree, named, step, options, &mut reading)?;
    }
    report_conflicts(&versioned, of('U'), &mut reading);
    Ok(reading)
}

fn forward(
    tree: &Tree,
    named: &Named<'_>,
    mut step: Migration,
    options: &Options,
    reading: &mut Reading,
) -> Result<(), InputError> {
    if named.code {
        reading.gap(named.path, "it is code, which is not run here");
        return Ok(());
    }
    step.no_transaction = alone(tree, named.path);
    step.up = Some(script(tree, named.path, options)?);
    reading.step(step);
    Ok(())
}

/// Reports versions that two files have, and undo migrations of no version.
fn report_conflicts<'a>(
    versioned: &[&Named<'_>],
    undos: impl Iterator<Item = &'a Named<'a>>,
    reading: &mut Reading,
) {
    let same = versioned.iter();
    let same = same.map(|named| (named.version_text(), named.path.to_owned()));
    let then = "flyway refuses to run; give one of them a later version";
    report_shared(reading, same, Harm::Certain, then);
    for undo in undos {
        if undo.code {
            reading.aside(undo.path, "it is code, which is not run here");
        }
        if !versioned
            .iter()
            .any(|named| compare(&named.version, &undo.version).is_eq())
        {
            reading.aside(undo.path, "it goes back from a version that there is not");
        }
    }
}

fn script(tree: &Tree, path: &str, options: &Options) -> Result<Script, InputError> {
    let text = tree.text(path)?;
    let replaced = configured(tree, path, "placeholderReplacement").as_deref() != Some("false");
    Ok(if replaced {
        Script::whole(
            path,
            &placeholders::placeholders(tree, path, &text, options)?,
        )
    } else {
        Script::whole(path, &text)
    })
}

fn alone(tree: &Tree, path: &str) -> bool {
    let beside = configured(tree, path, "executeInTransaction");
    let inside = || {
        let text = tree.text(path).ok()?;
        let said = |line: &str| {
            let said = line
                .trim()
                .strip_prefix("--")?
                .trim()
                .strip_prefix("flyway:")?;
            let value = said
                .strip_prefix("executeInTransaction")?
                .trim()
                .strip_prefix('=')?;
            Some(value.trim().to_ascii_lowercase())
        };
        text.lines().find_map(said)
    };
    beside.or_else(inside).as_deref() == Some("false")
}

/// The value of a key in the configuration beside a script.
fn configured(tree: &Tree, path: &str, key: &str) -> Option<String> {
    let config = format!("{path}.conf");
    let text = tree.has_file(&config).then(|| tree.text(&config).ok())??;
    let line = text.lines().find_map(|line| {
        line.trim()
            .strip_prefix(key)?
            .trim_start()
            .strip_prefix('=')
    });
    line.map(|value| value.trim().to_ascii_lowercase())
}
