//! [Workflow
//! commands](https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands)
//! that GitHub shows as annotations, on the file and line of a pull request.
//!
//! GitHub keeps ten annotations of each level from one step of a job and drops the others silently.
//! So the tenth counts the others, which the log lists as plain lines.

use std::fmt::Write as _;

use crate::finding::{Finding, Severity};
use crate::report::groups::{Group, groups};
use crate::report::summary::Report;
use crate::report::wording::{count, describe};

/// The number of annotations of one level that GitHub keeps.
const KEPT: usize = 10;

pub(crate) fn write(report: &Report<'_>) -> String {
    let mut text = String::new();
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let groups = groups(report).into_iter();
        let groups: Vec<Group<'_>> = groups
            .filter(|group| group.lead.severity == severity)
            .collect();
        // A remark about the run as a whole comes first: a notice, or the error of exit code 2.
        let remarks = match severity {
            Severity::Note => report.remarks(),
            Severity::Error if report.ends_incomplete() => {
                vec![format!("incomplete: {}", report.outcome())]
            }
            _ => Vec::new(),
        };
        let whole = remarks.iter().map(|remark| (None, remark.clone()));
        let each = groups.iter().map(|group| {
            let lines = std::iter::once(describe(group.lead)).chain(group.also());
            (Some(group.lead), lines.collect::<Vec<_>>().join("\n"))
        });
        let all: Vec<(Option<&Finding>, String)> = whole.chain(each).collect();
        let shown = if all.len() > KEPT { KEPT - 1 } else { KEPT };
        for (finding, message) in all.iter().take(shown) {
            command(&mut text, report, severity, *finding, message);
        }
        let rest = all.get(shown..).unwrap_or_default();
        if !rest.is_empty() {
            let message = format!("{} more in the log of this step", rest.len());
            command(&mut text, report, severity, None, &message);
        }
        for (finding, message) in rest {
            let at = finding.map(|own| format!("{}:{}: ", report.path(&own.file), own.line));
            let line = format!("{}{message}", at.unwrap_or_default());
            // The whole message is one line, which begins with a severity.
            let _ = writeln!(text, "{}: {}", severity.name(), line.replace('\n', "; "));
        }
    }
    let verdict = report.verdict;
    let found = match (report.counts(), report.incomplete()) {
        (counts, None) if counts.is_empty() => "no findings".to_owned(),
        (counts, None) => counts,
        (_, Some(_)) => format!("incomplete: {}", report.outcome()),
    };
    let steps = count(verdict.steps, "step");
    let _ = writeln!(text, "rowsafe check: {}: {steps}, {found}", verdict.root);
    text
}

/// A workflow command for a run that gave no report, from its text for standard error, which is
/// escaped.
pub fn annotate_failure(message: &str) -> String {
    format!(
        "::error title=rowsafe check::{}\n",
        data(message.trim_end())
    )
}

fn command(
    text: &mut String,
    report: &Report<'_>,
    severity: Severity,
    finding: Option<&Finding>,
    message: &str,
) {
    let level = match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let properties = match finding {
        None => "title=rowsafe check".to_owned(),
        Some(own) => format!(
            "file={},line={},title={}",
            property(&report.path(&own.file)),
            own.line,
            property(&format!("{} {}", own.step, own.rule.name())),
        ),
    };
    let _ = writeln!(text, "::{level} {properties}::{}", data(message));
}

/// A message, escaped as GitHub's toolkit does.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property, which ends at a comma or a colon.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
