//! `verify-migrations DIR`: anybody's folder of SQLite migrations.

mod arguments;
mod place;

use std::io::Write;
use std::time::Duration;

pub(super) use arguments::Arguments;

use super::Failure;
use crate::folder;
use crate::judge;
use crate::judge::format::Report;
use crate::source;

/// Returns whether there is a finding that makes the command fail.
pub(super) fn run(arguments: &Arguments, output: &mut dyn Write) -> Result<bool, Failure> {
    let Some(root) = &arguments.folder else {
        return Err(Failure::Usage);
    };
    let options = folder::Options {
        layout: arguments.layout,
        defines: arguments.defines.clone(),
    };
    let history = folder::read(root, &options)?;
    let mut options = judge::Options {
        foreign_keys: arguments.keys(),
        transaction: arguments.around(),
        allow_drops: arguments.allow_drops,
        statement_timeout: Duration::from_secs(arguments.statement_timeout),
        stub_functions: arguments.stub_functions.clone(),
        from: arguments.from.clone(),
        to: arguments.to.clone(),
        seed: arguments.seed,
        command: arguments.words(),
        ..judge::Options::default()
    };
    let told = |error: String| Failure::Told(format!("error: {error}\n"));
    if let Some(base) = &arguments.base {
        options = options.base(&source::database(base)?).map_err(told)?;
    }
    let verdict = judge::judge(&history, &options).map_err(told)?;
    let report = Report {
        verdict: &verdict,
        folder: place::within_repository(root),
        fail_on: arguments.fails_from(),
        known: 0,
        notes: Vec::new(),
    };
    output.write_all(report.to(arguments.format).as_bytes())?;
    Ok(verdict.findings.iter().any(|finding| report.fails(finding)))
}
