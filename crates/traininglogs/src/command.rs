//! The command `traininglogs`: one file a verb.

mod init;
mod last;
mod log;
mod migrate;
mod plan;
mod rollback;
mod screen;
mod status;

use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use migrations::{ErrorKind, Migrator, Options, Outcome};

use crate::catalogue;
use crate::error::{self, Error};
use screen::Screen;

/// The file that is meant when none is named.
const DEFAULT_FILE: &str = "traininglogs.db";

const EXIT_CODES: &str = "Exit codes:
  0  done
  1  refused; the file is as it was
  2  the command line makes no sense
  3  failed and rolled back; the file is as it was
  4  failed, and what is in the file is not known";

/// Keeps training logs in one SQLite file, and changes its schema without losing a row.
#[derive(Debug, Parser)]
#[command(name = "traininglogs", version, after_help = EXIT_CODES)]
struct Command {
    /// The file.
    #[arg(long, global = true, value_name = "PATH", default_value = DEFAULT_FILE)]
    db: PathBuf,
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
    /// Tells which version the file is at, and how it got there.
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
    let command = Command::parse();
    let mut screen = Screen::of_process();
    match run(&command, &mut screen).and_then(|()| Ok(screen.flush()?)) {
        Ok(()) => ExitCode::SUCCESS,
        // Whoever closed the pipe has read enough; the work was done before it was told.
        Err(Failure::Output(source)) if source.kind() == io::ErrorKind::BrokenPipe => {
            ExitCode::SUCCESS
        }
        Err(Failure::Output(source)) => {
            let error = error::output_failed(source);
            screen.complain(&error.report());
            exit_code(&error)
        }
        Err(Failure::Refused(error)) => {
            // What was printed before stands before the error, and may fail as it likes.
            let _ = screen.flush();
            screen.complain(&error.report());
            exit_code(&error)
        }
    }
}

fn run(command: &Command, screen: &mut Screen) -> Result<(), Failure> {
    let path = command.db.as_path();
    match &command.verb {
        Verb::Init => init::run(path, screen),
        Verb::Migrate(arguments) => migrate::run(path, arguments, screen),
        Verb::Rollback(arguments) => rollback::run(path, arguments, screen),
        Verb::Status => status::run(path, screen),
        Verb::Plan(arguments) => plan::run(path, arguments, screen),
        Verb::Log(arguments) => log::run(path, arguments, screen),
        Verb::Last(arguments) => last::run(path, arguments, screen),
    }
}

fn exit_code(error: &Error) -> ExitCode {
    let Some(error) = error.engine() else {
        return ExitCode::from(if error.kind() == crate::ErrorKind::Sqlite {
            3
        } else {
            1
        });
    };
    match (error.outcome(), error.kind()) {
        (Outcome::Committed, _) => ExitCode::SUCCESS,
        (Outcome::Unknown, _) => ExitCode::from(4),
        (Outcome::CommittedTo(_), _) => ExitCode::from(3),
        (
            _,
            ErrorKind::StepFailed
            | ErrorKind::StepForbidden
            | ErrorKind::ForeignKeysViolated
            | ErrorKind::DiskFull
            | ErrorKind::Sqlite,
        ) => ExitCode::from(3),
        // Whether it was decided before `BEGIN` or after it, nothing was written.
        (Outcome::Untouched | Outcome::RolledBack, _) => ExitCode::from(1),
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
