//! `rowsafe check DIR`: a folder of SQLite migrations of any tool.

#![expect(
    clippy::disallowed_methods,
    reason = "the command reads and writes what its user names"
)]

mod arguments;
mod baseline;
mod config;
mod failure_log;
mod git;
mod place;
mod progress;
mod since;

use std::ffi::OsString;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use clap::{ArgMatches, Command, FromArgMatches};
use schema::escape;

pub(super) use arguments::Arguments;
use baseline::Baseline;
pub(super) use failure_log::FailureLog;

use super::nearest::nearest;
use super::outcome::{Failure, Outcome};
use crate::input;
use folders::{History, InputError};
use lint::report::Report;
use sandbox::{Deadline, Scope};

/// The command line as it was given, and its definitions.
pub(super) struct CommandLine<'a> {
    pub(super) definitions: Command,
    pub(super) words: &'a [OsString],
    pub(super) matches: &'a ArgMatches,
}

/// Checks a folder with the options of the command line and of the folder's options file. A failure
/// is also written in the formats that the options ask for.
pub(super) fn run(
    given: &Arguments,
    line: &CommandLine<'_>,
    output: &mut dyn Write,
) -> Result<Outcome, Failure> {
    let merged = merge_options(given, line);
    let arguments = match &merged {
        Ok(Some(merged)) => &merged.arguments,
        _ => given,
    };
    let done = merged.as_ref().map_err(Clone::clone).map_err(Failure::from);
    let done = done.and_then(|merged| {
        let config = merged.as_ref().map(|merged| merged.path.as_path());
        check_folder(arguments, config, output)
    });
    if let Err(failure) = &done {
        let text = FailureLog::from_arguments(arguments).write(&failure.report());
        output.write_all(&text)?;
    }
    done
}

/// The options of the command line and of a file together.
struct Merged {
    arguments: Arguments,
    path: PathBuf,
}

/// Reads the options file of the folder; `None` if there is none.
fn merge_options(given: &Arguments, line: &CommandLine<'_>) -> Result<Option<Merged>, InputError> {
    let (Some(verb), Some((name, matches))) = (
        line.definitions.find_subcommand("check"),
        line.matches.subcommand(),
    ) else {
        return Ok(None);
    };
    let Some(config) = config::read(&given.folder, verb, matches)? else {
        return Ok(None);
    };
    // Before all others, where no `--` can precede them.
    let mut words = line.words.to_vec();
    let verb = words.iter().position(|word| word == name).unwrap_or(0);
    words.splice(verb + 1..verb + 1, config.words);
    let matches = line.definitions.clone().get_matches_from(words);
    let Some((_, matches)) = matches.subcommand() else {
        return Ok(None);
    };
    let arguments = Arguments::from_arg_matches(matches).unwrap_or_else(|error| error.exit());
    let path = config.path;
    Ok(Some(Merged { arguments, path }))
}

