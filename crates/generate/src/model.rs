//! Rows with references to their parent rows, so that they shrink without breaking keys.

use std::collections::HashMap;

use crate::content::Insert;
use crate::generated::{EdgeValue, Generated, Unseeded};
use crate::hostile;
use crate::plan::{Plan, TablePlan};
use observe::Value;

/// The depth to which keys are followed: a key may contain the key of a parent, and so on.
const FURTHEST: usize = 32;

/// The rows of a database in the order in which they are inserted.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub(super) rows: Vec<Row>,
}

#[derive(Clone, Debug)]
pub(super) struct Row {
    pub(super) table: usize,
    pub(super) cells: Vec<Cell>,
    /// For each reference of the table, the row to which it goes.
    pub(super) links: Vec<Option<usize>>,
    pub(super) alive: bool,
    /// Whether the row is already in the database.
    pub(super) given: bool,
}

#[derive(Clone, Debug)]
pub(super) struct Cell {
    pub(super) value: Value,
    /// Whether the schema or the application names the value, so that it is not an edge value.
    pub(super) named: bool,
}

impl Model {
    /// The value of a cell, and whether it is named; for a reference, those of the parent's cell.
    pub(super) fn cell<'a>(&'a self, plan: &Plan, row: usize, column: usize) -> Option<&'a Cell> {
        let (mut row, mut column) = (row, column);
        for _ in 0..FURTHEST {
            let own = self.rows.get(row)?;
            let Some((parent, parent_column)) = bound(plan.table(own.table)?, own, column) else {
                return own.cells.get(column);
            };
            if (parent, parent_column) == (row, column) {
                return own.cells.get(column);
            }
            (row, column) = (parent, parent_column);
        }
        self.rows.get(row)?.cells.get(column)
    }

    /// The values of a row as they are inserted.
    pub(super) fn values(&self, plan: &Plan, row: usize) -> Vec<Value> {
        let count = self.rows.get(row).map_or(0, |row| row.cells.len());
        let value = |column| {
            self.cell(plan, row, column)
                .map_or(Value::Null, |cell| cell.value.clone())
        };
        (0..count).map(value).collect()
    }

    /// The rows that are inserted.
    pub(super) fn living(&self) -> impl Iterator<Item = usize> {
        let living = self
            .rows
            .iter()
            .enumerate()
            .filter(|(_, row)| row.alive && !row.given);
        living.map(|(place, _)| place)
    }

    /// Whether a row refers to one that comes later.
    pub(super) fn refers_forward(&self) -> bool {
        let mut rows = self.rows.iter().enumerate();
        rows.any(|(place, row)| {
            row.alive && row.links.iter().flatten().any(|parent| *parent > place)
        })
    }

    /// `rows` and all rows that refer to them, however far.
    pub(super) fn with_children(&self, rows: &[usize]) -> Vec<usize> {
        let mut children: HashMap<usize, Vec<usize>> = HashMap::new();
        for place in self.living() {
            let links = self
                .rows
                .get(place)
                .into_iter()
                .flat_map(|row| row.links.iter().flatten());
            links.for_each(|parent| children.entry(*parent).or_default().push(place));
        }
        let mut seen = vec![false; self.rows.len()];
        let mut found = rows.to_vec();
        found
            .iter()
            .filter_map(|row| seen.get_mut(*row).map(|seen| *seen = true))
            .for_each(drop);
        let mut at = 0;
        while let Some(row) = found.get(at).copied() {
            for child in children.get(&row).into_iter().flatten() {
                if let Some(seen @ false) = seen.get_mut(*child) {
                    *seen = true;
                    found.push(*child);
                }
            }
            at += 1;
        }
        found
    }

    /// The content, with its edge values.
    pub(super) fn render(&self, plan: &Plan, unseeded: &[Unseeded]) -> Generated {
        let mut made = Generated {
            unseeded: unseeded.to_vec(),
            ..Generated::default()
        };
        for place in self.living() {
            let Some(row) = self.rows.get(place) else {
                continue;
            };
            let Some(table) = plan.table(row.table) else {
                continue;
            };
            let mut values = Vec::new();
            for (at, column) in table.columns.iter().enumerate() {
                let Some(cell) = self.cell(plan, place, at) else {
                    continue;
                };
                let why = match cell.value {
                    Value::Null if column.primary => Some("NULL in a primary key"),
                    _ => hostile::why(&cell.value, column.affinity, column.typed),
                };
                if let Some(why) = why.filter(|_| !cell.named) {
                    made.hostile.push(EdgeValue {
                        insert: made.content.inserts.len(),
                        table: table.name.clone(),
                        column: column.name.clone(),
                        why,
                    });
                }
                values.push((column.name.clone(), cell.value.clone()));
            }
            made.content.inserts.push(Insert {
                table: table.name.clone(),
                values,
            });
        }
        made
    }
}

/// The cell of another row from which a column of `row` takes its value.
pub(super) fn bound(table: &TablePlan, row: &Row, column: usize) -> Option<(usize, usize)> {
    let links = table.references.iter().zip(&row.links);
    links
        .filter_map(|(reference, link)| Some((reference, (*link)?)))
        .find_map(|(reference, parent)| {
            let place = reference.columns.iter().position(|own| *own == column)?;
            Some((parent, *reference.parent_columns.get(place)?))
        })
}
