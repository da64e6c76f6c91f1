//! SQLDelight: `1.sqm`, `2.sqm` …, each from the version of its number to the next, beside `*.sq`.
//!
//! - The version is the digits of the name. A `.sq` file describes the newest schema, and the first
//!   version of the schema is 1; so the migrations start from a schema that no file shows, unless a
//!   database `1.db` is there, against which the plugin verifies them:
//!   <https://sqldelight.github.io/sqldelight/2.0.2/multiplatform_sqlite/migrations/>.
//! - With `deriveSchemaFromMigrations` the migrations create all tables, and `.sq` files have only
//!   queries:
//!   <https://sqldelight.github.io/sqldelight/2.0.2/jvm_postgresql/>.
//! - A column may name its class, as in `INTEGER AS Boolean`, and a file may import classes; both
//!   are for the compiler and are no SQL:
//!   <https://sqldelight.github.io/sqldelight/2.0.2/jvm_sqlite/types/>.
//! - There is no down migration.

use schema::sql;

use crate::collect::{Reading, report_shared};
use crate::fault::Harm;
use crate::fit::Fit;
use crate::history::{Down, Migration, Script};
use crate::input_error::InputError;
use crate::options::Options;
use crate::remedy::Remedy;
use crate::source_tree::Tree;

/// The version from which a file migrates.
fn version(path: &str, ending: &str) -> Option<u64> {
    let name = path.rsplit('/').next()?.strip_suffix(ending)?;
    let digits: String = name.chars().filter(char::is_ascii_digit).collect();
    digits.parse().ok()
}

pub(crate) fn fit(tree: &Tree) -> Result<Fit, InputError> {
    let files = tree.all_files();
    let step = files.iter().find(|path| version(path, ".sqm").is_some());
    Ok(match step {
        Some(path) => Fit::Sure(format!("`{path}` is SQLDelight's")),
        None => Fit::No("no file is named like `1.sqm`".to_owned()),
    })
}

pub(crate) fn read(tree: &Tree, options: &Options) -> Result<Reading, InputError> {
    let mut reading = Reading::default();
    let mut found: Vec<(u64, &str)> = Vec::new();
    for path in tree.all_files() {
        match version(path, ".sqm") {
            Some(version) => found.push((version, path)),
            None if path.ends_with(".sqm") => reading.aside(path, "its name has no number"),
            None => {}
        }
    }
    found.sort_unstable();
    let mut texts = Vec::new();
    for (_, path) in &found {
        texts.push(without_classes(&tree.text(path)?));
    }
    let start = start(tree);
    let skipped = |version: u64| start.is_some_and(|(from, _)| version < from);
    if start.is_none() && !options.has_base && needs_base(tree, &texts)? {
        let what = "has migrations from version 1 on, and no schema of version 1: the `.sq` files \
                    describe the newest one";
        return Err(InputError::new(tree.root(), what, "").with_remedy(Remedy::GiveBase));
    }
    for ((version, path), text) in found.iter().zip(&texts) {
        if skipped(*version) && !options.has_base {
            let why = "it leads to the version of the oldest `.db` file, and is not run";
            reading.aside(*path, why);
            continue;
        }
        let name = path.strip_suffix(".sqm").unwrap_or(path);
        let step = Migration::named(name, Down::Unsupported);
        let mut step = step.with_version(version);
        step.up = Some(Script::whole(*path, text));
        reading.step(step);
    }
    if !options.has_base {
        reading.base = start.map(|(_, path)| tree.path(path));
    }
    let same = found.iter();
    let same = same.map(|(version, path)| (*version, (*path).to_owned()));
    let then = "SQLDelight runs both in an order that their names do not give; give one of them \
                the next number";
    report_shared(&mut reading, same, Harm::Possible, then);
    Ok(reading)
}

