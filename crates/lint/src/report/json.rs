//! One JSON document.

use serde_json::{Value, json};

use crate::finding::Finding;
use crate::report::Report;

pub(crate) fn value(report: &Report<'_>) -> Value {
    let verdict = report.verdict;
    let tables: Vec<&String> = verdict.unseeded.iter().map(|(table, _)| table).collect();
    let gaps = verdict.gaps.iter();
    let gaps: Vec<String> = gaps
        .map(|gap| format!("{}: {}", gap.file, gap.why))
        .collect();
    let findings: Vec<Value> = verdict.findings.iter().map(finding).collect();
    let mut document = json!({
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
        if let Some(why) = report.incomplete() {
            fields.insert("incomplete".to_owned(), why.into());
        }
        if !report.notes.is_empty() {
            fields.insert("notes".to_owned(), json!(report.notes));
        }
    }
    document
}

fn finding(finding: &Finding) -> Value {
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
    })
}
