//! A page for a pull request, or for the [summary of a
//! job](https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands),
//! which may have 1 MiB.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::finding::Severity;
use crate::report::groups::{FoldedNotes, Group, folded_notes, groups, outcome, totals};
use crate::report::summary::{Detail, Report};
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
        "incomplete" => format!("incomplete: {}", outcome(report)),
        _ => outcome(report),
    };
    let found = prose(&found);
    let _ = writeln!(
        text,
        "**{found}** (layout {}, {steps}, {journeys})\n",
        verdict.layout
    );
    for total in totals(report) {
        let _ = writeln!(text, "- {}", prose(&total));
    }
    if !verdict.findings.is_empty() {
        text.push('\n');
    }
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
    let groups = groups(report);
    let is_listed =
        |own: &&Group<'_>| own.lead.severity > Severity::Note || report.detail != Detail::Groups;
    let listed: Vec<&Group<'_>> = groups.iter().filter(is_listed).collect();
    let notes = folded_notes(report);
    let rows = listed.iter().map(|own| row(report, own));
    let rows = rows.chain(notes.iter().map(folded));
    let fit = fill(&mut text, ROOM * 3 / 4, rows);
    let left = listed.len() + notes.len() - fit;
    if left > 0 {
        let _ = writeln!(
            text,
            "\n{} did not fit on this page.",
            count(left, "finding")
        );
    }
    let listed = listed.into_iter();
    let mut again = listed
        .filter(|own| own.lead.severity > Severity::Note)
        .peekable();
    if again.peek().is_none() || left > 0 {
        return text;
    }
    let mut commands = BTreeSet::new();
    let rows: String = again.map(|own| repeat(own, &mut commands)).collect();
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

fn row(report: &Report<'_>, group: &Group<'_>) -> String {
    let finding = group.lead;
    let rows = match finding.rows {
        0 => String::new(),
        rows => rows.to_string(),
    };
    let when = match finding.when.foreign_keys {
        "both" => String::new(),
        keys => format!(" (foreign keys {keys})"),
    };
    let more = match group.others.len() {
        0 => String::new(),
        others => format!(" and {others} more"),
    };
    format!(
        "| {} | {} | {} {} | {} | {}{more} | {rows} | {}{when} |\n",
        finding.severity.name(),
        finding.rule.name(),
        code(&finding.step),
        finding.direction.name(),
        code(&format!("{}:{}", report.path(&finding.file), finding.line)),
        code(&finding.object),
        prose(&finding.message),
    )
}

/// The notes of one rule.
fn folded(notes: &FoldedNotes<'_>) -> String {
    format!(
        "| note | {} | | | | | {} |\n",
        notes.rule.name(),
        prose(&notes.clause())
    )
}

/// The rows of a finding and, unless `commands` has it already, the command that reproduces it.
fn repeat<'a>(group: &Group<'a>, commands: &mut BTreeSet<&'a str>) -> String {
    let finding = group.lead;
    let mut block = format!(
        "{} {}: {} {}\n",
        finding.step,
        finding.direction.name(),
        finding.rule.name(),
        finding.object
    );
    for line in finding.shown.iter().cloned().chain(group.also()) {
        let _ = writeln!(block, "    {line}");
    }
    if commands.insert(finding.repeat.as_str()) {
        let _ = writeln!(block, "    again: {}", finding.repeat);
    }
    block
}
