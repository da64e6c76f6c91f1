//! The command `verify-migrations`: one file a verb.

mod diff;

use std::io::{self, Write};
use std::process::ExitCode;

use clap::{Parser, Subcommand, ValueEnum};

use crate::source::Unreadable;

/// Finds what a change of a SQLite schema would lose.
#[derive(Debug, Parser)]
#[command(name = "verify-migrations", version, arg_required_else_help = true)]
struct Command {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Compares two schemas by meaning, each a database file or a file of SQL, and names every change
    Diff(diff::Arguments),
}

/// How to print.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// For people.
    Text,
    /// One JSON document.
    Json,
}

/// Why a verb could not do its work.
#[derive(Debug)]
enum Failure {
    Unreadable(Unreadable),
    Output(io::Error),
}

impl From<Unreadable> for Failure {
    fn from(error: Unreadable) -> Failure {
        Failure::Unreadable(error)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Output(error)
    }
}

/// Runs the command with the arguments of the process. The exit code is 0 where all is well, 1 where
/// something was found, and 2 where the work could not be done.
pub fn main() -> ExitCode {
    let command = Command::parse();
    let mut output = io::BufWriter::new(io::stdout().lock());
    let done = match &command.verb {
        Verb::Diff(arguments) => diff::run(arguments, &mut output),
    };
    let done = done.and_then(|found| output.flush().map(|()| found).map_err(Failure::from));
    match done {
        Ok(false) => ExitCode::SUCCESS,
        Ok(true) => ExitCode::from(1),
        // Whoever closed the pipe has read enough.
        Err(Failure::Output(error)) if error.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::from(1)
        }
        Err(failure) => {
            let text = match failure {
                Failure::Unreadable(error) => error.report(),
                Failure::Output(error) => {
                    format!("error: the result could not be printed: {error}\n")
                }
            };
            // When nobody listens there either, nothing can be told.
            let _ = io::stderr().write_all(text.as_bytes());
            ExitCode::from(2)
        }
    }
}
