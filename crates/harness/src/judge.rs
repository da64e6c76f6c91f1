//! Judges a history: what would lose rows, fail on real rows, or not come back, run as its tool runs it.
//!
//! ```text
//! History ─▶ model (how its tool runs a file) ─▶ chain (every version, empty) ─┬▶ each step forward and back on rows
//!                                                                              └▶ the long run from several starts
//!                                                                                             │
//!                                                                        findings ◀───────────┘
//! ```
//!
//! A [`History`] may come from anybody's folder. Nothing needs to be declared: what a step says in so many words
//! (`DROP TABLE`, `UPDATE`) is told as a warning or a note, and what it does without saying so is an error.
//! Everything runs in memory, and no statement reaches another file.

// How the tool runs a script.
mod foreign;
mod model;
mod run;
mod said;

// Databases to run it on.
mod chain;
mod fill;
mod images;
mod keys;
mod look;
mod mended;
mod slim;
mod touch;

// What of it is harm.
mod class;
mod finding;
mod health;
mod lineage;
mod loss;
mod remade;
mod rows;
mod structure;
mod values;

// Which runs are made, and what they tell.
mod bare;
mod failure;
mod long;
mod merge;
mod progress;
mod repeat;
mod step;
mod together;
mod verdict;
mod watch;
mod weigh;

// How it is told.
pub mod format;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use rusqlite::Connection;

pub use finding::{Class, Direction, Finding, Severity, When};
pub use model::{ForeignKeys, Model, Transaction};
pub use progress::Progress;
pub use verdict::{Judged, Unjudged, Verdict};
pub(crate) use watch::until;

use crate::fixture;
use crate::folder::History;
use crate::sandbox::Deadline;

/// How a history is judged.
#[derive(Clone, Debug)]
pub struct Options {
    /// Foreign keys on or off, whatever the tool does.
    pub foreign_keys: Option<bool>,
    /// What a transaction is opened around, whatever the tool does.
    pub transaction: Option<Transaction>,
    /// Whether a `DROP` or `DELETE` that a step spells out is a note and not a warning.
    pub allow_drops: bool,
    /// How long one statement may take, counted in work and not by a clock.
    pub statement_timeout: Duration,
    /// After how long the judgement ends with what was found so far.
    pub timeout: Duration,
    /// Functions that the application registers, with their number of arguments, -1 for any. They return NULL.
    pub stub_functions: Vec<(String, i32)>,
    /// The database that the history begins from; see [`Options::base`].
    pub base: Vec<u8>,
    /// The first step that is judged; earlier ones still run.
    pub from: Option<String>,
    /// The last step that is run.
    pub to: Option<String>,
    /// The steps that are judged, where not all of these are.
    pub only: Option<BTreeSet<String>>,
    /// How many rows a table gets at most.
    pub rows: usize,
    /// From how many versions the long run starts.
    pub starts: usize,
    /// What the rows are made from.
    pub seed: u64,
    /// The words of the command that is told as the one that shows a finding again; the folder, its layout and the
    /// step are added.
    pub command: Vec<String>,
    /// Called when a run has ended, from any thread.
    pub progress: Option<fn(&Progress)>,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            foreign_keys: None,
            transaction: None,
            allow_drops: false,
            statement_timeout: Duration::from_secs(5),
            timeout: Duration::from_secs(300),
            stub_functions: Vec::new(),
            base: Vec::new(),
            from: None,
            to: None,
            only: None,
            rows: 5,
            starts: 20,
            seed: 1,
            command: vec!["verify-migrations".to_owned()],
            progress: None,
        }
    }
}

impl Options {
    /// Lets the history begin from a database that was made elsewhere.
    ///
    /// # Errors
    /// When the database cannot be copied.
    pub fn base(mut self, database: &Connection) -> Result<Options, String> {
        self.base = fixture::image(database)?;
        Ok(self)
    }
}

/// Judges all steps of `history`, or those that `options` name.
///
/// # Errors
/// When a step that `options` name is not there, or no database can be opened in memory.
pub fn judge(history: &History, options: &Options) -> Result<Verdict, String> {
    let deadline = Deadline::after(options.timeout);
    judge_until(history, options, &Arc::new(deadline))
}

/// The same as a part of a run that began earlier.
pub(crate) fn judge_until(
    history: &History,
    options: &Options,
    deadline: &Arc<Deadline>,
) -> Result<Verdict, String> {
    together::judge(history, options, deadline)
}
