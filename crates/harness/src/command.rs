//! The command `verify-migrations`: one file a verb.

mod diff;
mod folder;
mod man;
mod nearest;

use std::env;
use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{ArgMatches, CommandFactory, FromArgMatches, Parser, Subcommand};

use schema::escape;

use crate::refusal::Refusal;
use crate::sandbox;

const AFTER: &str = "Options of a folder may stand in `verify-migrations.toml`, in it or beside it. A folder that is \
called like a verb is named with `./`.

Exit codes:
  0  nothing found, or nothing that is not known
  1  something found
  2  the work could not be done, or not all of it, or the result could not be printed";

/// Finds what would lose rows, fail on real rows or not come back in a folder of SQLite migrations, whatever tool
/// they were written for.
#[derive(Debug, Parser)]
#[command(
    name = "verify-migrations",
    version,
    arg_required_else_help = true,
    args_conflicts_with_subcommands = true,
    after_help = AFTER
)]
struct Command {
    #[command(flatten)]
    folder: folder::Arguments,
    #[command(subcommand)]
    verb: Option<Verb>,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Compares two schemas by meaning, each a database file or a file of SQL, and names every change
    Diff(diff::Arguments),
    /// Prints the page for `man`, such as `verify-migrations man > verify-migrations.1`
    Man(man::Page),
    /// Prints what a shell needs to complete options
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
    Refused(Refusal),
    /// A whole text, told already as errors are.
    Told(String),
    /// A command line without a folder.
    Usage,
    Output(io::Error),
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Failure {
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
        Some(Verb::Diff(arguments)) => diff::run(arguments, &mut output).map(Outcome::of),
        Some(Verb::Man(arguments)) => {
            man::page(arguments, Command::command(), &mut output).map(Outcome::of)
        }
        Some(Verb::Completions(arguments)) => {
            man::completions(arguments, Command::command(), &mut output).map(Outcome::of)
        }
        None => judge_folder(&command.folder, &matches, &mut output),
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
                Failure::Usage => {
                    "error: no folder is named\nhint: `verify-migrations DIR`, or `--help`\n"
                        .to_owned()
                }
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

/// Judges a folder with the options of the command line and of the folder's file.
fn judge_folder(
    arguments: &folder::Arguments,
    given: &ArgMatches,
    output: &mut dyn Write,
) -> Result<Outcome, Failure> {
    let Some(root) = &arguments.folder else {
        return Err(Failure::Usage);
    };
    let definitions = Command::command();
    let Some(config) = folder::config::read(root, &definitions, given)? else {
        return folder::run(arguments, None, output);
    };
    // In front of all others, where no `--` can be before them.
    let mut words: Vec<OsString> = env::args_os().collect();
    words.splice(1..1, config.words);
    let matches = definitions.get_matches_from(words);
    let command = Command::from_arg_matches(&matches).unwrap_or_else(|error| error.exit());
    folder::run(&command.folder, Some(&config.path), output)
}
