//! A verdict as others read it: people, programs, test reporters, code scanning, a workflow's annotations and its
//! summary. One file a format; the names of classes and severities are the same in all.

mod github;
pub(crate) mod json;
mod junit;
mod markdown;
mod printable;
mod sarif;
mod text;

use std::fmt;
use std::str::FromStr;

use schema::escape;
use serde_json::Value;

use crate::finding::{Finding, Severity};
use crate::verdict::Verdict;

/// The formats, in the order in which they are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// For people.
    Text,
    /// One document for programs. Its fields keep their names and their meaning:
    ///
    /// ```text
    /// {"layout": "…", "steps": N, "journeys": N, "unseeded": ["table", …], "gaps": ["file: why", …],
    ///  "findings": [{"class": "…", "severity": "error|warning|note", "step": "…", "direction": "up|down",
    ///                "file": "…", "line": N, "object": "table.column", "rows": N, "shown": ["…", …],
    ///                "when": {"foreign_keys": "on|off|both", "transaction": "file|none|run"},
    ///                "message": "…", "repeat": "…"}],
    ///  "known": N, "notes": ["…", …], "unjudged": ["step: why", …], "incomplete": "…"}
    /// ```
    ///
    /// `known` and `notes` stand there only where a baseline, a revision or a file of options has something to say,
    /// `unjudged` and `incomplete` only where not everything was read and tried.
    Json,
    /// JUnit's XML for test reporters.
    Junit,
    /// SARIF 2.1.0 for code scanning.
    Sarif,
    /// Workflow commands that GitHub shows as annotations.
    Github,
    /// A page for a pull request or `GITHUB_STEP_SUMMARY`.
    Markdown,
}

impl Format {
    /// All formats.
    pub const ALL: &[Format] = &[
        Format::Text,
        Format::Json,
        Format::Junit,
        Format::Sarif,
        Format::Github,
        Format::Markdown,
    ];

    /// The name, as `--format` takes it.
    pub fn name(self) -> &'static str {
        match self {
            Format::Text => "text",
            Format::Json => "json",
            Format::Junit => "junit",
            Format::Sarif => "sarif",
            Format::Github => "github",
            Format::Markdown => "markdown",
        }
    }

    /// A help text of one line.
    pub fn help(self) -> &'static str {
        match self {
            Format::Text => "Text for people",
            Format::Json => "One JSON document for programs",
            Format::Junit => "JUnit XML for test reporters",
            Format::Sarif => "SARIF 2.1.0 for code scanning",
            Format::Github => "Workflow commands that GitHub shows as annotations",
            Format::Markdown => "A page for a pull request or `GITHUB_STEP_SUMMARY`",
        }
    }
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Format, UnknownFormat> {
        let found = Format::ALL.iter().find(|format| format.name() == name);
        found.copied().ok_or(UnknownFormat)
    }
}

/// A text that names no format. Its message lists all names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownFormat;

impl fmt::Display for UnknownFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<&str> = Format::ALL.iter().map(|format| format.name()).collect();
        write!(f, "no such format; there are {}", names.join(", "))
    }
}

impl std::error::Error for UnknownFormat {}

impl Verdict {
    /// One JSON document, see [`Format::Json`].
    pub fn to_json(&self) -> Value {
        json::value(&Report::of(self))
    }

    /// The report for people, see [`Format::Text`].
    pub fn to_text(&self) -> String {
        Report::of(self).to(Format::Text)
    }
}

/// A verdict with what is known of the run around it.
#[derive(Clone, Debug)]
pub struct Report<'a> {
    /// What was found and is not accepted.
    pub verdict: &'a Verdict,
    /// The folder as seen from the root of the repository, with `/` on every system; empty where it is the root.
    pub folder: String,
    /// What makes the command fail.
    pub fail_on: Severity,
    /// How many findings a baseline accepts; they are not in the verdict.
    pub known: usize,
    /// What is told of the run as a whole, a line each.
    pub notes: Vec<String>,
    /// Whether no step was to be judged, as with a revision that has them all.
    pub none_asked: bool,
}

