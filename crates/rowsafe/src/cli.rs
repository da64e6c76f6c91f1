//! The command line of `rowsafe`: one file a verb.

mod diff;
mod check;
mod man;
mod nearest;

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use schema::escape;

use folders::InputError;

const AFTER: &str = "\
Exit codes:
  0  nothing found, or nothing new
  1  something found
  2  the work could not be done in whole, or the result could not be printed";

/// Change a SQLite schema without losing a row.
#[derive(Debug, Parser)]
#[command(name = "rowsafe", version, arg_required_else_help = true, after_help = AFTER)]
struct Command {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Check a folder of SQLite migrations, whatever tool they were written for
    ///
    /// Runs the migrations in memory on generated rows, as their tool runs them, and reports what would lose
    /// rows, fail on real rows or not come back.
    Check(Box<check::Arguments>),
    /// Compare two schemas by meaning, each a database file or a file of SQL
    Diff(diff::Arguments),
    /// Print the manual page, such as `rowsafe man > rowsafe.1`
    Man(man::Page),
    /// Print the completions for a shell
    Completions(man::Completions),
}

/// How a verb ended that did its work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    Clean,
    /// Something was found.
    Found,
    /// Nothing was found, and not everything was read and tried.
    Incomplete,
}

impl Outcome {
    fn of(found: bool) -> Outcome {
        if found {
            Outcome::Found
        } else {
            Outcome::Clean
        }
    }
}

/// Why a verb could not do its work.
#[derive(Debug)]
enum Failure {
    Refused(InputError),
    /// A whole text, told already as errors are.
    Told(String),
    Output(io::Error),
}

impl From<InputError> for Failure {
    fn from(refusal: InputError) -> Failure {
        Failure::Refused(refusal)
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Output(error)
    }
}

/// Runs the command with the arguments of the process. The exit code is 0 where all is well, 1 where
/// something was found, and 2 where there is no result.
pub fn main() -> ExitCode {
    let words: Vec<OsString> = env::args_os().collect();
    let matches = match matches(&words) {
        Ok(matches) => matches,
        Err(code) => return code,
    };
    let command = Command::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    // Nothing is printed before the work is done.
    let mut output = Vec::new();
    sandbox::limit_memory();
    let done = match &command.verb {
        Verb::Check(arguments) => check_folder(arguments, &words, &matches, &mut output),
        Verb::Diff(arguments) => diff::run(arguments, &mut output).map(Outcome::of),
        Verb::Man(arguments) => {
            man::page(arguments, Command::command(), &mut output).map(Outcome::of)
        }
        Verb::Completions(arguments) => {
            man::completions(arguments, Command::command(), &mut output).map(Outcome::of)
        }
    };
    let done = done.and_then(|found| print(&output).map(|()| found).map_err(Failure::from));
    match done {
        Ok(Outcome::Clean) => ExitCode::SUCCESS,
        Ok(Outcome::Found) => ExitCode::from(1),
        Ok(Outcome::Incomplete) => ExitCode::from(2),
        Err(failure) => {
            let text = match failure {
                Failure::Refused(refusal) => refusal.report(),
                Failure::Told(text) => text,
                Failure::Output(error) => unprinted(&error),
            };
            complain(&text);
            ExitCode::from(2)
        }
    }
}

/// The command line, or the exit code of one that asks for help or makes no sense.
fn matches(words: &[OsString]) -> Result<ArgMatches, ExitCode> {
    Command::command()
        .try_get_matches_from(words)
        .map_err(|usage| {
            if !usage.use_stderr() {
                let printed = print(usage.render().to_string().as_bytes());
                let failed = printed.inspect_err(|error| complain(&unprinted(error)));
                return ExitCode::from(if failed.is_ok() { 0 } else { 2 });
            }
            // It repeats what was typed, which may be the name of a file.
            let words = words.iter().map(|word| word.to_string_lossy());
            let words = words.map(|word| escape::line(&word).into_owned());
            let usage = Command::command()
                .try_get_matches_from(words)
                .err()
                .unwrap_or(usage);
            complain(&escape::lines(&usage.render().to_string()));
            ExitCode::from(2)
        })
}

/// Whoever closed the pipe has read enough.
fn print(text: &[u8]) -> io::Result<()> {
    let mut stdout = io::stdout().lock();
    match stdout.write_all(text).and_then(|()| stdout.flush()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        _ => Ok(()),
    }
}

fn unprinted(error: &io::Error) -> String {
    format!(
        "error: the result could not be printed: {error}\nhint: run it again, where the result can be printed; \
         files that the options name are written\n"
    )
}

/// When nobody listens there either, nothing can be told.
fn complain(text: &str) {
    let _ = io::stderr().write_all(text.as_bytes());
}

/// Checks a folder with the options of the command line and of the folder's file.
fn check_folder(
    arguments: &check::Arguments,
    words: &[OsString],
    given: &ArgMatches,
    output: &mut dyn Write,
) -> Result<Outcome, Failure> {
    let definitions = Command::command();
    let (Some(verb), Some((name, given))) =
        (definitions.find_subcommand("check"), given.subcommand())
    else {
        return check::run(arguments, None, output);
    };
    let Some(config) = check::config::read(&arguments.folder, verb, given)? else {
        return check::run(arguments, None, output);
    };
    // Before all others, where no `--` can precede them.
    let mut words = words.to_vec();
    let verb = words.iter().position(|word| word == name).unwrap_or(0);
    words.splice(verb + 1..verb + 1, config.words);
    let matches = Command::command().get_matches_from(words);
    let command = Command::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    match &command.verb {
        Verb::Check(arguments) => check::run(arguments, Some(&config.path), output),
        _ => check::run(arguments, Some(&config.path), output),
    }
}
