//! Drizzle: `0000_name.sql` as `meta/_journal.json` lists them; from version 1 on,
//! `<time>_name/migration.sql` with `snapshot.json` beside it.
//!
//! - The journal's order is the order, and what it does not list never runs; a file that is missing
//!   is an error; the text is cut at each `--> statement-breakpoint`, at any place, and each
//!   part is run by itself:
//!   <https://github.com/drizzle-team/drizzle-orm/blob/main/drizzle-orm/src/migrator.ts>.
//! - Only entries whose `when` is later than that of the last one applied are run, so that an entry
//!   which is dated before an earlier one is left out on every database that has the earlier one:
//!   <https://github.com/drizzle-team/drizzle-orm/blob/main/drizzle-orm/src/sqlite-core/dialect.ts>.
//! - There is no down migration. Folders are read in the order of their names as text:
//!   <https://orm.drizzle.team/docs/migrations>.

use std::ops::Range;

use serde::Deserialize;

use crate::collect::{Reading, lines, report_shared};
use crate::fault::{Fault, FaultKind, Harm};
use crate::fit::Fit;
use crate::history::{Down, Migration, Script};
use crate::input_error::InputError;
use crate::options::Options;
use crate::source_tree::Tree;

const JOURNAL: &str = "meta/_journal.json";
const BREAKPOINT: &str = "--> statement-breakpoint";

#[derive(Deserialize)]
struct Journal {
    #[serde(default)]
    dialect: String,
    entries: Vec<Entry>,
}

#[derive(Deserialize)]
struct Entry {
    tag: String,
    #[serde(default)]
    when: f64,
}

fn folders(tree: &Tree) -> Vec<&str> {
    let mut names = tree.folders("");
    names.retain(|name| {
        tree.has_file(&format!("{name}/migration.sql"))
            && tree.has_file(&format!("{name}/snapshot.json"))
    });
    names.sort_unstable();
    names
}

pub(crate) fn fit(tree: &Tree) -> Result<Fit, InputError> {
    if tree.has_file(JOURNAL) {
        return Ok(Fit::Sure(format!("`{JOURNAL}` is Drizzle's")));
    }
    Ok(match folders(tree).first() {
        Some(name) => Fit::Sure(format!(
            "`{name}` holds `migration.sql` and `snapshot.json`"
        )),
        None => Fit::No(format!("there is no `{JOURNAL}`")),
    })
}

pub(crate) fn read(tree: &Tree, _: &Options) -> Result<Reading, InputError> {
    let mut reading = Reading::default();
    if !tree.has_file(JOURNAL) {
        for name in folders(tree) {
            reading.step(step(tree, name, &format!("{name}/migration.sql"))?);
        }
        return Ok(reading);
    }
    let text = tree.text(JOURNAL)?;
    let journal = journal(tree, &text)?;
    if !["", "sqlite", "turso"].contains(&journal.dialect.as_str()) {
        let what = format!("is of a folder for `{}`, not for SQLite", journal.dialect);
        let hint = "only SQLite's migrations can be run here";
        return Err(InputError::new(&tree.path(JOURNAL), &what, hint));
    }
    let mut latest: Option<&Entry> = None;
    for entry in &journal.entries {
        let file = format!("{}.sql", entry.tag);
        if !tree.has_file(&file) {
            let why = format!(
                "the journal lists `{}`, and there is no `{file}`: drizzle stops there",
                entry.tag
            );
            reading.refuse_unrun(file, why);
            continue;
        }
        if let Some(earlier) = latest.filter(|earlier| earlier.when >= entry.when) {
            let why = format!(
                "the journal dates `{}` no later than `{}`, which runs before it: drizzle never \
                 runs it on a database that has `{1}`; give it a later `when`",
                entry.tag, earlier.tag
            );
            let mut fault = Fault::new(FaultKind::OutOfOrder, Harm::Certain, &*file, why);
            fault.related.push(format!("{}.sql", earlier.tag));
            reading.faults.push(fault);
        }
        // What drizzle records is the time.
        let step = step(tree, &entry.tag, &file)?;
        reading.step(step.with_version(entry.when));
        if latest.is_none_or(|earlier| earlier.when < entry.when) {
            latest = Some(entry);
        }
    }
    for file in tree
        .files("")
        .into_iter()
        .filter(|file| file.ends_with(".sql"))
    {
        if !journal
            .entries
            .iter()
            .any(|entry| file.strip_suffix(".sql") == Some(&entry.tag))
        {
            reading.aside(file, "the journal does not list it; drizzle never runs it");
        }
    }
    let tags = journal
        .entries
        .iter()
        .map(|entry| (entry.tag.clone(), format!("{}.sql", entry.tag)));
    let then = "the journal lists it more than once, and drizzle runs it each time";
    report_shared(&mut reading, tags, Harm::Certain, then);
    Ok(reading)
}

fn journal(tree: &Tree, text: &str) -> Result<Journal, InputError> {
    serde_json::from_str(text).map_err(|error| {
        let line = lines(text).nth(error.line().saturating_sub(1));
        let offset = line.map_or(0, |line| {
            line.start + error.column().saturating_sub(1).min(line.text.len())
        });
        let what = format!("is no journal: {error}");
        let hint = "make it again with `drizzle-kit generate`, or take it from version control";
        InputError::at(&tree.path(JOURNAL), text, offset, &what, hint.to_owned())
    })
}

fn step(tree: &Tree, name: &str, file: &str) -> Result<Migration, InputError> {
    let text = tree.text(file)?;
    let mut script = Script::whole(file, &text);
    script.pieces = pieces(&text);
    let mut step = Migration::named(name, Down::Unsupported);
    step.up = Some(script);
    Ok(step)
}

fn pieces(text: &str) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut start = 0;
    for (at, _) in text.match_indices(BREAKPOINT) {
        found.push(start..at);
        start = at + BREAKPOINT.len();
    }
    found.push(start..text.len());
    found
}