/// Checks a folder. `config` is the file that contains some of the options.
fn check_folder(
    arguments: &Arguments,
    config: Option<&Path>,
    output: &mut dyn Write,
) -> Result<Outcome, Failure> {
    let root = &arguments.folder;
    let folder_options = folder_options(arguments);
    let deadline = Arc::new(Deadline::after(Duration::from_secs(arguments.timeout)));
    let mut history = {
        let (root, options) = (root.clone(), folder_options.clone());
        in_time(&deadline, arguments, move || folders::read(&root, &options))?
    };
    let mut options = lint_options(arguments);
    if let Some(base) = arguments.base.as_ref().or(history.base.as_ref()) {
        let (base, scope) = (base.clone(), Scope::new(&deadline, arguments.timeout));
        let read = move || {
            scope.within(|| {
                let made = options.base(&*input::database(&base)?);
                made.map_err(|error| {
                    Failure::Message(format!("error: {}\n", escape::line(&error.to_string())))
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
        let since = since::select(&history, revision, &folder_options)?;
        if since.steps.is_empty() {
            options.starts = 0;
        }
        options.only = Some(since.steps);
        notes.extend(since.notes);
        history.faults.extend(since.faults);
    }
    let judged = lint::check_until(&history, &options, &deadline);
    progress::clear();
    let mut verdict = judged.map_err(|error| refuse(&error, arguments, &history))?;
    let mut accepted = 0;
    if let Some(known) = known {
        if arguments.write_baseline {
            if let Some(why) = &verdict.stopped {
                return Err(Failure::Message(format!(
                    "error: no baseline is written: {why}\n\
                     hint: allow more time with `--timeout SECONDS`\n"
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
    let mut report = Report::new(&verdict);
    report.folder = place::within_repository(root);
    report.fail_on = arguments.fails_from();
    report.fail_on_gaps = arguments.fails_on_gaps();
    report.known = accepted;
    report.notes = notes;
    report.none_asked = options.only.is_some() && verdict.steps == 0;
    report.allow_gaps = arguments.allow_gaps;
    report.detail = arguments.detail();
    for (format, path) in &arguments.also {
        fs::write(path, report.render(*format))
            .map_err(|error| InputError::unwritable(path, &error))?;
    }
    output.write_all(report.render(arguments.format).as_bytes())?;
    Ok(if report.has_failures() {
        Outcome::Found
    } else if report.ends_incomplete() {
        Outcome::Incomplete
    } else {
        Outcome::Clean
    })
}

fn folder_options(arguments: &Arguments) -> folders::Options {
    let mut options = folders::Options::default();
    options.layout = arguments.layout;
    arguments.defines.clone_into(&mut options.defines);
    arguments.order.clone_into(&mut options.order);
    arguments.down.clone_into(&mut options.down);
    arguments.ignore.clone_into(&mut options.ignore);
    arguments.dialect.clone_into(&mut options.dialect);
    options.has_base = arguments.base.is_some();
    options
}

fn lint_options(arguments: &Arguments) -> lint::Options {
    let mut options = lint::Options::default();
    options.foreign_keys = arguments.keys();
    options.transaction = arguments.around();
    options.allow_drops = arguments.allow_drops;
    options.statement_timeout = Duration::from_secs(arguments.statement_timeout);
    options.timeout = Duration::from_secs(arguments.timeout);
    for own in &arguments.stub_functions {
        let key = (own.name.clone(), own.arity);
        if let Some(expression) = &own.expression {
            (options.stub_expressions).insert(key.clone(), expression.clone());
        }
        options.stub_functions.push(key);
    }
    arguments
        .stub_collations
        .clone_into(&mut options.stub_collations);
    arguments.stub_modules.clone_into(&mut options.stub_modules);
    options.from = arguments.from.clone();
    options.to = arguments.to.clone();
    options.seed = arguments.seed;
    options.command = arguments.words();
    options.progress = Some(progress::show);
    options
}

/// An error of the check, with a hint that names the options of this command.
fn refuse(error: &lint::Error, arguments: &Arguments, history: &History) -> Failure {
    let hint = match error.kind() {
        lint::ErrorKind::UnknownStep => {
            let steps = history.steps.iter().map(|step| step.name.as_str());
            let steps: Vec<&str> = steps.collect();
            let asked = [&arguments.from, &arguments.to].into_iter().flatten();
            // The error names the step that is not there.
            let named = format!("{error}");
            let is_named = |own: &&str| named.contains(&format!("`{own}`"));
            let unknown = asked.map(String::as_str).find(is_named);
            let near = unknown.map_or_else(Vec::new, |own| nearest(own, steps.iter().copied()));
            let near: Vec<String> = near.iter().map(|name| format!("`{name}`")).collect();
            match (near.is_empty(), steps.last()) {
                (false, _) => format!("did you mean {}?", near.join(" or ")),
                (true, Some(last)) => format!(
                    "name a step of the folder by its name, its file or its number, such as \
                     `{last}`"
                ),
                (true, None) => "the folder contains no step".to_owned(),
            }
        }
        lint::ErrorKind::Timeout => "allow more time with `--timeout SECONDS`".to_owned(),
        _ => "try again with more free memory".to_owned(),
    };
    let (error, hint) = (error.to_string(), escape::line(&hint).into_owned());
    Failure::Message(format!("error: {}\nhint: {hint}\n", escape::line(&error)))
}

/// The result of `work`, unless the time limit of the run is over first.
fn in_time<T: Send + 'static, E: Into<Failure> + Send + 'static>(
    deadline: &Deadline,
    arguments: &Arguments,
    work: impl FnOnce() -> Result<T, E> + Send + 'static,
) -> Result<T, Failure> {
    match lint::until(deadline, work) {
        Some(done) => done.map_err(Into::into),
        None => Err(Failure::Message(format!(
            "error: the folder was not read within {} seconds\n\
             hint: allow more time with `--timeout SECONDS`, or name the folder that contains the \
             migrations\n",
            arguments.timeout
        ))),
    }
}

/// Reads the baseline, before the work begins.
fn known(arguments: &Arguments) -> Result<Option<Baseline>, Failure> {
    let Some(path) = &arguments.baseline else {
        if arguments.write_baseline {
            return Err(Failure::Message(
                "error: `--write-baseline` needs a file\nhint: add `--baseline FILE`\n".to_owned(),
            ));
        }
        return Ok(None);
    };
    let known = if arguments.write_baseline {
        Baseline::read_or_new(path)
    } else {
        Baseline::read(path)
    };
    Ok(Some(known?))
}
