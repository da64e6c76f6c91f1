//! The names of the report formats.

use std::fmt;
use std::str::FromStr;

/// A report format.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Format {
    /// For people.
    Text,
    /// One document for programs. Its fields keep their names and their meaning; a change of either
    /// raises `schema_version`, and a new field does not:
    ///
    /// ```text
    /// {"schema_version": 1, "tool_version": "0.1.0", "verdict": "ok|warning|error|incomplete",
    ///  "counts": {"severity": {"error": N, "warning": N, "note": N}, "rule": {"rows-lost": N, …}},
    ///  "layout": "…", "steps": N, "journeys": N, "unseeded": ["table", …],
    ///  "gaps": ["file: why", …],
    ///  "findings": [{"rule": "…", "severity": "error|warning|note", "step": "…",
    ///                "direction": "up|down", "file": "…", "line": N, "object": "table.column",
    ///                "rows": N, "shown": ["…", …],
    ///                "when": {"foreign_keys": "on|off|both", "transaction": "file|none|run"},
    ///                "message": "…", "repeat": "…", "group": N, "count": N}],
    ///  "known": N, "notes": ["…", …], "unjudged": ["step: why", …],
    ///  "untested": [{"step", "direction", "file", "line", "why"}], "incomplete": "…"}
    /// ```
    ///
    /// Findings with the same `group` have the same cause, and `count` is their number, or that of
    /// the steps where one finding is about the whole folder.
    ///
    /// `known` counts findings that the baseline accepts; they are in no other field. `known` and
    /// `notes` are present only if a baseline, a revision or an options file contributes to them,
    /// `unjudged` and `incomplete` only if something was not read or not tried.
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
    /// All formats, in the order in which the help lists them.
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
        write!(f, "unknown format; the formats are {}", names.join(", "))
    }
}

impl std::error::Error for UnknownFormat {}
