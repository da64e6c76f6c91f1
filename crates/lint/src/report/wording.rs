//! Words and clauses that several formats print.

use crate::finding::{Finding, Severity};

/// The first names, each once, and the number of the others; `None` without names.
pub(super) fn join_some(names: &[&str], most: usize) -> Option<String> {
    let mut unique: Vec<&str> = Vec::new();
    for name in names {
        if !unique.contains(name) {
            unique.push(name);
        }
    }
    let shown: Vec<String> = unique
        .iter()
        .take(most)
        .map(|name| format!("`{name}`"))
        .collect();
    let more = unique.len().saturating_sub(most);
    let more = (more > 0).then(|| format!(" and {more} more"));
    (!shown.is_empty()).then(|| format!("{}{}", shown.join(", "), more.unwrap_or_default()))
}

/// A number with its noun, such as `1 step` or `2 steps`.
pub(super) fn count(number: usize, word: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {word}{plural}")
}

/// The message of a finding, its rows, and the command that reproduces it, a line each.
pub(super) fn describe(finding: &Finding) -> String {
    let mut lines = vec![match scope(finding) {
        scope if scope.is_empty() => finding.message.clone(),
        scope => format!("{scope}: {}", finding.message),
    }];
    lines.extend(finding.shown.iter().cloned());
    lines.push(format!("again: {}", finding.repeat));
    lines.join("\n")
}

/// The object of a finding, its number of rows and its condition, such as
/// `item, 4 rows, foreign keys on`.
pub(super) fn scope(finding: &Finding) -> String {
    let mut parts = Vec::new();
    if !finding.object.is_empty() {
        parts.push(finding.object.clone());
    }
    if finding.rows > 0 {
        parts.push(count(finding.rows, "row"));
    }
    if finding.when.foreign_keys != "both" {
        parts.push(format!("foreign keys {}", finding.when.foreign_keys));
    }
    parts.join(", ")
}

/// The number of each severity, such as `2 errors, 1 note`; empty if there are none.
pub(super) fn count_severities(all: impl Iterator<Item = Severity>) -> String {
    let all: Vec<Severity> = all.collect();
    let severities = [Severity::Error, Severity::Warning, Severity::Note].into_iter();
    let counts = severities.filter_map(|severity| {
        let number = all.iter().filter(|own| **own == severity).count();
        (number > 0).then(|| count(number, severity.name()))
    });
    counts.collect::<Vec<_>>().join(", ")
}
