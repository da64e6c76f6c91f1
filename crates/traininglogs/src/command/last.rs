//! `last`: finds the last session with an exercise.

use std::path::Path;

use clap::Args;
use serde_json::json;

use super::open::open_current;
use super::output::Output;
use crate::error::{self, Error};

#[derive(Debug, Args)]
pub(super) struct Arguments {
    /// The name of the exercise as it was logged; `Unknown` for exercises without one
    exercise: String,
}

pub(super) fn run(path: &Path, arguments: &Arguments, output: &mut Output) -> Result<(), Error> {
    let logs = open_current(path)?;
    let name = &arguments.exercise;
    let last = logs
        .last_exercise(name)?
        .ok_or_else(|| error::never_done(name))?;
    output.add_json(json!({
        "exercise": name,
        "date": last.date,
        "session": last.session_id,
        "created_at": last.created_at,
    }));
    let date = last.date.as_deref().unwrap_or("no date");
    output.line(format_args!("{name}: {date}"));
    output.line(format_args!(
        "  session {}, logged {}",
        last.session_id, last.created_at
    ));
    Ok(())
}
