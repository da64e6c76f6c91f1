//! The project's commands, one file per verb.
//!
//! This crate is small, so that a command starts at once, and still works when the catalogue does
//! not compile (a missing `down.sql` is a compile error). The verbs that need the compiled
//! catalogue are in `xtask/catalogue`, and benchmarks in `xtask/bench`; [`program::run`] builds and
//! calls them.

pub mod version_folders;
pub mod cli;
// The module of `schema`, included as a file, so that nothing here waits for that crate to compile.
#[path = "../../crates/schema/src/escape.rs"]
pub mod escape;
pub mod program;
pub mod project;
pub mod screen;
pub mod verb;

use std::fmt;
use std::process::ExitCode;

/// The reason why a command failed, as text, with remedies.
#[derive(Debug)]
pub struct Failure {
    message: String,
    hints: Vec<String>,
}

/// The result of a verb: whether everything is fine, or the reason why it could not work.
pub type Verdict = Result<bool, Failure>;

impl Failure {
    /// A failure without hints.
    pub fn new(message: impl fmt::Display) -> Failure {
        Failure {
            message: message.to_string(),
            hints: Vec::new(),
        }
    }

    /// Adds a sentence with a remedy.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hints.push(hint.into());
        self
    }

    /// Adds the operation that failed in front of the message.
    #[must_use]
    pub fn within(mut self, what: &str) -> Failure {
        self.message = format!("{what}: {}", self.message);
        self
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let message = self.message.trim_start_matches("error: ").trim_end();
        write!(f, "error: {}", escape::lines(message))?;
        for hint in &self.hints {
            write!(f, "\nhint: {}", escape::line(hint))?;
        }
        Ok(())
    }
}

/// The exit code of a program that did its work but could not print the result.
const UNPRINTED: u8 = 5;

/// The exit code for a verdict: 0 if everything is fine, otherwise 1, after printing the reason of
/// a failure; 5 if everything is fine but could not be printed.
pub fn exit(verdict: Verdict) -> ExitCode {
    match verdict {
        Ok(true) if screen::has_lost() => ExitCode::from(UNPRINTED),
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => {
            screen::complain(format_args!("{failure}"));
            ExitCode::FAILURE
        }
    }
}

impl From<String> for Failure {
    fn from(message: String) -> Failure {
        Failure::new(message)
    }
}