impl<'a> Report<'a> {
    /// A verdict alone.
    pub fn of(verdict: &'a Verdict) -> Report<'a> {
        Report {
            verdict,
            folder: verdict.root.clone(),
            fail_on: Severity::Error,
            known: 0,
            notes: Vec::new(),
            none_asked: false,
        }
    }

    /// What of the folder was not read or not tried, for the line that says how it ended; `None` where that is
    /// everything.
    pub fn incomplete(&self) -> Option<String> {
        let verdict = self.verdict;
        let mut parts = Vec::new();
        if verdict.steps == 0 && !self.none_asked && verdict.stopped.is_none() {
            parts.push("nothing was judged".to_owned());
        }
        parts.extend(verdict.stopped.clone());
        let mut list = |what: &str, names: Vec<&str>| {
            parts.extend(some(&names).map(|names| format!("{what}: {names}")));
        };
        let names = |gap: &'a folders::Gap| gap.file.as_str();
        list("not read", verdict.gaps.iter().map(names).collect());
        let unjudged = verdict.unjudged.iter().map(|own| own.step.as_str());
        list("not tried in whole", unjudged.collect());
        let unseeded = verdict.unseeded.iter().map(|(table, _)| table.as_str());
        list("without rows", unseeded.collect());
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    /// The word for how it ended, and what was found and left out.
    fn outcome(&self) -> (&'static str, String) {
        let found = match self.counts() {
            counts if !counts.is_empty() => counts,
            _ if self.incomplete().is_some() => "nothing found in what was tried".to_owned(),
            _ => self.nothing().to_owned(),
        };
        let word = match (self.verdict.worst(), self.incomplete()) {
            (Some(Severity::Error), _) => "error",
            (Some(Severity::Warning), _) => "warning",
            (_, Some(_)) => "incomplete",
            (_, None) => "ok",
        };
        let rest = self.incomplete().map(|rest| format!("; {rest}"));
        (word, format!("{found}{}", rest.unwrap_or_default()))
    }

    /// The whole text in one format, which ends with a line end. JSON and SARIF say exactly what is in the folder;
    /// in the others it is escaped, and none of it begins a line or moves a cursor.
    pub fn to(&self, format: Format) -> String {
        let document = |value| escape::json(&format!("{value:#}\n")).into_owned();
        let write: fn(&Report<'_>) -> String = match format {
            Format::Json => return document(json::value(self)),
            Format::Sarif => return document(sarif::value(self)),
            Format::Text => text::write,
            Format::Junit => junit::write,
            Format::Github => github::write,
            Format::Markdown => markdown::write,
        };
        let verdict = printable::verdict(self.verdict);
        write(&printable::report(self, &verdict))
    }

    /// Whether a finding makes the command fail.
    pub fn fails(&self, finding: &Finding) -> bool {
        finding.severity >= self.fail_on
    }

    /// A file of the folder, as seen from the root of the repository.
    fn path(&self, file: &str) -> String {
        match (self.folder.is_empty(), file.is_empty()) {
            (true, _) => file.to_owned(),
            (_, true) => self.folder.clone(),
            _ => format!("{}/{file}", self.folder.trim_end_matches('/')),
        }
    }

    /// How many findings there are of each severity, such as `2 errors, 1 note`; empty where there are none.
    fn counts(&self) -> String {
        let of = |severity| {
            let findings = self.verdict.findings.iter();
            findings.filter(|own| own.severity == severity).count()
        };
        let counts = [Severity::Error, Severity::Warning, Severity::Note]
            .map(|severity| (of(severity), severity.name()));
        let counts = counts.iter().filter(|(number, _)| *number > 0);
        let counts: Vec<String> = counts.map(|(number, word)| count(*number, word)).collect();
        counts.join(", ")
    }

    /// What there is to say where there are no findings.
    fn nothing(&self) -> &'static str {
        match self.verdict.steps {
            0 => "no step was to be judged",
            _ if self.known > 0 => "nothing that is not known",
            _ => "nothing is lost, nothing fails, and every way back comes back",
        }
    }

    /// What is accepted and what is told of the run as a whole, for people.
    fn remarks(&self) -> Vec<String> {
        let gaps = self.verdict.gaps.iter();
        let gaps = gaps.map(|gap| format!("gap: {}: {}", gap.file, gap.why));
        let unseeded = self.verdict.unseeded.iter();
        let unseeded = unseeded.map(|(table, reason)| format!("no rows: `{table}`: {reason}"));
        let unjudged = self.verdict.unjudged.iter();
        let unjudged = unjudged.map(|own| format!("not tried: {}: {}", own.step, own.why));
        let stopped = self.verdict.stopped.iter();
        let stopped = stopped.map(|why| format!("stopped: {why}"));
        let known = (self.known > 0).then(|| format!("known: {}", count(self.known, "finding")));
        let notes = self.notes.iter().cloned();
        let untried = stopped.chain(gaps).chain(unjudged).chain(unseeded);
        untried.chain(known).chain(notes).collect()
    }
}

/// The first of some names, each once, and how many more there are.
fn some(names: &[&str]) -> Option<String> {
    const SHOWN: usize = 3;
    let mut unique: Vec<&str> = Vec::new();
    for name in names {
        if !unique.contains(name) {
            unique.push(name);
        }
    }
    let shown: Vec<String> = unique
        .iter()
        .take(SHOWN)
        .map(|name| format!("`{name}`"))
        .collect();
    let more = unique.len().saturating_sub(SHOWN);
    let more = (more > 0).then(|| format!(" and {more} more"));
    (!shown.is_empty()).then(|| format!("{}{}", shown.join(", "), more.unwrap_or_default()))
}

fn count(number: usize, word: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {word}{plural}")
}

/// What a finding says, the rows that show it, and the command that shows it again, a line each.
fn told(finding: &Finding) -> String {
    let mut lines = vec![match scope(finding) {
        scope if scope.is_empty() => finding.message.clone(),
        scope => format!("{scope}: {}", finding.message),
    }];
    lines.extend(finding.shown.iter().cloned());
    lines.push(format!("again: {}", finding.repeat));
    lines.join("\n")
}

/// What a finding concerns, how many rows show it and when it holds, such as `item, 4 rows, foreign keys on`.
fn scope(finding: &Finding) -> String {
    let mut parts = Vec::new();
    if !finding.object.is_empty() {
        parts.push(finding.object.clone());
    }
    if finding.rows > 0 {
        parts.push(count(finding.rows, "row"));
    }
    if finding.when.foreign_keys != "both" {
        parts.push(format!("foreign keys {}", finding.when.foreign_keys));
    }
    parts.join(", ")
}
