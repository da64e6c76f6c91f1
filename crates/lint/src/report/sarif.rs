//! [SARIF 2.1.0](https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html), as code
//! scanning takes it.
//!
//! A result keeps its fingerprint while rule, step, direction and object stay, whatever its line.
//! Paths are relative to the root of the repository.

use serde_json::{Value, json};
use sha2::{Digest, Sha256};

use crate::finding::{Finding, Rule, Severity};
use crate::report::summary::Report;
use crate::report::wording::describe;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";

/// The page with a row for each rule.
const RULES: &str = "https://github.com/rowsafe/rowsafe/blob/main/docs/any-folder.md#rules";

pub(crate) fn value(report: &Report<'_>) -> Value {
    let verdict = report.verdict;
    let rules: Vec<Value> = Rule::ALL.iter().map(|own| rule(*own)).collect();
    let results = verdict.findings.iter();
    let results: Vec<Value> = results.map(|finding| result(report, finding)).collect();
    let remarks = report.remarks().into_iter();
    let incomplete = report.incomplete().into_iter();
    let incomplete = incomplete
        .map(|text| json!({"level": "error", "message": {"text": format!("incomplete: {text}")}}));
    let remarks = remarks.map(|text| json!({"level": "note", "message": {"text": text}}));
    let remarks: Vec<Value> = incomplete.chain(remarks).collect();
    json!({
        "$schema": SCHEMA,
        "version": "2.1.0",
        "runs": [{
            "tool": {"driver": {
                "name": "rowsafe",
                "version": env!("CARGO_PKG_VERSION"),
                "rules": rules,
            }},
            // Two folders of one repository are two analyses.
            "automationDetails": {"id": format!("rowsafe-check/{}/", encode(&report.folder))},
            "invocations": [{
                "executionSuccessful": report.incomplete().is_none(),
                "toolExecutionNotifications": remarks,
            }],
            "columnKind": "unicodeCodePoints",
            "results": results,
        }],
    })
}

fn rule(rule: Rule) -> Value {
    // A reader that looks at no result sees this one level; a result may have a lower one.
    json!({
        "id": rule.name(),
        "helpUri": RULES,
        "shortDescription": {"text": sentence(rule.about())},
        "fullDescription": {"text": rule.why()},
        "help": {
            "text": format!("{} {}", rule.why(), rule.remedy()),
            "markdown": format!("{}\n\n{}", rule.why(), rule.remedy()),
        },
        "defaultConfiguration": {"level": "error"},
        "properties": {"tags": ["sqlite", "migrations"]},
    })
}

fn result(report: &Report<'_>, finding: &Finding) -> Value {
    let index = Rule::ALL.iter().position(|own| *own == finding.rule);
    let level = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "note",
    };
    json!({
        "ruleId": finding.rule.name(),
        "ruleIndex": index,
        "level": level,
        "message": {"text": describe(finding)},
        "locations": [{
            "physicalLocation": {
                "artifactLocation": place(report, finding),
                "region": {"startLine": finding.line.max(1)},
            },
            "logicalLocations": [{
                "name": finding.step,
                "fullyQualifiedName": format!("{} {}", finding.step, finding.direction.name()),
            }],
        }],
        "partialFingerprints": {"classStepDirectionObject/v1": fingerprint(finding)},
        "properties": {
            "step": finding.step,
            "direction": finding.direction.name(),
            "object": finding.object,
            "rows": finding.rows,
            "foreignKeys": finding.when.foreign_keys,
            "transaction": finding.when.transaction.name(),
            "again": finding.repeat,
            "group": finding.group,
        },
    })
}

fn place(report: &Report<'_>, finding: &Finding) -> Value {
    let path = report.path(&finding.file);
    // A folder outside of any repository and of the current folder.
    if path.starts_with('/') {
        return json!({"uri": format!("file://{}", encode(&path))});
    }
    json!({"uri": encode(&path), "uriBaseId": "%SRCROOT%"})
}

/// A text that stays the same while a finding is the same one.
fn fingerprint(finding: &Finding) -> String {
    let parts = [
        finding.rule.name(),
        &finding.step,
        finding.direction.name(),
        &finding.object,
    ];
    let digest = Sha256::digest(parts.join("\0"));
    digest.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// A path as [a relative reference](https://www.rfc-editor.org/rfc/rfc3986#section-4.2).
fn encode(path: &str) -> String {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte);
    let bytes = path.bytes();
    bytes
        .map(|byte| {
            if plain(byte) {
                char::from(byte).to_string()
            } else {
                format!("%{byte:02X}")
            }
        })
        .collect()
}

fn sentence(clause: &str) -> String {
    let mut chars = clause.chars();
    let first = chars.next().map(char::to_uppercase);
    let first: String = first.into_iter().flatten().collect();
    format!("{first}{}.", chars.as_str())
}
