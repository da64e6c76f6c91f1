//! A folder of migrations that another tool's users wrote, read as that tool reads it.
//!
//! ```text
//! DIR ─▶ layout ─▶ History ─▶ the way that tool would run it ─▶ findings
//! ```

use std::path::PathBuf;

/// All migrations of one folder, in the order in which its tool runs them.
#[derive(Clone, Debug)]
pub struct History {
    /// The layout's name, such as `diesel`.
    pub layout: &'static str,
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
}

/// The way back of a migration. Its absence, its emptiness and its being there are different things.
#[derive(Clone, Debug)]
pub enum Down {
    /// SQL that goes back.
    Script(Script),
    /// A file, or a section, without a character.
    Empty(Script),
    /// A file, or a section, with comments only.
    OnlyComments(Script),
    /// The tool would look for one, and there is none.
    Missing,
    /// The tool has no way back at all.
    NoSuchThing,
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
    /// Where the statements end when the tool does not find out itself: `StatementBegin` … `StatementEnd`,
    /// `--> statement-breakpoint`. Byte ranges into `text`; empty where SQLite's own grammar decides.
    pub pieces: Vec<std::ops::Range<usize>>,
}

/// Something in the folder that cannot be run as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The file or folder, relative to the root.
    pub file: String,
    /// After which of [`History::steps`] it would have run, from 0; `None` where that cannot be said.
    pub after: Option<usize>,
    /// Why, in words.
    pub why: String,
}
