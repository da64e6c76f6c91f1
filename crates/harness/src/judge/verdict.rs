//! What was found, as text for people and as JSON for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::finding::{Finding, Severity};
use crate::folder::Gap;

/// What was found in a history.
#[derive(Clone, Debug)]
pub struct Verdict {
    /// The layout of the folder.
    pub layout: String,
    /// The folder, as it was named.
    pub root: String,
    /// Where it was read how the tool runs a file.
    pub source: &'static str,
    /// How many steps were judged.
    pub steps: usize,
    /// How many runs with rows were made.
    pub journeys: usize,
    /// The tables that got no rows at some version, each with the reason in SQLite's words.
    pub unseeded: Vec<(String, String)>,
    /// What the history holds and nobody could run.
    pub gaps: Vec<Gap>,
    /// The findings, in order of the steps, the worst of a step first.
    pub findings: Vec<Finding>,
}

impl Verdict {
    /// The worst of the findings.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }

    /// One JSON document. Its fields keep their names and their meaning:
    ///
    /// ```text
    /// {"layout": "…", "steps": N, "journeys": N, "unseeded": ["table", …], "gaps": ["file: why", …],
    ///  "findings": [{"class": "…", "severity": "error|warning|note", "step": "…", "direction": "up|down",
    ///                "file": "…", "line": N, "object": "table.column", "rows": N, "shown": ["…", …],
    ///                "when": {"foreign_keys": "on|off|both", "transaction": "file|none|run"},
    ///                "message": "…", "repeat": "…"}]}
    /// ```
    pub fn to_json(&self) -> Value {
        let tables: Vec<&String> = self.unseeded.iter().map(|(table, _)| table).collect();
        let gaps: Vec<String> = self
            .gaps
            .iter()
            .map(|gap| format!("{}: {}", gap.file, gap.why))
            .collect();
        let findings: Vec<Value> = self.findings.iter().map(finding_json).collect();
        json!({
            "layout": self.layout,
            "steps": self.steps,
            "journeys": self.journeys,
            "unseeded": tables,
            "gaps": gaps,
            "findings": findings,
        })
    }

    /// The report for people.
    pub fn to_text(&self) -> String {
        let mut text = format!(
            "verify-migrations: {}, layout {}, {}, {}\n",
            self.root,
            self.layout,
            count(self.steps, "step"),
            count(self.journeys, "journey"),
        );
        let _ = writeln!(text, "  run as: {}", self.source);
        for gap in &self.gaps {
            let _ = writeln!(text, "  gap: {}: {}", gap.file, gap.why);
        }
        for (table, reason) in &self.unseeded {
            let _ = writeln!(text, "  no rows: `{table}`: {reason}");
        }
        let mut step = None;
        for finding in &self.findings {
            let head = (finding.step.as_str(), finding.direction);
            if step != Some(head) {
                let _ = writeln!(text, "\n  {}  {}", finding.step, finding.direction.name());
                step = Some(head);
            }
            write_finding(finding, &mut text);
        }
        let of = |severity| {
            self.findings
                .iter()
                .filter(|own| own.severity == severity)
                .count()
        };
        let counts = [
            (of(Severity::Error), "error"),
            (of(Severity::Warning), "warning"),
            (of(Severity::Note), "note"),
        ];
        let counts: Vec<String> = counts
            .iter()
            .filter(|(number, _)| *number > 0)
            .map(|(number, word)| count(*number, word))
            .collect();
        let _ = match (self.worst(), counts.is_empty()) {
            (_, true) => writeln!(
                text,
                "\nok: nothing is lost, nothing fails, and every way back comes back"
            ),
            (Some(Severity::Error), _) => writeln!(text, "\nerror: {}", counts.join(", ")),
            (Some(Severity::Warning), _) => writeln!(text, "\nwarning: {}", counts.join(", ")),
            _ => writeln!(text, "\nok: {}", counts.join(", ")),
        };
        text
    }
}

fn count(number: usize, word: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {word}{plural}")
}

fn write_finding(finding: &Finding, text: &mut String) {
    let object = match finding.object.is_empty() {
        true => String::new(),
        false => format!("  {}", finding.object),
    };
    let rows = match finding.rows {
        0 => String::new(),
        rows => format!(", {}", count(rows, "row")),
    };
    let when = match finding.when.foreign_keys {
        "both" => String::new(),
        keys => format!("  (foreign keys {keys})"),
    };
    let _ = writeln!(
        text,
        "      {:<7}  {}{object}{rows}  {}:{}{when}",
        finding.severity.name(),
        finding.class.name(),
        finding.file,
        finding.line,
    );
    let _ = writeln!(text, "          {}", finding.message);
    for row in &finding.shown {
        let _ = writeln!(text, "          {row}");
    }
    if finding.severity > Severity::Note {
        let _ = writeln!(text, "          again: {}", finding.repeat);
    }
}

fn finding_json(finding: &Finding) -> Value {
    json!({
        "class": finding.class.name(),
        "severity": finding.severity.name(),
        "step": finding.step,
        "direction": finding.direction.name(),
        "file": finding.file,
        "line": finding.line,
        "object": finding.object,
        "rows": finding.rows,
        "shown": finding.shown,
        "when": {
            "foreign_keys": finding.when.foreign_keys,
            "transaction": finding.when.transaction.name(),
        },
        "message": finding.message,
        "repeat": finding.repeat,
    })
}
