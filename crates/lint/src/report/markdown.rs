//! A page for a pull request, or for the [summary of a
//! job](https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands),
//! which may have 1 MiB.

use std::fmt::Write as _;

use crate::finding::{Finding, Severity};
use crate::report::summary::Report;
use crate::report::wording::count;
use schema::markdown::{block, code, prose};

/// The largest page in bytes, which leaves room in a summary for other steps.
const ROOM: usize = 1000 * 1024;

pub(crate) fn write(report: &Report<'_>) -> String {
    let verdict = report.verdict;
    let mut text = format!("### rowsafe check: {}\n\n", code(&verdict.root));
    let (steps, journeys) = (
        count(verdict.steps, "step"),
        count(verdict.journeys, "journey"),
    );
    let found = match report.word() {
        "incomplete" => format!("incomplete: {}", report.outcome()),
        _ => report.outcome(),
    };
    let found = prose(&found);
    let _ = writeln!(
        text,
        "**{found}** (layout {}, {steps}, {journeys})\n",
        verdict.layout
    );
    let remarks = report.remarks();
    // As in the table below, the text counts what does not fit.
    let fit = fill(
        &mut text,
        ROOM / 4,
        remarks
            .iter()
            .map(|remark| format!("- {}\n", prose(remark))),
    );
    if fit < remarks.len() {
        let _ = writeln!(text, "- and {} more", remarks.len() - fit);
    }
    if !remarks.is_empty() {
        text.push('\n');
    }
    if verdict.findings.is_empty() {
        return text;
    }
    text.push_str(
        "| severity | rule | step | where | object | rows | why |\n|---|---|---|---|---|---|---|\n",
    );
    let fit = fill(
        &mut text,
        ROOM * 3 / 4,
        verdict.findings.iter().map(|own| row(report, own)),
    );
    let left = verdict.findings.len() - fit;
    if left > 0 {
        let _ = writeln!(
            text,
            "\n{} did not fit on this page.",
            count(left, "finding")
        );
    }
    let again: Vec<&Finding> = verdict
        .findings
        .iter()
        .filter(|own| own.severity > Severity::Note)
        .collect();
    if again.is_empty() || left > 0 {
        return text;
    }
    let rows: String = again.iter().map(|own| repeat(own)).collect();
    let details = format!(
        "\n<details><summary>Rows and commands that reproduce the findings</summary>\n\n\
         {}\n</details>\n",
        block("text", &rows)
    );
    if text.len() + details.len() <= ROOM {
        text.push_str(&details);
    }
    text
}

/// A page for a run that gave no report, from its text for standard error, which is escaped.
pub fn describe_failure(message: &str) -> String {
    let message = block("text", message);
    format!("### rowsafe check\n\n**The check did not run.**\n\n{message}\n")
}

/// Adds the parts that fit into `room` bytes, and returns their number.
fn fill(text: &mut String, room: usize, parts: impl Iterator<Item = String>) -> usize {
    let mut fit = 0;
    for part in parts {
        if text.len() + part.len() > room {
            break;
        }
        text.push_str(&part);
        fit += 1;
    }
    fit
}

fn row(report: &Report<'_>, finding: &Finding) -> String {
    let rows = match finding.rows {
        0 => String::new(),
        rows => rows.to_string(),
    };
    let when = match finding.when.foreign_keys {
        "both" => String::new(),
        keys => format!(" (foreign keys {keys})"),
    };
    format!(
        "| {} | {} | {} {} | {} | {} | {rows} | {}{when} |\n",
        finding.severity.name(),
        finding.rule.name(),
        code(&finding.step),
        finding.direction.name(),
        code(&format!("{}:{}", report.path(&finding.file), finding.line)),
        code(&finding.object),
        prose(&finding.message),
    )
}

fn repeat(finding: &Finding) -> String {
    let mut block = format!(
        "{} {}: {} {}\n",
        finding.step,
        finding.direction.name(),
        finding.rule.name(),
        finding.object
    );
    for row in &finding.shown {
        let _ = writeln!(block, "    {}", row);
    }
    let _ = writeln!(block, "    again: {}", finding.repeat);
    block
}
