//! `init`: makes a new file.

use std::path::Path;

use migrations::{Migrator, Options};
use serde_json::json;

use super::command_line::command_line;
use super::output::Output;
use super::run_report::report_run;
use crate::database::refuse_newer;
use crate::error::{self, Error};
use crate::{CURRENT_VERSION, TrainingLogs, catalogue};

pub(super) fn run(path: &Path, output: &mut Output) -> Result<(), Error> {
    let shown = path.display();
    if !path.exists() || !at_current_version(path)? {
        let logs = TrainingLogs::open(path)?;
        // A concurrent process may have been faster.
        if !logs.report().steps.is_empty() {
            output.line(format_args!("made `{shown}` at version {CURRENT_VERSION}"));
            report_run(path, logs.report(), output);
            return Ok(());
        }
    }
    output.add_json(json!({
        "file": path.to_string_lossy(),
        "from": CURRENT_VERSION,
        "to": CURRENT_VERSION,
        "adopted": false,
        "backup": null,
        "steps": [],
        "left_as_is": [],
    }));
    output.line(format_args!(
        "`{shown}` is at version {CURRENT_VERSION} already, there is nothing to do"
    ));
    Ok(())
}

/// Whether there is nothing to do. An empty file counts as missing. A file of an older version has
/// data, and `init` must not change it.
fn at_current_version(path: &Path) -> Result<bool, Error> {
    let migrator = Migrator::open(catalogue(), path, Options::default())?;
    refuse_newer(&migrator)?;
    match migrator.version()? {
        0 => Ok(false),
        CURRENT_VERSION => Ok(true),
        older => Err(error::not_new(path, older, &command_line(path, "migrate"))),
    }
}
