//! `rowsafe check DIR`: anybody's folder of SQLite migrations.

mod arguments;
mod baseline;
pub(crate) mod config;
mod place;
mod progress;
mod since;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use schema::escape;

pub(crate) use arguments::Arguments;
use baseline::Baseline;

use super::{Failure, Outcome};
use crate::input;
use folders::InputError;
use lint::report::Report;
use sandbox::{Deadline, Scope};

/// Returns whether there is a finding that makes the command fail.
///
/// `config` is the file of which some of the options are.
pub(crate) fn run(
    arguments: &Arguments,
    config: Option<&Path>,
    output: &mut dyn Write,
) -> Result<Outcome, Failure> {
    let root = &arguments.folder;
    let options = folders::Options {
        layout: arguments.layout,
        defines: arguments.defines.clone(),
    };
    let deadline = Arc::new(Deadline::after(Duration::from_secs(arguments.timeout)));
    let history = {
        let root = root.clone();
        in_time(&deadline, arguments, move || folders::read(&root, &options))?
    };
    let mut options = lint::Options {
        foreign_keys: arguments.keys(),
        transaction: arguments.around(),
        allow_drops: arguments.allow_drops,
        statement_timeout: Duration::from_secs(arguments.statement_timeout),
        timeout: Duration::from_secs(arguments.timeout),
        stub_functions: arguments.stub_functions.clone(),
        from: arguments.from.clone(),
        to: arguments.to.clone(),
        seed: arguments.seed,
        command: arguments.words(),
        progress: Some(progress::tell),
        ..lint::Options::default()
    };
    let told = |error: lint::Error| {
        Failure::Told(format!("error: {}\n", escape::line(&error.to_string())))
    };
    if let Some(base) = &arguments.base {
        let (base, scope) = (base.clone(), Scope::new(&deadline, arguments.timeout));
        let read = move || {
            scope.within(|| {
                let made = options.base(&*input::database(&base)?);
                made.map_err(|error| {
                    Failure::Told(format!("error: {}\n", escape::line(&error.to_string())))
                })
            })
        };
        options = in_time(&deadline, arguments, read)?;
    }
    let known = known(arguments)?;
    let mut notes: Vec<String> = (config.iter())
        .map(|path| format!("options: `{}`", path.display()))
        .collect();
    if let Some(revision) = &arguments.since {
        let since = since::since(&history, revision)?;
        if since.steps.is_empty() {
            options.starts = 0;
        }
        options.only = Some(since.steps);
        notes.extend(since.notes);
    }
    let judged = lint::check_until(&history, &options, &deadline);
    progress::end();
    let mut verdict = judged.map_err(told)?;
    let mut accepted = 0;
    if let Some(known) = known {
        if arguments.write_baseline {
            if let Some(why) = &verdict.stopped {
                return Err(Failure::Told(format!(
                    "error: no baseline is written: {why}\nhint: give it more time with `--timeout SECONDS`\n"
                )));
            }
            let count = known.write(&verdict, &history)?;
            let path = arguments.baseline.as_deref().unwrap_or(Path::new(""));
            let findings = if count == 1 { "finding" } else { "findings" };
            let line = format!("`{}` accepts {count} {findings}", path.display());
            writeln!(output, "{}", escape::line(&line))?;
            return Ok(Outcome::Clean);
        }
        let (count, unused) = known.apply(&mut verdict, &history);
        accepted = count;
        notes.extend(unused);
    }
    let report = Report {
        verdict: &verdict,
        folder: place::within_repository(root),
        fail_on: arguments.fails_from(),
        known: accepted,
        notes,
        none_asked: options.only.is_some() && verdict.steps == 0,
    };
    for (format, path) in &arguments.also {
        fs::write(path, report.to(*format))
            .map_err(|error| InputError::unwritable(path, &error))?;
    }
    output.write_all(report.to(arguments.format).as_bytes())?;
    let fails = verdict.findings.iter().any(|finding| report.fails(finding));
    let allowed = arguments.allow_gaps && verdict.stopped.is_none() && verdict.steps > 0;
    Ok(match report.incomplete() {
        _ if fails => Outcome::Found,
        Some(_) if !allowed => Outcome::Incomplete,
        _ => Outcome::Clean,
    })
}

/// What `work` gives, if that is before the time is over.
fn in_time<T: Send + 'static, E: Into<Failure> + Send + 'static>(
    deadline: &Deadline,
    arguments: &Arguments,
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, Failure> {
    match lint::until(deadline, work) {
        Some(done) => done.map_err(Into::into),
        None => Err(Failure::Told(format!(
            "error: the folder is not read after `--timeout` of {} seconds\n\
             hint: give it more time with `--timeout SECONDS`, or name the folder that holds the migrations\n",
            arguments.timeout
        ))),
    }
}

/// The baseline, which is read before the work begins.
fn known(arguments: &Arguments) -> Result<Option<Baseline>, Failure> {
    let Some(path) = &arguments.baseline else {
        return match arguments.write_baseline {
            false => Ok(None),
            true => Err(Failure::Told(
                "error: no baseline is named\nhint: `--baseline FILE --write-baseline`\n"
                    .to_owned(),
            )),
        };
    };
    let known = match arguments.write_baseline {
        true => Baseline::read_or_new(path),
        false => Baseline::read(path),
    };
    Ok(Some(known?))
}
