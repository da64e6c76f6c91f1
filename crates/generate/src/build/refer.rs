//! References to rows that come later.

use super::builder::{Builder, Promise};
use crate::generated::Unseeded;
use observe::Value;

impl Builder<'_, '_> {
    pub(super) fn keep(&mut self, promise: Option<Promise>, at: usize) {
        let Some(promise) = promise else { return };
        for (child, reference) in promise.children {
            let child = self.model.rows.get_mut(child);
            if let Some(link) = child.and_then(|row| row.links.get_mut(reference)) {
                *link = Some(at);
            }
        }
    }

    /// Draws the rows to which a row refers, if they cannot be made before it: the row's own values
    /// determine theirs.
    pub(super) fn draw_promises(&mut self, at: usize) {
        let Some(row) = self.model.rows.get(at) else {
            return;
        };
        let Some(table) = self.order.plan.table(row.table) else {
            return;
        };
        for (place, (reference, link)) in table.references.iter().zip(&row.links).enumerate() {
            let pending =
                self.filled.get(reference.parent) == Some(&false) && reference.parent != row.table;
            if link.is_some() || !pending || !reference.nullable.is_empty() {
                continue;
            }
            let pairs = reference.parent_columns.iter().zip(&reference.columns);
            let values = pairs
                .filter_map(|(parent, own)| Some((*parent, row.cells.get(*own)?.value.clone())));
            let values: Vec<(usize, Value)> = values.collect();
            let Some(promises) = self.promises.get_mut(reference.parent) else {
                continue;
            };
            match promises.iter_mut().find(|promise| promise.values == values) {
                Some(promise) => promise.children.push((at, place)),
                None => promises.push(Promise {
                    children: vec![(at, place)],
                    values,
                }),
            }
        }
    }

    /// Removes the rows whose promised parents cannot be made, with the rows that refer to them.
    pub(super) fn break_promises(&mut self) {
        let waiting = self
            .promises
            .iter()
            .flatten()
            .flat_map(|promise| &promise.children);
        let children: Vec<usize> = waiting.map(|(child, _)| *child).collect();
        let mut gone = self.model.with_children(&children);
        if self.order.plan.cyclic {
            for place in self.order.trial.dangling(self.order.plan, &self.model) {
                gone.extend(self.rows.get(place).into_iter().flatten().copied());
            }
            gone = self.model.with_children(&gone);
        }
        for row in gone {
            let Some(row) = self.model.rows.get_mut(row) else {
                continue;
            };
            row.alive = false;
            let Some(table) = self.order.plan.table(row.table) else {
                continue;
            };
            if !self.unseeded.iter().any(|known| known.table == table.name) {
                let reason =
                    "FOREIGN KEY constraint failed (its rows and their parents need each other)";
                self.unseeded.push(Unseeded {
                    table: table.name.clone(),
                    reason: reason.to_owned(),
                });
            }
        }
        let model = &self.model;
        let empty = |name: &str| {
            let named = |row: usize| {
                let table = model
                    .rows
                    .get(row)
                    .and_then(|row| self.order.plan.table(row.table));
                table.is_some_and(|table| table.name == name)
            };
            !model.living().any(named)
        };
        self.unseeded.retain(|known| empty(&known.table));
    }

    /// Sets the references of rows whose parents were made after them.
    pub(super) fn refer_forward(&mut self) {
        let plan = self.order.plan;
        let mut rank = vec![0; plan.tables.len()];
        for (position, place) in plan.order.iter().enumerate() {
            if let Some(rank) = rank.get_mut(*place) {
                *rank = position;
            }
        }
        let before = self.model.clone();
        let mut changed = false;
        let living: Vec<usize> = self.model.living().collect();
        for at in living {
            let Some(row) = self.model.rows.get_mut(at) else {
                continue;
            };
            let Some(table) = plan.table(row.table) else {
                continue;
            };
            for (reference, link) in table.references.iter().zip(&mut row.links) {
                let later = rank.get(reference.parent) > rank.get(row.table);
                let free = reference.nullable.len() == reference.columns.len();
                let parents = self
                    .rows
                    .get(reference.parent)
                    .map_or(&[][..], Vec::as_slice);
                if link.is_none() && later && free && self.rng.chance(60) {
                    *link = self.rng.choose(parents).copied();
                    changed |= link.is_some();
                }
            }
        }
        if changed && !self.order.trial.accepts(plan, &self.model) {
            self.model = before;
        }
    }
}
