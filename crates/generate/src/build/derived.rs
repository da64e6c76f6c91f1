//! Rows that follow from other rows: those of search tables, and the counters of AUTOINCREMENT.

use super::builder::Builder;
use crate::generated::Unseeded;
use crate::model::{Cell, Row};
use crate::plan::TablePlan;
use observe::Value;

impl Builder<'_, '_> {
    /// Sets the AUTOINCREMENT counters as for tables whose newest rows were deleted: the next id is
    /// not the highest id plus one.
    pub(super) fn fill_marks(&mut self, place: usize, table: &TablePlan) {
        if !self.order.given.is_empty() {
            return;
        }
        for name in &self.order.plan.counted {
            if !self.rng.chance(60) {
                continue;
            }
            let mark = Value::Integer(self.rng.between(10, 60));
            let cells = [Value::text(name), mark].map(|value| Cell { value, named: true });
            let row = Row {
                table: place,
                cells: cells.into(),
                links: Vec::new(),
                alive: true,
                given: false,
            };
            let values: Vec<Value> = row.cells.iter().map(|cell| cell.value.clone()).collect();
            if self.order.trial.insert(table, &values).is_ok() {
                self.take(row);
            }
        }
    }

    /// Puts the rows of `content` into the search table that shows them, unless triggers have done
    /// so.
    pub(super) fn show(&mut self, place: usize, table: &TablePlan, content: usize) {
        let trial = self.order.trial;
        let rows = self.rows.get(content).cloned().unwrap_or_default();
        if rows.is_empty() {
            let name = self
                .order
                .plan
                .table(content)
                .map_or("", |table| &table.name);
            let reason = format!("its content `{name}` has no rows");
            self.unseeded.push(Unseeded {
                table: table.name.clone(),
                reason,
            });
            return;
        }
        if trial.shows_content(table) {
            return;
        }
        for shown in rows {
            let null = Cell {
                value: Value::Null,
                named: true,
            };
            let row = Row {
                table: place,
                cells: vec![null; table.columns.len()],
                links: vec![Some(shown)],
                alive: true,
                given: false,
            };
            self.take(row);
            let at = self.model.rows.len().saturating_sub(1);
            if let Err(refusal) = trial.insert(table, &self.model.values(self.order.plan, at)) {
                self.model.rows.truncate(at);
                self.unseeded.push(Unseeded {
                    table: table.name.clone(),
                    reason: refusal.words,
                });
                return;
            }
        }
    }
}
