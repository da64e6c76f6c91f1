//! The application at the time when version 3 was the newest: its catalogue ends there, and it does
//! not know later versions.
//!
//! ```text
//! build_of_version_3 open PATH                      upgrades, and prints the number of sessions
//! build_of_version_3 log PATH ID DOCUMENT           logs a session
//! build_of_version_3 rollback PATH [--accept-loss]  brings a newer file back to version 3
//! ```

use std::error::Error;
use std::io::{self, Write};
use std::path::Path;
use std::process::ExitCode;

use migrations::{Migrator, Options, Version};
use traininglogs::{NewSession, catalogue, write_session};

const VERSION: Version = 3;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (result, output) = match run(&arguments) {
        Ok(text) => (ExitCode::SUCCESS, io::stdout().write_all(text.as_bytes())),
        Err(error) => {
            let text = match error.downcast::<migrations::Error>() {
                // This command has its own words for its flags.
                Ok(error) => traininglogs::Error::from(*error).report(),
                Err(error) => format!("error: {error}\n"),
            };
            (ExitCode::FAILURE, io::stderr().write_all(text.as_bytes()))
        }
    };
    output.map_or(ExitCode::FAILURE, |()| result)
}

fn run(arguments: &[&str]) -> Result<String, Box<dyn Error>> {
    let catalogue = catalogue().cut_at(VERSION)?;
    let open = |path: &str, accept_loss| {
        let options = Options::default().accept_loss(accept_loss);
        Migrator::open(&catalogue, Path::new(path), options)
    };
    match *arguments {
        ["open", path] => {
            let mut file = open(path, false)?;
            let report = file.upgrade()?;
            let sessions: i64 = file.connection().query_row(
                "SELECT count(duration_minutes IS NULL) FROM training_sessions",
                [],
                |row| row.get(0),
            )?;
            Ok(format!("version {}, {sessions} sessions\n", report.to))
        }
        ["log", path, id, document] => {
            let mut file = open(path, false)?;
            file.upgrade()?;
            let session = NewSession {
                document: document.to_owned(),
                duration_minutes: Some(45),
                ..NewSession::default()
            };
            let mut connection = file.into_connection();
            let transaction = connection.transaction()?;
            write_session(
                &transaction,
                VERSION,
                id,
                "2025-03-01T10:00:00.000Z",
                &session,
            )?;
            transaction.commit()?;
            Ok(format!("logged session {id}\n"))
        }
        ["rollback", path, ref consent @ ..] => {
            let mut file = open(path, consent == ["--accept-loss"])?;
            let report = file.rollback_to(VERSION)?;
            Ok(format!("version {} back to {}\n", report.from, report.to))
        }
        _ => Err("see the top of `build_of_version_3.rs`".into()),
    }
}
