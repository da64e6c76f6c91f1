//! The command `traininglogs`: one file a verb.

// What every verb uses: where it prints, and the options that several share.
mod screen;
mod backing;
mod shown;

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
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::error::ErrorKind as Usage;
use clap::{Parser, Subcommand};
use migrations::{ErrorKind, Migrator, Options, Outcome};

use crate::catalogue;
use crate::error::{self, Error};
use screen::{Format, Screen};

/// The file that is meant when none is named.
const DEFAULT_FILE: &str = "traininglogs.db";

const EXIT_CODES: &str = "Exit codes:
  0  done; also where SQLite complained after it had committed, which is told
  1  refused; the file is as it was
  2  the command line makes no sense
  3  failed and rolled back: the file is as it was, or where it commits by the step, at the version
     that the error names
  4  failed, and what is in the file is not known";

/// Keeps training logs in one SQLite file, and changes its schema without losing a row.
#[derive(Debug, Parser)]
#[command(name = "traininglogs", version, after_help = EXIT_CODES)]
struct Command {
    /// The file.
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
    /// Records the steps' texts again, where they differ from the file's in blanks and comments only.
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

/// Why a verb did not do its work.
#[derive(Debug)]
enum Failure {
    Refused(Error),
    Output(io::Error),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Failure {
        Failure::Refused(error)
    }
}

impl From<migrations::Error> for Failure {
    fn from(error: migrations::Error) -> Failure {
        Failure::Refused(error.into())
    }
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Output(error)
    }
}

/// Runs the command with the arguments of the process.
pub fn main() -> ExitCode {
    let command = match Command::try_parse() {
        Ok(command) => command,
        Err(usage) => return misunderstood(&usage),
    };
    let mut screen = Screen::of_process(command.format);
    match run(&command, &mut screen).and_then(|()| Ok(screen.flush()?)) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever closed the pipe has read enough; the work was done before it was told.
        Err(Failure::Output(source)) if source.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(Failure::Output(source)) => {
            let error = error::output_failed(source);
            screen.complain(&error.report());
            ExitCode::from(exit_code(&error))
        }
        Err(Failure::Refused(error)) => {
            screen.fail(&error, outcome(&error));
            ExitCode::from(exit_code(&error))
        }
    }
}

/// A command line that makes no sense, or that asks for help, which is not an error. Its format is not
/// known, because it could not be read.
fn misunderstood(usage: &clap::Error) -> ExitCode {
    let helps = matches!(usage.kind(), Usage::DisplayHelp | Usage::DisplayVersion);
    let arguments: Vec<_> = std::env::args_os().collect();
    let json = arguments.iter().any(|word| word == "--format=json")
        || arguments
            .windows(2)
            .any(|pair| pair[0] == "--format" && pair[1] == "json");
    if json && !helps {
        Screen::of_process(Format::Json).fail_usage(&usage.render().to_string());
    } else {
        // When nobody listens, nothing can be told.
        let _ = usage.print();
    }
    ExitCode::from(u8::try_from(usage.exit_code()).unwrap_or(2))
}

fn run(command: &Command, screen: &mut Screen) -> Result<(), Failure> {
    let path = command.db.as_path();
    match &command.verb {
        Verb::Init => init::run(path, screen),
        Verb::Migrate(arguments) => migrate::run(path, arguments, screen),
        Verb::Rollback(arguments) => rollback::run(path, arguments, screen),
        Verb::Adopt(arguments) => adopt::run(path, arguments, screen),
        Verb::Repair => repair::run(path, screen),
        Verb::Backup(arguments) => backup::run(path, arguments, screen),
        Verb::Restore(arguments) => restore::run(path, arguments, screen),
        Verb::Status => status::run(path, screen),
        Verb::Plan(arguments) => plan::run(path, arguments, screen),
        Verb::Log(arguments) => log::run(path, arguments, screen),
        Verb::Last(arguments) => last::run(path, arguments, screen),
    }
}

/// What is in the file after `error`, in the words of the JSON document.
fn outcome(error: &Error) -> &'static str {
    match (error.engine().map(migrations::Error::outcome), error.kind()) {
        (Some(Outcome::RolledBack), _) | (None, crate::ErrorKind::Sqlite) => "rolled-back",
        (Some(Outcome::Committed), _) | (None, crate::ErrorKind::Output) => "committed",
        (Some(Outcome::CommittedTo(_)), _) => "committed-in-part",
        (Some(Outcome::Unknown), _) => "unknown",
        (Some(Outcome::Untouched) | None, _) => "untouched",
    }
}

fn exit_code(error: &Error) -> u8 {
    let Some(error) = error.engine() else {
        return match error.kind() {
            crate::ErrorKind::Sqlite => 3,
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

/// Opens a file that must be there, at whatever version it is.
fn open(path: &Path, options: Options) -> Result<Migrator<'static>, Error> {
    must_be_there(path)?;
    Ok(Migrator::open(catalogue(), path, options)?)
}

/// The engine names a missing directory itself.
fn must_be_there(path: &Path) -> Result<(), Error> {
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    if !path.exists() && directory.is_none_or(Path::is_dir) {
        return Err(error::file_missing(path, &command_line(path, "init")));
    }
    Ok(())
}

/// What a person types for `verb` on the file at `path`.
fn command_line(path: &Path, verb: &str) -> String {
    let shown = path.display();
    match path.to_string_lossy() {
        path if path == DEFAULT_FILE => format!("traininglogs {verb}"),
        path if path.contains(char::is_whitespace) => {
            format!("traininglogs --db '{shown}' {verb}")
        }
        _ => format!("traininglogs --db {shown} {verb}"),
    }
}
