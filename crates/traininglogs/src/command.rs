//! The command `traininglogs`: one file per verb.

#![expect(
    clippy::disallowed_methods,
    reason = "the command reads what its user names, and the clock"
)]

// Shared by the verbs: arguments, the file, and all printing.
mod backup_args;
mod command_line;
mod open;
mod display;
mod output;
mod run_report;

// Verbs that make and use a file.
mod init;
mod log;
mod last;

// Verbs that only read.
mod status;
mod plan;
mod rehearsal;
mod script;

// Verbs that change the file's version.
mod migrate;
mod rollback;
mod adopt;
mod backup;
mod repair;
mod restore;

use std::io;
use std::path::PathBuf;
use std::process::ExitCode;
#[cfg(unix)]
use std::sync::Arc;

use clap::error::ErrorKind as Usage;
use clap::{Parser, Subcommand};
use migrations::{ErrorKind, Outcome, escape};

use crate::error::{self, Error};
use command_line::{DEFAULT_FILE, command_line};
use output::{Format, Output};

/// The exit code of a command that did its work but could not print the result.
const UNPRINTED: u8 = 5;

const EXIT_CODES: &str = "Exit codes:
  0  done; also if SQLite reports an error after the commit, which is printed
  1  refused; the file is as it was
  2  the command line is invalid
  3  failed and rolled back: the file is as it was, or at the version in the error if each step
     commits
  4  failed, and the state of the file is unknown
  5  done, but the result could not be printed; standard error reports the state of the file";

/// Keep training logs in one SQLite file, and change its schema without losing a row
#[derive(Debug, Parser)]
#[command(name = "traininglogs", version, after_help = EXIT_CODES)]
struct Command {
    /// The file; write one whose name begins with `-` as `./-name`
    #[arg(long, global = true, value_name = "PATH", default_value = DEFAULT_FILE)]
    db: PathBuf,
    /// Print for people, or as one JSON document on standard output, also for errors
    #[arg(
        long,
        global = true,
        value_enum,
        value_name = "FORMAT",
        default_value = "text"
    )]
    format: Format,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Make a new file at the current version
    Init,
    /// Upgrade the file, by default to the current version
    Migrate(migrate::Arguments),
    /// Roll the file back to an older version
    Rollback(rollback::Arguments),
    /// Record that a file without a ledger is at a version; its schema must be that of the version
    Adopt(adopt::Arguments),
    /// Record the texts of the steps again, if they differ from the file's only in whitespace and
    /// comments
    Repair,
    /// Take a backup now, beside the file
    Backup(backup::Arguments),
    /// Replace the content of the file with that of a backup
    Restore(restore::Arguments),
    /// Show the version of the file, its history, the pending steps, the backups, and whether
    /// somebody changed the schema
    Status,
    /// Show the steps of a run; write nothing
    Plan(plan::Arguments),
    /// Log the session whose document is in a file
    Log(log::Arguments),
    /// Show the last session with an exercise
    Last(last::Arguments),
}

/// Runs the command with the arguments of the process.
pub fn main() -> ExitCode {
    survive_limits();
    let command = match Command::try_parse() {
        Ok(command) => command,
        Err(usage) => return misunderstood(&usage),
    };
    let mut output = Output::new(command.format);
    if let Err(error) = run(&command, &mut output) {
        output.fail(&error, outcome(&error));
        return ExitCode::from(exit_code(&error));
    }
    let error = match output.flush() {
        Ok(()) => return ExitCode::SUCCESS,
        // If the reader closed the pipe, it has read enough.
        Err((source, _)) if source.kind() == io::ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
        Err((source, leaves)) => {
            error::output_failed(source, leaves, &command_line(&command.db, "status"))
        }
    };
    output.complain(&error.report());
    ExitCode::from(exit_code(&error))
}

/// Makes a write beyond the process's file size limit fail, so that the run is rolled back;
/// otherwise the system would kill the process and leave the journal.
/// <https://man7.org/linux/man-pages/man2/setrlimit.2.html>
fn survive_limits() {
    #[cfg(unix)]
    {
        // If the signal cannot be ignored, the next run removes the journal.
        let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
    }
}

/// Handles an invalid command line, or a request for help, which is not an error. The format is
/// unknown, because it could not be read.
fn misunderstood(usage: &clap::Error) -> ExitCode {
    let helps = matches!(usage.kind(), Usage::DisplayHelp | Usage::DisplayVersion);
    let arguments: Vec<_> = std::env::args_os().collect();
    let json = arguments.iter().any(|word| word == "--format=json")
        || arguments
            .windows(2)
            .any(|pair| pair[0] == "--format" && pair[1] == "json");
    let code = ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2));
    if helps {
        return match usage.print() {
            Err(source) if source.kind() != io::ErrorKind::BrokenPipe => ExitCode::from(UNPRINTED),
            _ => code,
        };
    }
    // The message repeats arguments, such as the name of a file.
    let words = arguments.iter().map(|word| word.to_string_lossy());
    let words = words.map(|word| escape::line(&word).into_owned());
    let text = match Command::try_parse_from(words) {
        Err(usage) => usage.render().to_string(),
        Ok(_) => escape::lines(&usage.render().to_string()),
    };
    let mut output = Output::new(if json { Format::Json } else { Format::Text });
    if json {
        output.fail_usage(&text)
    } else {
        output.complain(&text)
    }
    code
}

fn run(command: &Command, output: &mut Output) -> Result<(), Error> {
    let path = command.db.as_path();
    match &command.verb {
        Verb::Init => init::run(path, output),
        Verb::Migrate(arguments) => migrate::run(path, arguments, output),
        Verb::Rollback(arguments) => rollback::run(path, arguments, output),
        Verb::Adopt(arguments) => adopt::run(path, arguments, output),
        Verb::Repair => repair::run(path, output),
        Verb::Backup(arguments) => backup::run(path, arguments, output),
        Verb::Restore(arguments) => restore::run(path, arguments, output),
        Verb::Status => status::run(path, output),
        Verb::Plan(arguments) => plan::run(path, arguments, output),
        Verb::Log(arguments) => log::run(path, arguments, output),
        Verb::Last(arguments) => last::run(path, arguments, output),
    }
}

/// The state of the file after `error`, as in the JSON document.
fn outcome(error: &Error) -> &'static str {
    match (error.engine().map(migrations::Error::outcome), error.kind()) {
        (Some(Outcome::RolledBack), _) | (None, crate::ErrorKind::Sqlite) => "rolled-back",
        (Some(Outcome::Committed), _) => "committed",
        (Some(Outcome::CommittedTo(_)), _) => "committed-in-part",
        (Some(Outcome::Unknown), _) => "unknown",
        (Some(Outcome::Untouched) | None, _) => "untouched",
    }
}

fn exit_code(error: &Error) -> u8 {
    let Some(error) = error.engine() else {
        return match error.kind() {
            crate::ErrorKind::Sqlite => 3,
            crate::ErrorKind::Output => UNPRINTED,
            _ => 1,
        };
    };
    match (error.outcome(), error.kind()) {
        (Outcome::Committed, _) => 0,
        (Outcome::Unknown, _) => 4,
        (Outcome::CommittedTo(_), _)
        | (
            _,
            ErrorKind::StepFailed
            | ErrorKind::StepForbidden
            | ErrorKind::ForeignKeysViolated
            | ErrorKind::DiskFull
            | ErrorKind::Sqlite,
        ) => 3,
        // Before or after `BEGIN`: nothing was written.
        (Outcome::Untouched | Outcome::RolledBack, _) => 1,
    }
}
