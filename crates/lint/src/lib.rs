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

mod rule;
mod finding;
mod error;
mod options;

mod script;
mod runner;
mod checks;

mod reproduce;
mod merge;
mod verdict;
mod analysis;
pub mod report;

pub use analysis::{check, check_until};
pub use error::{Error, ErrorKind};
pub use finding::{Direction, Finding, Severity, When};
pub use options::Options;
pub use rule::Rule;
pub use runner::progress::Progress;
pub use runner::tool_model::{ForeignKeys, Model, Transaction};
pub use runner::watch::until;
pub use verdict::{Judged, Unjudged, Verdict};

/// The README's example runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
