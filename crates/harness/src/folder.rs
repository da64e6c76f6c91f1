//! A folder of migrations that another tool's users wrote, read as that tool reads it.
//!
//! ```text
//! DIR ─▶ layout ─▶ History ─▶ the way that tool would run it ─▶ findings
//! ```
//!
//! Each layout is one file here, and says in its first lines from which page of its tool each rule is taken.
//! Nothing is run and nothing is written.

mod choose;
mod layout;
mod nearby;
mod reading;
mod refusal;
mod tree;

mod defines;
mod shell;

mod d1;
mod dbmate;
mod diesel;
mod drizzle;
mod flyway;
mod golang_migrate;
mod goose;
mod ours;
mod plain;
mod prisma;
mod refinery;
mod rusqlite_migration;
mod sqitch;
mod sql_migrate;
mod sqlx;

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

pub use crate::refusal::Refusal;
pub use layout::LayoutName;

use reading::Reading;
use tree::Tree;

/// What the person who names a folder may say of it.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The layout; told from the folder's content where it is `None`.
    pub layout: Option<LayoutName>,
    /// What names in the SQL stand for: Flyway's placeholders, and goose's environment variables.
    pub defines: Vec<(String, String)>,
}

/// Reads a folder of migrations as its tool would.
///
/// # Errors
///
/// The folder cannot be read, something in it leads outside or is no text, no layout fits or more than one
/// does, or the SQL has a name in it that [`Options::defines`] does not say.
pub fn read(root: &Path, options: &Options) -> Result<History, Refusal> {
    let tree = Tree::open(root)?;
    let (layout, reason) = choose::layout(&tree, options.layout)?;
    let mut reading = (layout.read)(&tree, options)?;
    for (path, why) in tree.odd() {
        reading.aside(path, why);
    }
    let nothing = reading.steps.is_empty() && reading.gaps.is_empty();
    if !nothing {
        unread(&tree, layout.name, &mut reading);
    }
    if nothing {
        return Err(Refusal::nothing(root, layout.name));
    }
    Ok(History {
        layout: layout.name.as_str(),
        reason,
        root: root.to_owned(),
        steps: reading.steps,
        gaps: reading.gaps,
    })
}

/// Tells of files of SQL that the layout does not read, those of a folder together: what is in them is not judged.
fn unread(tree: &Tree, layout: LayoutName, reading: &mut Reading) {
    let steps = reading.steps.iter();
    let scripts = steps.flat_map(|step| step.up.iter().chain(step.down.script()));
    let mut known: BTreeSet<&str> = scripts.map(|script| script.file.as_str()).collect();
    known.extend(reading.gaps.iter().map(|gap| gap.file.as_str()));
    // A gap may name the folder of a step.
    let within = |file: &str, folder: &&str| {
        let rest = file.strip_prefix(*folder);
        rest.is_some_and(|rest| rest.starts_with('/'))
    };
    let is_sql = |file: &&str| {
        let ending = file.len().saturating_sub(".sql".len());
        (file.get(ending..)).is_some_and(|ending| ending.eq_ignore_ascii_case(".sql"))
    };
    // What sqitch runs to check a change does not change anything.
    let checks = |file: &str| layout == LayoutName::Sqitch && file.starts_with("verify/");
    let is_known = |file: &str| {
        known.contains(file) || checks(file) || known.iter().any(|own| within(file, own))
    };
    let files = tree.all_files().into_iter().filter(is_sql);
    let rest: Vec<&str> = files.filter(|file| !is_known(file)).collect();
    if rest.is_empty() {
        return;
    }
    // A file may have been read under the name of a link to it.
    let real = |file: &str| fs::canonicalize(tree.path(file)).ok();
    let read: BTreeSet<PathBuf> = known.iter().filter_map(|file| real(file)).collect();
    let mut folders: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for file in rest {
        if real(file).is_some_and(|path| read.contains(&path)) {
            continue;
        }
        let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
        folders.entry(folder).or_default().push(name);
    }
    let mut gaps: Vec<(String, String)> = Vec::new();
    for (folder, names) in folders {
        match (folder, names.as_slice()) {
            ("", names) => {
                let own = names.iter().map(|name| {
                    let why = format!("`{layout}` does not read it under this name");
                    ((*name).to_owned(), why)
                });
                gaps.extend(own);
            }
            (folder, [name]) => {
                let why = format!("`{layout}` does not read it in this folder");
                gaps.push((format!("{folder}/{name}"), why));
            }
            (folder, names) => {
                let count = names.len();
                let why =
                    format!("{count} files of SQL are in it, which `{layout}` does not read there");
                gaps.push((format!("{folder}/"), why));
            }
        }
    }
    for (file, why) in gaps {
        reading.aside(file, why);
    }
}

/// All migrations of one folder, in the order in which its tool runs them.
#[derive(Clone, Debug)]
pub struct History {
    /// The layout's name, such as `diesel`.
    pub layout: &'static str,
    /// How that was told, in words.
    pub reason: String,
    /// The folder, as it was named.
    pub root: PathBuf,
    /// The migrations that can be run, in order.
    pub steps: Vec<Migration>,
    /// What could not be read as a migration and still belongs to the history: a step in another language, a
    /// number that is missing, twice there, or a name that does not fit.
    pub gaps: Vec<Gap>,
}

/// One migration.
#[derive(Clone, Debug)]
pub struct Migration {
    /// As its folder names it, such as `0002_label` or `V2__label`.
    pub name: String,
    /// What it runs; `None` where it has only a way back.
    pub up: Option<Script>,
    /// Its way back.
    pub down: Down,
    /// A marker in the file that keeps the tool from opening a transaction around it.
    pub no_transaction: bool,
    /// The same for its way back.
    pub down_no_transaction: bool,
}

/// The way back of a migration. Its absence, its emptiness and its being there are different things.
#[derive(Clone, Debug)]
pub enum Down {
    /// SQL that goes back.
    Script(Script),
    /// A file, or a section, without anything but blanks.
    Empty(Script),
    /// A file, or a section, with comments only.
    OnlyComments(Script),
    /// The tool would look for one, and there is none.
    Missing,
    /// The tool has no way back at all, or the migration says on purpose that it has none.
    NoSuchThing,
}

impl Down {
    /// The script that is there, be it empty.
    pub fn script(&self) -> Option<&Script> {
        match self {
            Down::Script(script) | Down::Empty(script) | Down::OnlyComments(script) => Some(script),
            Down::Missing | Down::NoSuchThing => None,
        }
    }
}

/// SQL as it stands in a file, or in a part of one.
#[derive(Clone, Debug)]
pub struct Script {
    /// The file, relative to the root, with `/` on every system.
    pub file: String,
    /// The line in the file at which `text` begins, from 1.
    pub line: usize,
    /// The SQL, statements in order.
    pub text: String,
    /// What the tool hands to SQLite at a time, where its own rules cut the text and not SQLite's grammar:
    /// `StatementBegin` … `StatementEnd`, lines that end in `;`, `--> statement-breakpoint`. Byte ranges into
    /// `text`, in order; one may hold several statements, and what lies between them is not run. Empty where
    /// the text is run as it is.
    pub pieces: Vec<std::ops::Range<usize>>,
}

/// Something in the folder that cannot be run as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The file or folder, relative to the root.
    pub file: String,
    /// After which of [`History::steps`] it would have run, from 0; `None` where that is before all of them
    /// or cannot be said.
    pub after: Option<usize>,
    /// Why, in words.
    pub why: String,
}
