//! The command `traininglogs`: one file a verb.

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

// Making a file and using it.
mod init;
mod log;
mod last;

// Looking.
mod status;
mod plan;
mod rehearsal;
mod script;

// Changing it.
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

/// The exit code of a command that did its work and could not print the result.
const UNPRINTED: u8 = 5;

const EXIT_CODES: &str = "Exit codes:
  0  done; also where SQLite complained after it had committed, which is told
  1  refused; the file is as it was
  2  the command line makes no sense
  3  failed and rolled back: the file is as it was, or where it commits by the step, at the version
     that the error names
  4  failed, and what is in the file is not known
  5  done, but the result could not be printed; standard error says what is in the file";

/// Keeps training logs in one SQLite file, and changes its schema without losing a row.
#[derive(Debug, Parser)]
#[command(name = "traininglogs", version, after_help = EXIT_CODES)]
struct Command {
    /// The file; one whose name begins with `-` is given as `./-name`.
    #[arg(long, global = true, value_name = "PATH", default_value = DEFAULT_FILE)]
    db: PathBuf,
    /// How to print: for a person, or as one JSON document on standard output, errors too.
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
    /// Makes a new file at the current version.
    Init,
    /// Brings the file up, to the current version unless told otherwise.
    Migrate(migrate::Arguments),
    /// Brings the file back to an older version.
    Rollback(rollback::Arguments),
    /// Records that a file without ledger is at a version; its schema must be that version's.
    Adopt(adopt::Arguments),
    /// Records the steps' texts again, where they differ from the file's in blanks and comments
    /// only.
    Repair,
    /// Takes a backup now, beside the file.
    Backup(backup::Arguments),
    /// Puts the content of a backup into the file.
    Restore(restore::Arguments),
    /// Tells which version the file is at, how it got there, what is pending, which backups are at
    /// hand, and whether somebody changed the schema.
    Status,
    /// Shows what would be done to the file; writes nothing.
    Plan(plan::Arguments),
    /// Logs the session whose document is in a file.
    Log(log::Arguments),
    /// Tells when an exercise was done last.
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
        // Whoever closed the pipe has read enough.
        Err((source, _)) if source.kind() == io::ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
        Err((source, leaves)) => {
            error::output_failed(source, leaves, &command_line(&command.db, "status"))
        }
    };
    output.complain(&error.report());
    ExitCode::from(exit_code(&error))
}

/// A write that would make a file larger than the process may fails, and the run is rolled back;
/// without this the system would kill the process there and leave the journal.
/// <https://man7.org/linux/man-pages/man2/setrlimit.2.html>
fn survive_limits() {
    #[cfg(unix)]
    {
        // Where it cannot be set, the next run clears the journal away.
        let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
    }
}

/// A command line that makes no sense, or that asks for help, which is not an error. Its format is
/// not known, because it could not be read.
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
    // It repeats what was typed, which may be the name of a file.
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

/// The state of the file after `error`, in the words of the JSON document.
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
        // Whether it was decided before `BEGIN` or after it, nothing was written.
        (Outcome::Untouched | Outcome::RolledBack, _) => 1,
    }
}
