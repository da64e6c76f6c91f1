//! The project's commands, one file a verb.
//!
//! This crate is small, so that a command answers at once and can still say what is wrong when the
//! catalogue does not compile (a missing `down.sql` is a compile error). The verbs that need the
//! compiled catalogue live in `xtask/catalogue`, and measuring in `xtask/bench`; [`program::run`]
//! builds and calls them.

pub mod version_folders;
pub mod cli;
// The one of `schema`, in its own file: nothing here waits for that crate.
#[path = "../../crates/schema/src/escape.rs"]
pub mod escape;
pub mod program;
pub mod project;
pub mod screen;
pub mod verb;

use std::fmt;
use std::process::ExitCode;

/// Why a command failed, as text, with what to do next.
#[derive(Debug)]
pub struct Failure {
    message: String,
    hints: Vec<String>,
}

/// The result of a verb: whether all is well, or the reason that it could not work.
pub type Verdict = Result<bool, Failure>;

impl Failure {
    /// A failure without hints.
    pub fn new(message: impl fmt::Display) -> Failure {
        Failure {
            message: message.to_string(),
            hints: Vec::new(),
        }
    }

    /// The same with a sentence about what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Failure {
        self.hints.push(hint.into());
        self
    }

    /// The same, with what was being done in front.
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

/// The exit code of a program that did its work and could not print the result.
const UNPRINTED: u8 = 5;

/// The exit code of a program that ends so: 0 where all is well, else 1, after saying why it could
/// not work; 5 where all is well and could not be printed.
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
