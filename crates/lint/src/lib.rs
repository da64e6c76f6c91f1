//! Checks a history of migrations: runs it as its tool runs it, and reports what would lose rows,
//! fail on real rows, or not come back.
//!
//! A check is a pipeline of values. Each stage takes the value of the one before it and returns its
//! own; none calls another. Only the passes, and the driver above them, call more than one.
//!
//! ```text
//! History ─▶ statements ─▶ executions ─▶ state differences ─▶ diagnostics ─▶ findings ─▶ report
//!   folders    script        runner        differences          checks         merge      report
//!                                                                              group
//!
//!   Request ▸ Step ▸ Chain, StepOutcome ▸ ScriptEffect ▸ Diagnostic ▸ Finding ▸ Verdict
//! ```
//!
//! - `script` cuts a script into statements, and says what each states that it does.
//! - `runner` runs scripts in memory: every version without rows (`Chain`), and each step on rows,
//!   forward and back (`StepOutcome`).
//! - `differences` compares the states before and after a script (`ScriptEffect`).
//! - `checks` reads these values and writes diagnostics. A check runs no SQL: what it needs from
//!   another run (the down migration on the empty database, the statement after which rows are
//!   gone) is a part of the value. `checks::severity` names the further rows that a step needs, and
//!   weighs the diagnostics on all of them.
//! - `faults` makes a finding of each fault of the history as a whole, such as two steps of one
//!   version; nothing runs for these.
//! - `merge` makes one finding of the diagnostics of several modes and runs; `reproduce` writes its
//!   command; `group` numbers the findings by their causes.
//! - `passes` calls the stages in this order: over each step, over the names of all versions, and
//!   over long runs from several versions. `check` makes the passes until the deadline.
//!
//! A [`History`](folders::History) may come from anybody's folder, and declares nothing. What a
//! step states (`DROP TABLE`, `UPDATE`) is a warning or a note; what it does without stating it is
//! an error. Everything runs in memory, and no statement reaches another file.

mod rule;
mod finding;
mod error;
mod options;
mod step_choice;
mod request;

mod script;
mod runner;
mod differences;
mod checks;
mod merge;
mod group;
mod reproduce;
mod faults;
mod verdict;
pub mod report;

mod analysis;
mod passes;
mod check;

pub use check::{check, check_until};
pub use error::{Error, ErrorKind};
pub use finding::{Direction, Finding, Severity, When};
pub use options::Options;
pub use rule::Rule;
pub use runner::progress::Progress;
pub use runner::tool_model::{ForeignKeys, Model, Transaction};
pub use runner::watch::until;
pub use sandbox::Collation;
pub use verdict::{Judged, Substitute, Unjudged, Untested, Verdict};

/// The README's example runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
