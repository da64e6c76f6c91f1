//! The output of all verbs.

use std::error::Error as _;
use std::fmt::{Debug, Display};
use std::io::{self, IsTerminal, Write};

use clap::ValueEnum;
use migrations::{AtRisk, Direction, Progress, Report, Work, escape};
use serde_json::{Map, Value, json};

use crate::error::Error;

/// Copies with fewer pages than this show no progress: 16 MB at the usual page size.
const MANY_PAGES: u64 = 4096;

/// Runs with fewer rows than this show no progress.
const MANY_ROWS: u64 = 20_000;

/// The format of a verb's result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    /// For people
    Text,
    /// One JSON document on standard output, also for errors, and nothing else there
    Json,
}

/// Standard output, and standard error for errors.
///
/// A verb produces everything twice, as lines of text and as members of the JSON document; the
/// output drops the format that was not asked for. It prints nothing before the work is done, so
/// that a full disk or a closed pipe cannot prevent the work.
pub(super) struct Output {
    text: String,
    format: Format,
    document: Map<String, Value>,
    /// The state after the work, for the message if the output cannot be printed.
    leaves: String,
}

impl Output {
    pub(super) fn new(format: Format) -> Output {
        Output {
            text: String::new(),
            format,
            document: Map::new(),
            leaves: "the file is as it was".to_owned(),
        }
    }

    /// Sets the state after the work, as a clause.
    pub(super) fn leaves(&mut self, what: impl Into<String>) {
        self.leaves = what.into();
    }

    /// Adds one line; control characters in it are escaped.
    pub(super) fn line(&mut self, line: impl Display) {
        let line = line.to_string();
        self.script(&escape::line(&line));
        self.script("\n");
    }

    /// Adds a text with several lines.
    pub(super) fn listing(&mut self, text: &str) {
        self.script(&escape::lines(text));
    }

    /// Adds a text that a different program reads, unchanged: it contains nothing from the file.
    pub(super) fn script(&mut self, text: &str) {
        if self.format == Format::Text {
            self.text.push_str(text);
        }
    }

    /// Adds members to the JSON document.
    pub(super) fn add_json(&mut self, members: Value) {
        if let Value::Object(members) = members {
            self.document.extend(members);
        }
    }

    /// Prints everything; on failure also returns the state after the work.
    pub(super) fn flush(&mut self) -> Result<(), (io::Error, &str)> {
        if self.format == Format::Json && !self.document.is_empty() {
            let document = Value::Object(std::mem::take(&mut self.document));
            let document = format!("{document:#}\n");
            self.text.push_str(&escape::json(&document));
        }
        let mut stdout = io::stdout().lock();
        let printed = stdout.write_all(self.text.as_bytes());
        printed
            .and_then(|()| stdout.flush())
            .map_err(|source| (source, self.leaves.as_str()))
    }

    /// Prints an error after the results so far. If that is impossible, standard error gets the
    /// error.
    pub(super) fn fail(&mut self, error: &Error, outcome: &str) {
        self.add_json(json!({ "error": error_json(error, outcome) }));
        let printed = self.flush().is_ok();
        if self.format == Format::Text || !printed {
            self.complain(&error.report());
        }
    }

    /// Prints a usage error of clap in JSON.
    pub(super) fn fail_usage(&mut self, text: &str) {
        let (message, more) = text.split_once("\n\n").unwrap_or((text, ""));
        let hints = more.lines().filter(|line| !line.trim().is_empty());
        self.add_json(json!({ "error": {
            "kind": "usage",
            "place": null,
            "causes": [],
            "message": message.trim_start_matches("error: ").trim_end(),
            "hints": hints.map(str::trim).collect::<Vec<_>>(),
            "outcome": "untouched",
        }}));
        let _ = self.flush();
    }

    /// Prints to standard error; if that is closed, the text is lost.
    pub(super) fn complain(&mut self, text: &str) {
        let _ = io::stderr().write_all(text.as_bytes());
    }

    /// Adds the report of a run: its steps, skipped rows and backup.
    pub(super) fn run(&mut self, report: &Report, backup: Option<&str>) {
        if report.adopted || !report.steps.is_empty() {
            self.leaves(format!("the file is at version {}", report.to));
        }
        for step in &report.steps {
            let direction = match step.direction {
                Direction::Up => "up  ",
                Direction::Down => "down",
            };
            self.line(format_args!("  {direction}  {}", step.folder));
        }
        self.skipped_rows(report);
        if let Some(backup) = backup {
            self.line(format_args!("backup: {backup}"));
        }
        self.add_json(report_json(report));
        self.add_json(json!({ "backup": backup }));
    }

    pub(super) fn skipped_rows(&mut self, report: &Report) {
        for row in &report.skipped_rows {
            self.line(format_args!(
                "  left as it is: {} {}: {}",
                row.table, row.key, row.reason
            ));
        }
        for old in &report.dangling {
            self.line(format_args!(
                "  as before: {} of {} with a foreign key that finds no row of {}",
                count(old.rows, "row"),
                old.table,
                old.parent
            ));
        }
    }

