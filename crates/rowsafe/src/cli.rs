//! The command line of `rowsafe`: one file a verb.

#![expect(
    clippy::disallowed_methods,
    reason = "the command reads and writes what its user names"
)]

mod check;
mod diff;
mod man;
mod nearest;
mod outcome;

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use schema::escape;

use check::CommandLine;
use outcome::{Failure, Outcome};

const AFTER: &str = "\
Exit codes:
  0  no findings that fail the check, or no changes
  1  findings, or changes
  2  not everything was read and tried, or the result could not be printed";

/// Change a SQLite schema without losing a row.
#[derive(Debug, Parser)]
#[command(name = "rowsafe", version, arg_required_else_help = true, after_help = AFTER)]
struct Command {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Check a folder of SQLite migrations of any tool
    ///
    /// Run the migrations in memory on generated rows, as their tool runs them, and report each one
    /// that loses rows, fails on real rows or cannot be reverted.
    Check(Box<check::Arguments>),
    /// Compare two schemas by meaning; each is a database file or an SQL file
    Diff(diff::Arguments),
    /// Print the manual page, as in `rowsafe man > rowsafe.1`
    Man(man::Page),
    /// Print the completions for a shell
    Completions(man::Completions),
}

/// Runs the command with the arguments of the process. The exit code is 0 without findings, 1 with
/// findings, and 2 without a result.
pub fn main() -> ExitCode {
    let words: Vec<OsString> = env::args_os().collect();
    let matches = match parse(&words) {
        Ok(matches) => matches,
        Err(code) => return code,
    };
    let command = Command::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    // Nothing is printed before the work is done.
    let mut output = Vec::new();
    sandbox::limit_memory();
    let done = match &command.verb {
        Verb::Check(arguments) => {
            let line = CommandLine {
                definitions: Command::command(),
                words: &words,
                matches: &matches,
            };
            check::run(arguments, &line, &mut output)
        }
        Verb::Diff(arguments) => diff::run(arguments, &mut output).map(Outcome::from_found),
        Verb::Man(arguments) => {
            man::write_page(arguments, Command::command(), &mut output).map(|()| Outcome::Clean)
        }
        Verb::Completions(arguments) => {
            man::write_completions(arguments, Command::command(), &mut output)
                .map(|()| Outcome::Clean)
        }
    };
    // A verb that failed may have written where it failed, in the format that was asked for.
    let printed = print(&output).map_err(Failure::from);
    let done = done.and_then(|outcome| printed.map(|()| outcome));
    match done {
        Ok(Outcome::Clean) => ExitCode::SUCCESS,
        Ok(Outcome::Found) => ExitCode::from(1),
        Ok(Outcome::Incomplete) => ExitCode::from(2),
        Err(failure) => {
            complain(&failure.report());
            ExitCode::from(2)
        }
    }
}

/// The parsed command line, or the exit code of one that asks for help or is wrong.
fn parse(words: &[OsString]) -> Result<ArgMatches, ExitCode> {
    Command::command()
        .try_get_matches_from(words)
        .map_err(|usage| {
            if !usage.use_stderr() {
                let printed = print(usage.render().to_string().as_bytes()).map_err(Failure::from);
                let failed = printed.inspect_err(|failure| complain(&failure.report()));
                return ExitCode::from(if failed.is_ok() { 0 } else { 2 });
            }
            // The text repeats the words of the command line, which may be names of files.
            let escaped = words.iter().map(|word| word.to_string_lossy());
            let escaped = escaped.map(|word| escape::line(&word).into_owned());
            let usage = Command::command()
                .try_get_matches_from(escaped)
                .err()
                .unwrap_or(usage);
            let text = escape::lines(&usage.render().to_string());
            // Nothing is left to do if standard output is closed: the text follows on the other.
            let _ = print(&check::FailureLog::from_words(words).write(&text));
            complain(&text);
            ExitCode::from(2)
        })
}

/// Prints the result. A pipe that its reader closed is no failure.
fn print(text: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

/// Prints an error. A failure to do so cannot be reported anywhere.
fn complain(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}
