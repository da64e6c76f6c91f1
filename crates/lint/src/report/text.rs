//! The report for people.

use std::fmt::Write as _;

use crate::finding::{Finding, Severity};
use crate::report::summary::Report;
use crate::report::wording::count;

pub(crate) fn write(report: &Report<'_>) -> String {
    let verdict = report.verdict;
    let mut text = format!(
        "rowsafe check: {}, layout {}, {}, {}\n",
        verdict.root,
        verdict.layout,
        count(verdict.steps, "step"),
        count(verdict.journeys, "journey"),
    );
    let _ = writeln!(text, "  run as: {}", verdict.source);
    for remark in report.remarks() {
        let _ = writeln!(text, "  {remark}");
    }
    let mut step = None;
    for finding in &verdict.findings {
        let head = (finding.step.as_str(), finding.direction);
        if step != Some(head) {
            let _ = writeln!(text, "\n  {}  {}", finding.step, finding.direction.name());
            step = Some(head);
        }
        write_finding(finding, &mut text);
    }
    let _ = writeln!(text, "\n{}: {}", report.word(), report.outcome());
    text
}

fn write_finding(finding: &Finding, text: &mut String) {
    let object = if finding.object.is_empty() {
        String::new()
    } else {
        format!("  {}", finding.object)
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
        finding.rule.name(),
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