/// The database of the oldest version that the folder has.
fn start(tree: &Tree) -> Option<(u64, &str)> {
    let files = tree.all_files().into_iter();
    let databases = files.filter_map(|path| Some((version(path, ".db")?, path)));
    databases.min()
}

/// Whether the migrations start from tables that they do not create.
fn needs_base(tree: &Tree, texts: &[String]) -> Result<bool, InputError> {
    let creates = |text: &str| {
        let statements = sql::statements(text);
        let mut words = statements.iter().map(|statement| words(statement.text));
        words.any(|words| {
            words.first().is_some_and(|word| word == "create")
                && words.contains(&"table".to_owned())
        })
    };
    for path in tree.all_files() {
        if path.ends_with(".sq") && creates(&tree.text(path)?) {
            return Ok(true);
        }
    }
    // A table that is changed before any statement creates it.
    let mut known: Vec<String> = Vec::new();
    for text in texts {
        for statement in sql::statements(text) {
            let words = words(statement.text);
            let words: Vec<&str> = words.iter().map(String::as_str).collect();
            match words.as_slice() {
                ["alter", "table", name, ..] if !known.iter().any(|own| own == name) => {
                    return Ok(true);
                }
                ["create", "table", "if", "not", "exists", name, ..]
                | ["create", "table", name, ..]
                | ["alter", "table", _, "rename", "to", name, ..] => known.push((*name).to_owned()),
                _ => {}
            }
        }
    }
    Ok(false)
}

/// The words of a statement, in lower case and without quotes.
fn words(statement: &str) -> Vec<String> {
    let canonical = sql::fold(&sql::canonical(statement));
    let split = canonical.split(|c: char| c.is_whitespace() || ['(', ')', ','].contains(&c));
    let words = split.filter(|word| !word.is_empty());
    words
        .map(|word| word.trim_matches(['"', '`', '[', ']', ';']).to_owned())
        .collect()
}

/// The text with spaces in place of imports and of the classes of columns.
fn without_classes(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for line in text.split_inclusive('\n') {
        let is_import = line.trim_start().starts_with("import ") && line.trim_end().ends_with(';');
        if is_import {
            out.extend(
                line.chars()
                    .map(|c| if c.is_whitespace() { c } else { ' ' }),
            );
        } else {
            out.push_str(&without_class(line));
        }
    }
    out
}

/// A line without `AS Class` after the type of a column.
fn without_class(line: &str) -> String {
    let mut out = line.to_owned();
    for (at, word) in line.match_indices(" AS ") {
        let rest = line.get(at + word.len()..).unwrap_or_default();
        let is_name = |c: char| c.is_alphanumeric() || ['.', '_', '<', '>', '?'].contains(&c);
        let end = rest.find(|c: char| !is_name(c)).unwrap_or(rest.len());
        let class = rest.get(..end).unwrap_or_default();
        let last = class.rsplit('.').next().unwrap_or_default();
        let types = ["INTEGER", "TEXT", "REAL", "BLOB", "NUMERIC"];
        let before = line.get(..at).unwrap_or_default();
        let typed = types
            .iter()
            .any(|own| before.to_ascii_uppercase().ends_with(own));
        if typed && last.starts_with(|c: char| c.is_ascii_uppercase()) {
            let blank = " ".repeat(word.len() + class.len());
            out.replace_range(at..at + word.len() + class.len(), &blank);
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_and_imports_are_no_sql() {
        let text = "import kotlin.Boolean;\nCREATE TABLE a (\n  done INTEGER AS Boolean NOT NULL,\n\
                    b TEXT AS x.y.Kind\n);\nCREATE VIEW v AS SELECT done AS Done FROM a;\n";
        let plain = without_classes(text);
        assert_eq!(plain.len(), text.len());
        assert!(
            !plain.contains("Boolean") && !plain.contains("Kind"),
            "{plain}"
        );
        assert!(plain.contains("SELECT done AS Done FROM a"), "{plain}");
    }
}
