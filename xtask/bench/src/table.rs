//! The report of a run: one table for people, one document for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use crate::compare::{Base, Row};
use crate::machine::Machine;
use crate::measure::{show, show_ratio};

/// The table, with a line that explains it.
pub(crate) fn text(rows: &[Row], machine: &Machine) -> String {
    let mut text = format!("medians: {}\n", machine.line());
    let width = |of: &dyn Fn(&Row) -> usize| rows.iter().map(of).max().unwrap_or_default();
    let name = width(&|row| row.figure.name.chars().count());
    let size = width(&|row| row.figure.size.chars().count());
    let mut group = "";
    for row in rows {
        if row.figure.group != group {
            group = &row.figure.group;
            let _ = writeln!(text, "\n{group}");
        }
        let line = format!(
            "  {:<name$}  {:>size$}  {:>10}{}",
            row.figure.name,
            row.figure.size,
            show(row.figure.median),
            beside(row)
        );
        let _ = writeln!(text, "{}", line.trim_end());
    }
    text.push_str("\nratio: time divided by the time of the base, in the same round\n");
    text
}

fn beside(row: &Row) -> String {
    let base = |base: &Base| {
        let goal = base.goal.map_or_else(String::new, |goal| {
            let verdict = if base.ratio <= goal { "met" } else { "missed" };
            format!("  goal {goal:.2} {verdict}")
        });
        format!("  {:>8} x {}{goal}", show_ratio(base.ratio), base.name)
    };
    row.bases.iter().map(base).collect()
}

/// The figures as one document.
pub(crate) fn json(rows: &[Row], machine: &Machine) -> Value {
    let row = |row: &Row| {
        let mut value = row.figure.json();
        let base =
            |base: &Base| json!({ "name": base.name, "ratio": base.ratio, "goal": base.goal });
        value["bases"] = json!(row.bases.iter().map(base).collect::<Vec<_>>());
        value
    };
    json!({ "machine": machine.json(), "figures": rows.iter().map(row).collect::<Vec<_>>() })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compare::rows;
    use crate::measure::Measure;

    fn figures() -> Vec<Measure> {
        vec![
            Measure::sample("applying/WAL", "engine", "100", 6.9e6),
            Measure::sample("applying/WAL", "raw", "100", 5.8e6),
            Measure::sample("last_exercise", "index/absent", "100000", 5e3),
            Measure::sample("last_exercise", "scan/absent", "100000", 7.4e8),
            Measure::sample("opening/DELETE", "engine and a SELECT", "100", 1.8e5),
            Measure::sample("opening/DELETE", "raw and a SELECT", "100", 1.5e5),
            Measure::sample("reading", "fingerprint", "5 tables", 812.0),
        ]
    }

    #[test]
    fn the_table_reads_well() {
        insta::assert_snapshot!(text(&rows(&[figures()]), &Machine::sample()));
    }

    #[test]
    fn the_document_has_what_is_promised() {
        let document = json(&rows(&[figures().split_off(4)]), &Machine::sample());
        insta::assert_snapshot!(serde_json::to_string_pretty(&document).unwrap());
    }
}