    /// Adds the rows that a plan would lose, counted in the file.
    pub(super) fn at_risk(&mut self, risks: &[AtRisk]) {
        let all = risks.iter().map(|risk| {
            json!({
                "object": risk.object,
                "rows": risk.rows,
                "examples": risk.examples,
                "why": risk.why,
            })
        });
        self.add_json(json!({ "at_risk": all.collect::<Vec<_>>() }));
        if risks.is_empty() {
            return;
        }
        self.line("Rows at risk:");
        for risk in risks {
            let more = if risk.rows > risk.examples.len() as u64 {
                ", …"
            } else {
                ""
            };
            self.line(format_args!(
                "  {}: {} ({}{more}): {}",
                risk.object,
                count(risk.rows, "row"),
                risk.examples.join(", "),
                risk.why
            ));
        }
    }
}

/// The progress display at a terminal for large copies; `None` without a terminal.
pub(super) fn progress() -> Option<fn(Progress)> {
    fn line(progress: Progress) {
        let Progress {
            work, done, all, ..
        } = progress;
        let text = match work {
            Work::Copying if all < MANY_PAGES => return,
            Work::Filling if done < MANY_ROWS => return,
            Work::Copying => format!("copying: {:3} %", done.saturating_mul(100) / all),
            Work::Filling => format!("moving: {done} rows"),
        };
        let end = if done == all { "\n" } else { "" };
        // If standard error is closed, the progress is lost.
        let _ = write!(io::stderr(), "\r{text}{end}");
    }
    io::stderr().is_terminal().then_some(line as fn(Progress))
}

fn error_json(error: &Error, outcome: &str) -> Value {
    let engine = error.engine();
    let kind = match engine {
        Some(engine) => words(&engine.kind()),
        None => words(&error.kind()),
    };
    let place = engine.and_then(migrations::Error::place).map(|place| {
        json!({
            "version": place.version,
            "file": place.file,
            "statement": place.statement,
            "line": place.line,
            "column": place.column,
            "text": place.text,
        })
    });
    let mut causes = Vec::new();
    let mut cause = error.source();
    while let Some(source) = cause {
        causes.push(source.to_string());
        // The sources of SQLite's message only repeat it with an error code.
        cause = source.source().filter(|_| !source.is::<rusqlite::Error>());
    }
    json!({
        "kind": kind,
        "message": error.to_string(),
        "place": place,
        "causes": causes,
        "hints": error.hints(),
        "outcome": outcome,
    })
}

/// The name of a kind in JSON: `NotADatabase` is `not-a-database`.
fn words(kind: &impl Debug) -> String {
    let mut words = String::new();
    for c in format!("{kind:?}").chars() {
        if c.is_ascii_uppercase() && !words.is_empty() {
            words.push('-');
        }
        words.push(c.to_ascii_lowercase());
    }
    words
}

/// A report without its backup, whose path is printed as the user would type it.
pub(super) fn report_json(report: &Report) -> Value {
    let steps = report.steps.iter().map(|step| {
        json!({
            "version": step.version,
            "step": step.folder,
            "direction": words(&step.direction),
            "milliseconds": step.elapsed.as_millis() as u64,
        })
    });
    let left = report.skipped_rows.iter().map(|row| {
        json!({
            "version": row.version,
            "table": row.table,
            "key": row.key,
            "reason": row.reason,
        })
    });
    let dangling = report.dangling.iter().map(|old| {
        json!({
            "table": old.table,
            "parent": old.parent,
            "rows": old.rows,
        })
    });
    json!({
        "from": report.from,
        "to": report.to,
        "adopted": report.adopted,
        "steps": steps.collect::<Vec<_>>(),
        "left_as_is": left.collect::<Vec<_>>(),
        "dangling": dangling.collect::<Vec<_>>(),
    })
}

/// `1 row`, `2 rows`.
pub(super) fn count(number: u64, what: &str) -> String {
    match number {
        1 => format!("1 {what}"),
        _ => format!("{number} {what}s"),
    }
}

/// A number of bytes with a unit.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..1_000_000 => format!("{}.{} kB", bytes / 1000, bytes / 100 % 10),
        _ => format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn kinds_are_written_with_hyphens() {
        let written = super::words(&migrations::ErrorKind::NotADatabase);
        assert_eq!(written, "not-a-database");
    }

    #[test]
    fn sizes_are_short() {
        let shown: Vec<_> = [0, 999, 45_056, 999_999, 12_345_678]
            .into_iter()
            .map(super::size)
            .collect();
        assert_eq!(
            shown,
            ["0.0 kB", "0.9 kB", "45.0 kB", "999.9 kB", "12.3 MB"]
        );
    }
}
