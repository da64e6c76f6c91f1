//! The declared losses and changes of a run's steps, and those that are not declared.

use schema::Rename;

use super::compare::TableChange;
use crate::catalogue::Catalogue;
use crate::file::FileState;
use crate::notes::{Declaration, Notes};
use crate::report::Report;

/// The declarations of a run's steps, in its direction.
#[derive(Default)]
pub(super) struct Declarations {
    pub(super) losses: Vec<Declaration>,
    /// Objects that going back drops and the next upgrade creates again.
    remade: Vec<Declaration>,
    pub(super) changes: Vec<Declaration>,
    pub(super) renames: Vec<Rename>,
    /// Whether the run undoes a step that this build does not know: for such a step the ledger
    /// records only the losses.
    unknown: bool,
}

impl Declarations {
    /// Reads the declarations in the notes of `report`'s steps; for a step without notes, those in
    /// the ledger in `before`.
    pub(super) fn read(catalogue: &Catalogue, report: &Report, before: &FileState) -> Declarations {
        let mut declared = Declarations::default();
        let down = report.to < report.from;
        for step in &report.steps {
            match catalogue.notes(step.version) {
                Some(notes) if down => declared.add_down(notes),
                Some(notes) => declared.add_up(notes),
                None => {
                    declared.unknown = true;
                    let entries = before.ledger.as_deref().unwrap_or_default();
                    let entry = entries.iter().find(|entry| entry.version == step.version);
                    let losses = entry.map_or("", |entry| &entry.down_loses).lines();
                    let losses = losses.map(|object| Declaration::new(object, ""));
                    declared.losses.extend(losses);
                }
            }
        }
        declared
    }

    fn add_up(&mut self, notes: &Notes) {
        self.losses.extend(notes.up_losses.iter().cloned());
        self.changes.extend(notes.changes.iter().cloned());
        self.renames.extend(notes.renames.iter().cloned());
    }

    /// Reverses the renames, and allows going back to restore the values that the step rewrote.
    fn add_down(&mut self, notes: &Notes) {
        self.losses.extend(notes.down_losses.iter().cloned());
        self.remade.extend(notes.remade.iter().cloned());
        self.changes.extend(notes.down_changes.iter().cloned());
        self.changes.extend(notes.changes.iter().cloned());
        let back = notes.renames.iter().map(|rename| match &rename.column {
            None => Rename::table(&rename.to, &rename.table),
            Some(column) => Rename::column(&rename.table, &rename.to, column),
        });
        // Tables first, as on the way up: the rename of a column names its table before or after
        // the rename.
        let (tables, columns): (Vec<_>, Vec<_>) = back.partition(|rename| rename.column.is_none());
        self.renames.extend(tables);
        self.renames.extend(columns);
    }

    /// Losses and changes that are not declared, one sentence each.
    pub(super) fn undeclared(&self, tables: &[TableChange]) -> Vec<String> {
        let covered = |list: &[Declaration], table: &str, column: &str| {
            list.iter().any(|one| one.covers(table, column))
        };
        let mut found = Vec::new();
        for table in tables.iter().filter(|table| table.before.is_some()) {
            let name = &table.table;
            let whole = |loss: &Declaration| loss.column.is_none() && loss.covers(name, "");
            let mut known = self.losses.iter().chain(&self.remade);
            if table.gone > 0 && !known.any(whole) {
                found.push(format!(
                    "{name}: {} gone{}",
                    rows_of(table.gone),
                    with(table)
                ));
            }
            for (column, rows) in &table.dropped {
                let known = [&self.losses, &self.remade];
                if *rows > 0 && !known.iter().any(|list| covered(list, name, column)) {
                    let rows = rows_of(*rows);
                    found.push(format!("{name}.{column}: dropped, with a value in {rows}"));
                }
            }
            for (column, rows) in &table.changed {
                if !self.unknown && !covered(&self.changes, name, column) {
                    let rows = rows_of(*rows);
                    found.push(format!("{name}.{column}: another value in {rows}"));
                }
            }
        }
        found
    }
}

fn with(table: &TableChange) -> String {
    let parents = table.went_with.iter();
    let parents = parents.map(|(parent, rows)| format!(", {rows} with their row of {parent}"));
    parents.collect()
}

fn rows_of(number: u64) -> String {
    format!("{number} {}", if number == 1 { "row" } else { "rows" })
}
