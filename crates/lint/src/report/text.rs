//! The report for people.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::finding::Severity;
use crate::report::groups::{Group, folded_notes, groups, outcome, totals};
use crate::report::summary::{Detail, Report};
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
    for total in totals(report) {
        let _ = writeln!(text, "  {total}");
    }
    let _ = writeln!(text, "  run as: {}", verdict.source);
    for remark in report.remarks() {
        let _ = writeln!(text, "  {remark}");
    }
    let mut head = None;
    let mut commands = BTreeSet::new();
    for group in groups(report) {
        let lead = group.lead;
        if lead.severity == Severity::Note && report.detail == Detail::Groups {
            continue;
        }
        let own = (lead.step.as_str(), lead.direction);
        if head != Some(own) {
            let _ = writeln!(text, "\n  {}  {}", lead.step, lead.direction.name());
            head = Some(own);
        }
        write_group(&group, &mut text);
        // Findings of one step have one command.
        if lead.severity > Severity::Note && commands.insert(lead.repeat.as_str()) {
            let _ = writeln!(text, "          again: {}", lead.repeat);
        }
    }
    let notes = folded_notes(report);
    if !notes.is_empty() {
        text.push_str("\n  notes (`--notes` lists each)\n");
    }
    for own in notes {
        let _ = writeln!(text, "      {}: {}", own.rule.name(), own.clause());
    }
    let _ = writeln!(text, "\n{}: {}", report.word(), outcome(report));
    text
}

fn write_group(group: &Group<'_>, text: &mut String) {
    let finding = group.lead;
    let object = if finding.object.is_empty() {
        String::new()
    } else {
        format!("  {}", finding.object)
    };
    let more = match group.others.len() {
        0 => String::new(),
        others => format!(" and {others} more"),
    };
    let rows = match finding.rows {
        0 => String::new(),
        rows => format!(", {}", count(rows, "row")),
    };
    let steps = finding.folder_steps.map(|steps| count(steps, "step"));
    let steps = steps.map(|steps| format!("  {steps}"));
    let when = match finding.when.foreign_keys {
        "both" => String::new(),
        keys => format!("  (foreign keys {keys})"),
    };
    let _ = writeln!(
        text,
        "      {:<7}  {}{object}{more}{rows}{}  {}:{}{when}",
        finding.severity.name(),
        finding.rule.name(),
        steps.unwrap_or_default(),
        finding.file,
        finding.line,
    );
    let _ = writeln!(text, "          {}", finding.message);
    for line in finding.shown.iter().cloned().chain(group.also()) {
        let _ = writeln!(text, "          {line}");
    }
}
