//! `last`: when an exercise was done last.

use std::path::Path;

use clap::Args;
use migrations::Options;
use serde_json::json;

use super::screen::plain;
use super::{Failure, Screen, must_be_there};
use crate::{TrainingLogs, error};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The exercise's name as it was logged; `Unknown` for exercises without one.
    exercise: String,
}

pub(super) fn run(path: &Path, arguments: &Arguments, screen: &mut Screen) -> Result<(), Failure> {
    must_be_there(path)?;
    let logs = TrainingLogs::open_current(path, Options::default())?;
    let name = &arguments.exercise;
    let last = logs
        .last_exercise(name)?
        .ok_or_else(|| error::never_done(&plain(name)))?;
    screen.tell(json!({
        "exercise": name,
        "date": last.date,
        "session": last.session_id,
        "created_at": last.created_at,
    }));
    let date = last.date.as_deref().map_or("no date".to_owned(), plain);
    screen.line(format_args!("{}: {date}", plain(name)))?;
    screen.line(format_args!(
        "  session {}, logged {}",
        plain(&last.session_id),
        plain(&last.created_at)
    ))?;
    Ok(())
}
