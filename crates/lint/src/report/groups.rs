//! The findings as people read them: one for each cause, the worst first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Finding, Rule, Severity};
use crate::report::summary::{Detail, Report};
use crate::report::wording::{count, count_severities, join_some};

/// The findings of one cause: the first of them, and the others.
pub(super) struct Group<'a> {
    pub(super) lead: &'a Finding,
    pub(super) others: Vec<&'a Finding>,
}

/// The notes of one rule, as one line.
pub(super) struct FoldedNotes<'a> {
    pub(super) rule: Rule,
    pub(super) steps: BTreeSet<&'a str>,
    pub(super) findings: usize,
}

/// The kinds of harm, the worst first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Harm {
    Loss,
    Failure,
    Rollback,
}

fn harm(rule: Rule) -> Harm {
    match rule {
        Rule::StepFails
        | Rule::StepFailsOnRows
        | Rule::DanglingReference
        | Rule::LeavesTransaction
        | Rule::PragmaWithoutEffect => Harm::Failure,
        rule if rule.name().starts_with("down-") => Harm::Rollback,
        _ => Harm::Loss,
    }
}

/// The findings by cause, the worst first; each by itself where the report shows everything.
pub(super) fn groups<'a>(report: &Report<'a>) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    let mut places: BTreeMap<usize, usize> = BTreeMap::new();
    for finding in &report.verdict.findings {
        // A finding that was not made by a check has no number.
        let is_single = report.detail == Detail::All || finding.group == 0;
        let place = (!is_single).then(|| places.get(&finding.group)).flatten();
        match place.and_then(|place| groups.get_mut(*place)) {
            Some(group) => group.others.push(finding),
            None => {
                places.insert(finding.group, groups.len());
                groups.push(Group {
                    lead: finding,
                    others: Vec::new(),
                });
            }
        }
    }
    groups.sort_by_key(|group| (Reverse(group.lead.severity), harm(group.lead.rule)));
    groups
}

/// The notes, a line for each rule; empty where the report lists each note.
pub(super) fn folded_notes<'a>(report: &Report<'a>) -> Vec<FoldedNotes<'a>> {
    if report.detail != Detail::Groups {
        return Vec::new();
    }
    let mut rules: BTreeMap<Rule, FoldedNotes<'a>> = BTreeMap::new();
    let findings = report.verdict.findings.iter();
    for note in findings.filter(|own| own.severity == Severity::Note) {
        let own = rules.entry(note.rule).or_insert(FoldedNotes {
            rule: note.rule,
            steps: BTreeSet::new(),
            findings: 0,
        });
        own.steps.insert(&note.step);
        own.findings += 1;
    }
    rules.into_values().collect()
}

impl Group<'_> {
    /// The objects of the other findings, a line for each place in the files.
    pub(super) fn also(&self) -> Vec<String> {
        let mut places: Vec<((&str, usize), Vec<&str>)> = Vec::new();
        for own in &self.others {
            let place = (own.file.as_str(), own.line);
            match places.iter_mut().find(|(other, _)| *other == place) {
                Some((_, objects)) => objects.push(&own.object),
                None => places.push((place, vec![&own.object])),
            }
        }
        let lines = places.into_iter().map(|((file, line), objects)| {
            let names = join_some(&objects, NAMED).unwrap_or_default();
            if (file, line) == (self.lead.file.as_str(), self.lead.line) {
                format!("also: {names}")
            } else {
                format!("also: {names}  {file}:{line}")
            }
        });
        lines.collect()
    }
}

/// How many objects of one cause a report names.
const NAMED: usize = 60;

impl FoldedNotes<'_> {
    /// The number of notes and their steps, such as ``2 notes in `1_a`, `2_b` ``.
    pub(super) fn clause(&self) -> String {
        let steps: Vec<&str> = self.steps.iter().copied().collect();
        let steps = join_some(&steps, 3).unwrap_or_default();
        format!("{} in {steps}", count(self.findings, "note"))
    }
}

/// The number of findings by severity and rule, a line for each severity that has some, such as
/// `errors: 2 (rows-lost 1, step-fails 1)`.
pub(super) fn totals(report: &Report<'_>) -> Vec<String> {
    let groups = groups(report);
    let severities = [Severity::Error, Severity::Warning, Severity::Note];
    let lines = severities.into_iter().filter_map(|severity| {
        let own = groups.iter().filter(|own| own.lead.severity == severity);
        let own: Vec<&Group<'_>> = own.collect();
        let mut rules: Vec<(Rule, usize)> = Vec::new();
        for group in &own {
            let rule = group.lead.rule;
            match rules.iter_mut().find(|(other, _)| *other == rule) {
                Some((_, number)) => *number += 1,
                None => rules.push((rule, 1)),
            }
        }
        let rules: Vec<String> = (rules.iter())
            .map(|(rule, number)| format!("{} {number}", rule.name()))
            .collect();
        let all: usize = own.iter().map(|own| 1 + own.others.len()).sum();
        let grouped = (all > own.len()).then(|| format!(", grouped from {all} findings"));
        (!own.is_empty()).then(|| {
            format!(
                "{}s: {} ({}){}",
                severity.name(),
                own.len(),
                rules.join(", "),
                grouped.unwrap_or_default()
            )
        })
    });
    lines.collect()
}

/// The clause after the verdict's word, with the number of causes.
pub(super) fn outcome(report: &Report<'_>) -> String {
    let groups = groups(report);
    let leads = groups.iter().map(|group| group.lead.severity);
    report.outcome_of(count_severities(leads))
}
