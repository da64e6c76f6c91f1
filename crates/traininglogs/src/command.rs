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

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
#[cfg(unix)]
use std::sync::Arc;

use clap::error::ErrorKind as Usage;
use clap::{Parser, Subcommand};
use migrations::{ErrorKind, Migrator, Options, Outcome, escape};

use crate::error::{self, Error};
use crate::{TrainingLogs, catalogue};
use screen::{Format, Screen};

/// The file that is meant when none is named.
const DEFAULT_FILE: &str = "traininglogs.db";

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

/// Runs the command with the arguments of the process.
pub fn main() -> ExitCode {
    survive_limits();
    let command = match Command::try_parse() {
        Ok(command) => command,
        Err(usage) => return misunderstood(&usage),
    };
    let mut screen = Screen::of_process(command.format);
    if let Err(error) = run(&command, &mut screen) {
        screen.fail(&error, outcome(&error));
        return ExitCode::from(exit_code(&error));
    }
    let error = match screen.flush() {
        Ok(()) => return ExitCode::SUCCESS,
        // Whoever closed the pipe has read enough.
        Err((source, _)) if source.kind() == io::ErrorKind::BrokenPipe => return ExitCode::SUCCESS,
        Err((source, leaves)) => {
            error::output_failed(source, leaves, &command_line(&command.db, "status"))
        }
    };
    screen.complain(&error.report());
    ExitCode::from(exit_code(&error))
}

/// A write that would make a file larger than the process may fails, and the run is rolled back; without this the
/// system would kill the process there and leave the journal.
/// <https://man7.org/linux/man-pages/man2/setrlimit.2.html>
fn survive_limits() {
    #[cfg(unix)]
    {
        // Where it cannot be set, the next run clears the journal away.
        let _ = signal_hook::flag::register(signal_hook::consts::SIGXFSZ, Arc::default());
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
    let mut screen = Screen::of_process(if json { Format::Json } else { Format::Text });
    if json {
        screen.fail_usage(&text)
    } else {
        screen.complain(&text)
    }
    code
}

fn run(command: &Command, screen: &mut Screen) -> Result<(), Error> {
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

/// Opens a file that must be there, at whatever version it is.
fn open(path: &Path, options: Options) -> Result<Migrator<'static>, Error> {
    let opened = Migrator::open(catalogue(), path, options);
    opened.map_err(|error| or_missing(path, error.into()))
}

/// Opens a file that must be there and at the current version.
fn open_current(path: &Path) -> Result<TrainingLogs, Error> {
    let opened = TrainingLogs::open_current(path, Options::default());
    opened.map_err(|error| or_missing(path, error))
}

/// The error, or where it is that the file is missing, one with the command that makes it. The engine names a missing
/// directory itself.
fn or_missing(path: &Path, error: Error) -> Error {
    let kind = error.engine().map(migrations::Error::kind);
    let gone = fs::metadata(path).is_err_and(|why| why.kind() == io::ErrorKind::NotFound);
    let directory = path
        .parent()
        .filter(|parent| !parent.as_os_str().is_empty());
    if kind == Some(ErrorKind::NotFound) && gone && directory.is_none_or(Path::is_dir) {
        error::file_missing(path, &command_line(path, "init"))
    } else {
        error
    }
}

/// What a person types for `verb` on the file at `path`.
fn command_line(path: &Path, verb: &str) -> String {
    match path.to_str() {
        Some(DEFAULT_FILE) => format!("traininglogs {verb}"),
        Some(text) if text.starts_with('-') => {
            format!("traininglogs --db {} {verb}", quoted(&format!("./{text}")))
        }
        Some(text) if !text.contains(escape::is_unsafe) => {
            format!("traininglogs --db {} {verb}", quoted(text))
        }
        // Not every name can be shown so that a shell would read it back.
        _ => format!("traininglogs --db PATH {verb}"),
    }
}

/// A word as a shell reads it back.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-./:@%+,=".contains(c);
    if word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn a_command_line_can_be_pasted() {
        for (path, shown) in [
            ("traininglogs.db", "traininglogs init"),
            ("old.db", "traininglogs --db old.db init"),
            ("my logs.db", "traininglogs --db 'my logs.db' init"),
            ("it's.db", r"traininglogs --db 'it'\''s.db' init"),
            ("a$(b).db", "traininglogs --db 'a$(b).db' init"),
            ("a;b.db", "traininglogs --db 'a;b.db' init"),
            ("-x.db", "traininglogs --db ./-x.db init"),
            ("Größe.db", "traininglogs --db Größe.db init"),
            ("a\u{1b}b.db", "traininglogs --db PATH init"),
        ] {
            assert_eq!(super::command_line(Path::new(path), "init"), shown);
        }
    }
}
