//! A history: the migrations of a folder in the order in which its tool runs them.

use std::path::PathBuf;

use crate::fault::Fault;

/// All migrations of one folder, in the order in which its tool runs them.
#[derive(Clone, Debug, Default)]
pub struct History {
    /// The layout's name, such as `diesel`.
    pub layout: &'static str,
    /// The evidence for the layout, as text.
    pub reason: String,
    /// The folder, as it was named.
    pub root: PathBuf,
    /// The migrations that can be run, in order.
    pub steps: Vec<Migration>,
    /// Parts of the history that could not be read as a migration: a step in a different language,
    /// or a name that does not fit.
    pub gaps: Vec<Gap>,
    /// The faults of the history as a whole: a version that occurs twice, a step that the tool
    /// skips, a file for which it refuses the folder.
    pub faults: Vec<Fault>,
    /// A database in the folder that the steps start from, if they do not start from an empty one.
    pub base: Option<PathBuf>,
}

/// One migration.
#[derive(Clone, Debug)]
pub struct Migration {
    /// As its folder names it, such as `0002_label` or `V2__label`.
    pub name: String,
    /// The text by which the tool records that the step was applied, such as `2`: steps of the
    /// same version are one step to it.
    pub version: String,
    /// The script that it runs; `None` if it has only a down migration.
    pub up: Option<Script>,
    /// Its down migration.
    pub down: Down,
    /// A marker in the file that keeps the tool from opening a transaction around it.
    pub no_transaction: bool,
    /// The same for its down migration.
    pub down_no_transaction: bool,
}

/// The down migration of a migration. Its absence, its emptiness and its being there are different
/// things.
#[derive(Clone, Debug)]
pub enum Down {
    /// SQL that goes back.
    Script(Script),
    /// A file, or a section, without anything but whitespace.
    Empty(Script),
    /// A file, or a section, with comments only.
    OnlyComments(Script),
    /// The tool would look for one, and there is none.
    Missing,
    /// The tool has no down migration at all, or the migration says on purpose that it has none.
    Unsupported,
}

impl Down {
    /// The script that is there, be it empty.
    pub fn script(&self) -> Option<&Script> {
        match self {
            Down::Script(script) | Down::Empty(script) | Down::OnlyComments(script) => Some(script),
            Down::Missing | Down::Unsupported => None,
        }
    }
}

/// SQL as written in a file, or in a part of one.
#[derive(Clone, Debug)]
pub struct Script {
    /// The file, relative to the root, with `/` on every system.
    pub file: String,
    /// The line in the file at which `text` begins, from 1.
    pub line: usize,
    /// The SQL, statements in order.
    pub text: String,
    /// The pieces that the tool hands to SQLite at a time, if its own rules split the text and not
    /// SQLite's grammar: `StatementBegin` … `StatementEnd`, lines that end in `;`, `-->
    /// statement-breakpoint`. Byte ranges into `text`, in order; one may contain several
    /// statements, and the text between them is not run. Empty if the text is run as it is.
    pub pieces: Vec<std::ops::Range<usize>>,
}

/// Something in the folder that cannot be run as it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gap {
    /// The file or folder, relative to the root.
    pub file: String,
    /// After which of [`History::steps`] it would have run, from 0; `None` if that is before all
    /// of them or cannot be said.
    pub after: Option<usize>,
    /// Why, as text.
    pub why: String,
}
