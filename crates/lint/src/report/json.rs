//! One JSON document.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::finding::{Finding, Severity};
use crate::report::summary::Report;

/// The version of the document; a field that goes or changes its meaning raises it.
const SCHEMA_VERSION: u32 = 1;

pub(crate) fn value(report: &Report<'_>) -> Value {
    let verdict = report.verdict;
    let tables: Vec<&String> = verdict.unseeded.iter().map(|(table, _)| table).collect();
    let gaps = report.gaps();
    let mut sizes: BTreeMap<usize, usize> = BTreeMap::new();
    for finding in verdict.findings.iter().filter(|own| own.group > 0) {
        *sizes.entry(finding.group).or_default() += 1;
    }
    let size = |own: &Finding| {
        let same = sizes.get(&own.group).copied();
        own.folder_steps.or(same).unwrap_or(1)
    };
    let findings = verdict.findings.iter();
    let findings: Vec<Value> = findings.map(|own| finding(own, size(own))).collect();
    let mut document = json!({
        "schema_version": SCHEMA_VERSION,
        "tool_version": env!("CARGO_PKG_VERSION"),
        "verdict": report.word(),
        "counts": counts(report),
        "layout": verdict.layout,
        "steps": verdict.steps,
        "journeys": verdict.journeys,
        "unseeded": tables,
        "gaps": gaps,
        "findings": findings,
    });
    if let Some(fields) = document.as_object_mut() {
        if report.known > 0 {
            fields.insert("known".to_owned(), report.known.into());
        }
        if !verdict.unjudged.is_empty() {
            let unjudged = verdict.unjudged.iter();
            let unjudged: Vec<String> = unjudged
                .map(|own| format!("{}: {}", own.step, own.why))
                .collect();
            fields.insert("unjudged".to_owned(), json!(unjudged));
        }
        if !verdict.untested.is_empty() {
            let untested = verdict.untested.iter();
            let untested: Vec<Value> = untested
                .map(|own| {
                    json!({
                        "step": own.step,
                        "direction": own.direction.name(),
                        "file": own.file,
                        "line": own.line,
                        "why": own.why,
                    })
                })
                .collect();
            fields.insert("untested".to_owned(), json!(untested));
        }
        if let Some(why) = report.incomplete() {
            fields.insert("incomplete".to_owned(), why.into());
        }
        if !report.notes.is_empty() {
            fields.insert("notes".to_owned(), json!(report.notes));
        }
    }
    document
}

/// The number of findings of each severity, and of each rule that has some.
fn counts(report: &Report<'_>) -> Value {
    let mut rules: BTreeMap<&str, usize> = BTreeMap::new();
    for finding in &report.verdict.findings {
        *rules.entry(finding.rule.name()).or_default() += 1;
    }
    json!({
        "severity": {
            "error": report.count_severity(Severity::Error),
            "warning": report.count_severity(Severity::Warning),
            "note": report.count_severity(Severity::Note),
        },
        "rule": rules,
    })
}

/// One finding; `count` is the number of findings with its cause.
fn finding(finding: &Finding, count: usize) -> Value {
    json!({
        "rule": finding.rule.name(),
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
        "group": finding.group,
        "count": count,
    })
}
