//! A verdict with the run around it, and the sentences about the run that all formats share.

use crate::finding::{Direction, Finding, Severity};
use crate::report::wording::{count, count_severities, join_some};
use crate::verdict::Verdict;

/// How much of the findings a report for people lists.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Detail {
    /// One finding for each cause, and one line for the notes of a rule.
    #[default]
    Groups,
    /// One finding for each cause, notes as well.
    Notes,
    /// Every finding.
    All,
}

/// A verdict with the facts about the run around it.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Report<'a> {
    /// The findings that the baseline does not accept, and the steps that were checked.
    pub verdict: &'a Verdict,
    /// The folder, relative to the root of the repository, with `/` on every system; empty for the
    /// root itself.
    pub folder: String,
    /// The lowest severity that makes the command fail.
    pub fail_on: Severity,
    /// The number of findings that a baseline accepts; they are not in the verdict.
    pub known: usize,
    /// Notes about the run as a whole, a line each.
    pub notes: Vec<String>,
    /// Whether the options selected no step, as with a revision that contains them all.
    pub none_asked: bool,
    /// Whether the command succeeds although something was not read or not tried.
    pub allow_gaps: bool,
    /// Whether a part of a step that the generated rows did not test makes the command fail.
    pub fail_on_gaps: bool,
    /// How much the formats for people list; the others always contain every finding.
    pub detail: Detail,
}

impl<'a> Report<'a> {
    /// A report of the verdict alone.
    pub fn new(verdict: &'a Verdict) -> Report<'a> {
        Report {
            verdict,
            folder: verdict.root.clone(),
            fail_on: Severity::Error,
            known: 0,
            notes: Vec::new(),
            none_asked: false,
            allow_gaps: false,
            fail_on_gaps: false,
            detail: Detail::default(),
        }
    }

    /// The parts of the folder that were not read or not tried, for the line with the verdict;
    /// `None` if everything was.
    pub fn incomplete(&self) -> Option<String> {
        let verdict = self.verdict;
        let mut parts = Vec::new();
        if verdict.steps == 0 && !self.none_asked && verdict.stopped.is_none() {
            parts.push("no step was checked".to_owned());
        }
        parts.extend(verdict.stopped.clone());
        let mut list = |what: &str, names: Vec<&str>| {
            parts.extend(join_some(&names, 3).map(|names| format!("{what}: {names}")));
        };
        let names = |gap: &'a folders::Gap| gap.file.as_str();
        list("not read", verdict.gaps.iter().map(names).collect());
        let substitutes = verdict.substitutes.iter();
        list(
            "objects of the application",
            substitutes.map(|own| own.name.as_str()).collect(),
        );
        let unjudged = verdict.unjudged.iter().map(|own| own.step.as_str());
        list("not fully tried", unjudged.collect());
        let unseeded = verdict.unseeded.iter().map(|(table, _)| table.as_str());
        list("tables without rows", unseeded.collect());
        (!parts.is_empty()).then(|| parts.join("; "))
    }

    /// Whether the finding makes the command fail.
    pub fn fails(&self, finding: &Finding) -> bool {
        finding.severity >= self.fail_on
    }

    /// Whether any finding makes the command fail.
    pub fn has_failures(&self) -> bool {
        let gaps = self.fail_on_gaps && !self.verdict.untested.is_empty();
        gaps || self.verdict.findings.iter().any(|own| self.fails(own))
    }

    /// Whether the command ends as incomplete: no finding makes it fail, and something that was not
    /// read or not tried is not allowed. A run that ended early or checked nothing is never
    /// allowed.
    pub fn ends_incomplete(&self) -> bool {
        let checked = self.verdict.stopped.is_none() && self.verdict.steps > 0;
        let allowed = self.allow_gaps && checked;
        !self.has_failures() && !allowed && self.incomplete().is_some()
    }

    /// The verdict as a word: `ok`, `warning`, `error` or `incomplete`.
    pub fn word(&self) -> &'static str {
        match (self.verdict.worst(), self.incomplete()) {
            (Some(Severity::Error), _) => "error",
            (Some(Severity::Warning), _) => "warning",
            (_, Some(_)) => "incomplete",
            (_, None) => "ok",
        }
    }

