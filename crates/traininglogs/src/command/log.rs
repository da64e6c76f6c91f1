//! `log`: writes a session into the file.

#![expect(
    clippy::disallowed_methods,
    reason = "the command reads what its user names, and the clock"
)]

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;

use super::open::open_current;
use super::output::Output;
use crate::error::{self, Error};
use crate::{Document, NewSession, Unreadable};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The file with the document, or `-` for standard input
    #[arg(value_name = "FILE")]
    document: PathBuf,
    /// The duration of the session, in whole minutes
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(i64).range(0..))]
    duration_minutes: Option<i64>,
    /// The person who trained
    #[arg(long, value_name = "ID")]
    user: Option<String>,
    /// The source that logged the session, such as `watch`
    #[arg(long, value_name = "NAME")]
    device: Option<String>,
}

pub(super) fn run(path: &Path, arguments: &Arguments, output: &mut Output) -> Result<(), Error> {
    let mut logs = open_current(path)?;
    let session = NewSession {
        document: read(&arguments.document)?,
        created_at: None,
        duration_minutes: arguments.duration_minutes,
        user_id: arguments.user.clone(),
        device: arguments.device.clone(),
    };
    let id = logs.log_session(&session)?;
    let exercises = Document::parse(&session.document)
        .unwrap_or_default()
        .exercises;
    output.add_json(json!({ "session": id, "exercises": exercises }));
    output.line(format_args!("logged session {id}"));
    output.leaves(format!("session {id} is logged"));
    output.line(match exercises.as_slice() {
        [] => "  no exercises".to_owned(),
        names => format!("  {}", names.join(", ")),
    });
    Ok(())
}

fn read(document: &Path) -> Result<String, Error> {
    let bytes = if document == Path::new("-") {
        let mut bytes = Vec::new();
        io::stdin().lock().read_to_end(&mut bytes).map(|_| bytes)
    } else {
        fs::read(document)
    };
    let bytes = bytes.map_err(|source| error::document_missing(document, source))?;
    String::from_utf8(bytes).map_err(|_| error::document_unreadable(Unreadable::NotUtf8))
}
