//! The report of a rehearsal, for `plan --rehearse` and `migrate --dry-run`.

use migrations::{AtRisk, Rehearsal, TableChange, WayBack};
use serde_json::{Value, json};

use super::output::Output;
use super::output::{count, report_json, size};
use crate::error::{self, Error};

/// Refuses the run if it would lose data without a declaration in the notes, or if it would leave a
/// file with integrity errors.
pub(super) fn refuse(rehearsal: &Rehearsal) -> Result<(), Error> {
    let mut found = rehearsal.undeclared.clone();
    found.extend(rehearsal.integrity.iter().cloned());
    if found.is_empty() {
        Ok(())
    } else {
        Err(error::rehearsal_refuses(&found))
    }
}

/// Reports the effect of the run on the copy. `lost` counts the rows of the declared losses in the
/// file, which no way back restores.
pub(super) fn report(rehearsal: &Rehearsal, lost: &[AtRisk], output: &mut Output) {
    let lost: Vec<&str> = lost.iter().map(|risk| risk.object.as_str()).collect();
    output.line("Rehearsal on a copy:");
    let report = &rehearsal.report;
    if report.adopted {
        let version = report.from;
        output.line(format_args!(
            "  adopted: the schema is that of version {version}"
        ));
    }
    for line in rehearsal.tables.iter().flat_map(table) {
        output.line(format_args!("  {line}"));
    }
    output.skipped_rows(report);
    several(output, "undeclared losses", "none", &rehearsal.undeclared);
    several(output, "integrity", "ok", &rehearsal.integrity);
    match &rehearsal.way_back {
        WayBack::Same if lost.is_empty() => {
            output.line("  way back: gives the same schema and the same rows");
        }
        WayBack::Same => output.line(format_args!(
            "  way back: gives the same schema and the same rows, but not {}",
            lost.join(", ")
        )),
        WayBack::Differs(what) => {
            output.line("  way back: differs from what was there before");
            for sentence in what {
                output.line(format_args!("    {sentence}"));
            }
        }
        WayBack::None(why) => output.line(format_args!("  way back: none, {why}")),
    }
    output.line(format_args!("  time: {} ms", rehearsal.elapsed.as_millis()));
    output.line(format_args!(
        "  space: {} beside the file, at most, for backup, journal and growth",
        size(rehearsal.bytes_needed())
    ));
    output.add_json(json!({ "rehearsal": to_json(rehearsal, &lost) }));
}

fn several(output: &mut Output, title: &str, none: &str, found: &[String]) {
    if found.is_empty() {
        output.line(format_args!("  {title}: {none}"));
        return;
    }
    output.line(format_args!("  {title}:"));
    for sentence in found {
        output.line(format_args!("    {sentence}"));
    }
}

/// The lines about one table.
fn table(change: &TableChange) -> Vec<String> {
    let name = &change.table;
    let mut lines = vec![match (change.before, change.after) {
        (Some(before), _) if change.is_untouched() => {
            format!("{name}: {}, as before", count(before, "row"))
        }
        (Some(before), Some(after)) => format!("{name}: {before} → {}", count(after, "row")),
        (Some(before), None) => format!("{name}: gone, with {}", count(before, "row")),
        (None, Some(after)) => format!("{name}: new, with {}", count(after, "row")),
        (None, None) => name.clone(),
    }];
    let stayed = change.before.is_some() && change.after.is_some();
    if stayed && change.gone > 0 {
        lines.push(format!("  {} gone", count(change.gone, "row")));
    }
    for (parent, rows) in &change.went_with {
        lines.push(format!("  {rows} of them with their row of {parent}"));
    }
    if stayed && change.appeared > 0 {
        lines.push(format!("  {} appeared", count(change.appeared, "row")));
    }
    for (column, rows) in &change.changed {
        let rows = count(*rows, "row");
        lines.push(format!("  {column}: another value in {rows}"));
    }
    for (column, rows) in &change.dropped {
        lines.push(match rows {
            0 => format!("  {column}: dropped, no row had a value"),
            rows => format!(
                "  {column}: dropped, with a value in {}",
                count(*rows, "row")
            ),
        });
    }
    lines
}

fn to_json(rehearsal: &Rehearsal, lost: &[&str]) -> Value {
    let columns = |columns: &[(String, u64)]| -> Vec<Value> {
        let each = columns.iter();
        each.map(|(column, rows)| json!({ "column": column, "rows": rows }))
            .collect()
    };
    let parents = |parents: &[(String, u64)]| -> Vec<Value> {
        let each = parents.iter();
        each.map(|(parent, rows)| json!({ "parent": parent, "rows": rows }))
            .collect()
    };
    let tables = rehearsal.tables.iter().map(|change| {
        json!({
            "table": change.table,
            "before": change.before,
            "after": change.after,
            "gone": change.gone,
            "appeared": change.appeared,
            "changed": columns(&change.changed),
            "dropped": columns(&change.dropped),
            "went_with": parents(&change.went_with),
        })
    });
    let way_back = match &rehearsal.way_back {
        WayBack::Same => json!({ "same": true, "but_not": lost }),
        WayBack::Differs(differs) => json!({ "same": false, "but_not": lost, "differs": differs }),
        WayBack::None(why) => json!({ "same": false, "none": why }),
    };
    json!({
        "report": report_json(&rehearsal.report),
        "tables": tables.collect::<Vec<_>>(),
        "undeclared": rehearsal.undeclared,
        "integrity": rehearsal.integrity,
        "milliseconds": rehearsal.elapsed.as_millis() as u64,
        "bytes_before": rehearsal.bytes_before,
        "bytes_after": rehearsal.bytes_after,
        "bytes_needed": rehearsal.bytes_needed(),
        "way_back": way_back,
    })
}

#[cfg(test)]
mod tests {
    use migrations::{Rehearsal, TableChange};

    fn rehearsal() -> Rehearsal {
        let mut rehearsal = Rehearsal::default();
        (rehearsal.report.from, rehearsal.report.to) = (1, 2);
        rehearsal
    }

    #[test]
    fn what_nobody_declared_is_refused() {
        assert!(super::refuse(&rehearsal()).is_ok());
        let mut found = rehearsal();
        found.undeclared = vec!["note: 2 rows gone".to_owned()];
        found.integrity = vec!["row 3 missing from index note_label".to_owned()];
        let error = super::refuse(&found).err().map(|error| error.report());
        insta::assert_snapshot!(error.unwrap_or_default(), @"
        error: on a copy of the file, the run had forbidden effects:
          note: 2 rows gone
          row 3 missing from index note_label
        the file is as it was
        hint: do not run it on the file; report this to the authors of this build
        ");
    }

    #[test]
    fn all_that_can_happen_to_a_table_is_reported() {
        let mut change = TableChange::default();
        change.table = "note".to_owned();
        change.before = Some(4);
        change.after = Some(3);
        change.gone = 2;
        change.appeared = 1;
        change.changed = vec![("label".to_owned(), 1)];
        change.dropped = vec![("mood".to_owned(), 0), ("body".to_owned(), 2)];
        change.went_with = vec![("list".to_owned(), 2)];
        insta::assert_snapshot!(super::table(&change).join("\n"), @"
        note: 4 → 3 rows
          2 rows gone
          2 of them with their row of list
          1 row appeared
          label: another value in 1 row
          mood: dropped, no row had a value
          body: dropped, with a value in 2 rows
        ");
    }
}
