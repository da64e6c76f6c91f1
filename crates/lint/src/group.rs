//! The stage from findings to findings by cause: those that one mistake explains get one number.
//!
//! A report for people shows one of them and names the others; a report for programs keeps each,
//! with the number. No finding depends on it, and neither does a baseline.

use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Direction, Finding, Rule, Severity};
use folders::{Down, History};

/// The cause of a finding. Findings of equal causes belong together.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Cause {
    /// A down migration that does not restore the schema, whatever it leaves out.
    DownDiffers(String, Severity),
    /// One statement, whatever it does to several objects.
    Statement(String, Direction, Rule, usize, Severity),
}

/// Numbers the findings by their causes, from 1, in the order of the findings.
pub(crate) fn group(history: &History, findings: Vec<Finding>) -> Vec<Finding> {
    let mut findings = fold_missing_downs(history, findings);
    let cascades = cascades(&findings);
    let mut numbers: BTreeMap<Cause, usize> = BTreeMap::new();
    for finding in &mut findings {
        let cause = match finding.rule {
            // A rebuild that cascades forward does so again on the way back.
            Rule::DownLosesRows => {
                let key = (finding.step.clone(), finding.object.clone());
                let cascade = cascades.get(&key).cloned();
                cascade.unwrap_or_else(|| cause(finding))
            }
            _ => cause(finding),
        };
        let next = numbers.len() + 1;
        finding.group = *numbers.entry(cause).or_insert(next);
    }
    findings
}

fn cause(finding: &Finding) -> Cause {
    let step = finding.step.clone();
    match finding.rule {
        Rule::DownDiffers => Cause::DownDiffers(step, finding.severity),
        rule => Cause::Statement(
            step,
            finding.direction,
            rule,
            finding.line,
            finding.severity,
        ),
    }
}

/// The causes of the cascades, by step and object.
fn cascades(findings: &[Finding]) -> BTreeMap<(String, String), Cause> {
    let cascades = findings.iter();
    let cascades = cascades.filter(|own| own.rule == Rule::RowsLostByCascade);
    cascades
        .map(|own| ((own.step.clone(), own.object.clone()), cause(own)))
        .collect()
}

/// One finding for the folder instead of one for each step, where no step has a down migration
/// although the tool has them.
fn fold_missing_downs(history: &History, findings: Vec<Finding>) -> Vec<Finding> {
    let none = history
        .steps
        .iter()
        .all(|step| matches!(step.down, Down::Missing));
    if !none || history.steps.len() < 2 {
        return findings;
    }
    let missing = |own: &&Finding| own.rule == Rule::DownMissing;
    let steps: BTreeSet<&String> = findings
        .iter()
        .filter(missing)
        .map(|own| &own.step)
        .collect();
    let severity = findings
        .iter()
        .filter(missing)
        .map(|own| own.severity)
        .max();
    let (count, Some(severity)) = (steps.len(), severity) else {
        return findings;
    };
    let mut first = true;
    let kept = findings.into_iter().filter_map(|mut own| {
        if own.rule != Rule::DownMissing {
            return Some(own);
        }
        if !std::mem::take(&mut first) {
            return None;
        }
        own.severity = severity;
        own.folder_steps = Some(count);
        "no migration of the folder has a down migration: the tool cannot go back"
            .clone_into(&mut own.message);
        Some(own)
    });
    kept.collect()
}