    /// The clause after the verdict's word: what was found, and what was left out.
    pub(super) fn outcome(&self) -> String {
        self.outcome_of(self.counts())
    }

    /// The same with these counts.
    pub(super) fn outcome_of(&self, counts: String) -> String {
        let incomplete = self.incomplete();
        let gaps = self.verdict.untested.len();
        let gaps = (gaps > 0).then(|| count(gaps, "gap"));
        let found = match counts {
            counts if !counts.is_empty() => counts,
            _ if incomplete.is_some() => "no findings in what was tried".to_owned(),
            _ => self.clean_clause(),
        };
        let rest = gaps.into_iter().chain(incomplete);
        rest.fold(found, |found, rest| format!("{found}; {rest}"))
    }

    /// A file of the folder, relative to the root of the repository.
    pub(super) fn path(&self, file: &str) -> String {
        match (self.folder.is_empty(), file.is_empty()) {
            (true, _) => file.to_owned(),
            (_, true) => self.folder.clone(),
            _ => format!("{}/{file}", self.folder.trim_end_matches('/')),
        }
    }

    /// The number of findings of a severity.
    pub(super) fn count_severity(&self, severity: Severity) -> usize {
        let findings = self.verdict.findings.iter();
        findings.filter(|own| own.severity == severity).count()
    }

    /// The number of findings of each severity, such as `2 errors, 1 note`; empty if there are
    /// none.
    pub(super) fn counts(&self) -> String {
        count_severities(self.verdict.findings.iter().map(|own| own.severity))
    }

    /// The clause for a complete run without findings.
    fn clean_clause(&self) -> String {
        match (self.verdict.steps, self.known) {
            (0, _) => "no step to check".to_owned(),
            (_, 0) if self.goes_back() => {
                "no rows are lost, no step fails, every down migration restores the schema"
                    .to_owned()
            }
            (_, 0) => "no rows are lost, no step fails".to_owned(),
            (_, known) => format!("no new findings ({known} in the baseline)"),
        }
    }

    /// Whether there is a down migration among the steps.
    fn goes_back(&self) -> bool {
        let mut scripts = self.verdict.judged.iter().flat_map(|own| &own.scripts);
        scripts.any(|(direction, _)| *direction == Direction::Down)
    }

    /// The files that were not read, and the objects of the application, each with the reason.
    pub(super) fn gaps(&self) -> Vec<String> {
        let gaps = self.verdict.gaps.iter();
        let gaps = gaps.map(|gap| format!("{}: {}", gap.file, gap.why));
        let substitutes = self.verdict.substitutes.iter();
        let substitutes = substitutes.map(|own| match own.file.as_str() {
            "" => own.why.clone(),
            file => format!("{file}:{}: {}", own.line, own.why),
        });
        gaps.chain(substitutes).collect()
    }

    /// The accepted findings and the notes about the run as a whole, for people.
    pub(super) fn remarks(&self) -> Vec<String> {
        let gaps = self.gaps().into_iter().map(|gap| format!("gap: {gap}"));
        let unseeded = self.verdict.unseeded.iter();
        let unseeded = unseeded.map(|(table, reason)| format!("no rows: `{table}`: {reason}"));
        let unjudged = self.verdict.unjudged.iter();
        let unjudged = unjudged.map(|own| format!("not tried: {}: {}", own.step, own.why));
        let untested = self.verdict.untested.iter();
        let untested = untested.map(|own| format!("gap: {}:{}: {}", own.file, own.line, own.why));
        let stopped = self.verdict.stopped.iter();
        let stopped = stopped.map(|why| format!("stopped: {why}"));
        let known = (self.known > 0).then(|| format!("known: {}", count(self.known, "finding")));
        let notes = self.notes.iter().cloned();
        let untried = stopped.chain(gaps).chain(unjudged).chain(unseeded);
        untried.chain(untested).chain(known).chain(notes).collect()
    }
}
