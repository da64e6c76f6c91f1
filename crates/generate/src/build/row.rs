//! Draws the values of one row.

use proptest::strategy::ValueTree;

use super::builder::{Builder, Promise};
use crate::condition::{Order, Wishes};
use crate::generated::Profile;
use crate::hostile;
use crate::model::{Cell, Row};
use crate::need::{self, Need};
use crate::plan::{ColumnPlan, Reference, TablePlan};
use observe::Value;

/// The attempt from which on a row has only ordinary values: SQLite may refuse the unusual ones.
const ORDINARY: usize = 12;

/// One attempt at a row.
pub(super) struct Attempt<'a> {
    pub(super) place: usize,
    pub(super) table: &'a TablePlan,
    /// The number of the row in its table.
    pub(super) number: usize,
    pub(super) attempt: usize,
    pub(super) promise: Option<&'a Promise>,
}

type ColumnOverrides = Vec<(usize, Box<dyn ValueTree<Value = Value>>)>;

impl Builder<'_, '_> {
    pub(super) fn draw(&mut self, tried: &Attempt<'_>) -> (Row, ColumnOverrides) {
        let table = tried.table;
        let null = Cell {
            value: Value::Null,
            named: false,
        };
        let mut row = Row {
            table: tried.place,
            cells: vec![null; table.columns.len()],
            links: vec![None; table.references.len()],
            alive: true,
            given: false,
        };
        let twin = self.twin(tried);
        let mut fixed = self.draw_links(tried, &mut row);
        let promised = tried
            .promise
            .into_iter()
            .flat_map(|promise| &promise.values);
        for (column, value) in promised {
            set(&mut row, &mut fixed, *column, value.clone(), false);
        }
        let mut wishes = Wishes::default();
        table
            .conditions
            .iter()
            .for_each(|condition| condition.choose(&mut self.rng, &mut wishes));
        let mut own = ColumnOverrides::new();
        for (at, column) in table.columns.iter().enumerate() {
            if fixed.get(at) == Some(&true) {
                continue;
            }
            let copied = twin.and_then(|twin| self.model.rows.get(twin)?.cells.get(at));
            let cell = match (copied, column.own.is_some()) {
                (Some(cell), _) if !column.rowid => cell.clone(),
                (_, true) => match self.draw_own(table, at) {
                    Some(tree) => {
                        let value = tree.current();
                        own.push((at, tree));
                        Cell { value, named: true }
                    }
                    None => continue,
                },
                _ => self.draw_cell(tried, at, column, &wishes),
            };
            if let Some(place) = row.cells.get_mut(at) {
                *place = cell;
            }
        }
        for (a, order, b) in wishes.pairs {
            self.settle(&mut row, &fixed, a, order, b);
        }
        (row, own)
    }

    /// An earlier row that this one repeats, if no key forbids it: real files are full of such
    /// rows.
    fn twin(&mut self, tried: &Attempt<'_>) -> Option<usize> {
        let free = tried.table.keys.iter().flatten().all(|part| {
            tried
                .table
                .columns
                .get(part.column)
                .is_some_and(|column| column.rowid)
        });
        let rows = self.rows.get(tried.place)?;
        let possible = free && tried.attempt == 0 && tried.table.references.is_empty();
        (possible && self.rng.chance(12))
            .then(|| self.rng.choose(rows).copied())
            .flatten()
    }

    /// Chooses the rows to which the row refers; `true` marks the columns that this determines.
    fn draw_links(&mut self, tried: &Attempt<'_>, row: &mut Row) -> Vec<bool> {
        let mut fixed = vec![false; tried.table.columns.len()];
        for (place, reference) in tried.table.references.iter().enumerate() {
            let settled = |column: &usize| fixed.get(*column) == Some(&true);
            if reference.columns.iter().all(settled) {
                continue;
            }
            let open = reference.nullable.iter().any(|column| !settled(column));
            let nothing = open && self.order.nulls && self.rng.chance(30);
            let parent = if nothing {
                None
            } else {
                self.find_parent(tried, reference, row, &fixed)
            };
            if let (Some(parent), Some(link)) = (parent, row.links.get_mut(place)) {
                *link = Some(parent);
                for column in &reference.columns {
                    if let Some(fixed) = fixed.get_mut(*column) {
                        *fixed = true;
                    }
                }
            } else if open {
                for column in &reference.nullable {
                    if fixed.get(*column) == Some(&false) {
                        set(row, &mut fixed, *column, Value::Null, true);
                    }
                }
            }
        }
        fixed
    }

    /// A row to which the reference may go, and which agrees with the earlier references.
    fn find_parent(
        &mut self,
        tried: &Attempt<'_>,
        reference: &Reference,
        row: &Row,
        fixed: &[bool],
    ) -> Option<usize> {
        let parents = self
            .rows
            .get(reference.parent)
            .map_or(&[][..], Vec::as_slice);
        // If no two rows may have the same parent, each takes the next one.
        let one_each = tried.table.keys.iter().any(|key| {
            key.iter()
                .all(|part| reference.columns.contains(&part.column))
        });
        let start = if one_each {
            tried.number + tried.attempt
        } else {
            self.rng.index(parents.len())
        };
        let plan = self.order.plan;
        let agrees = |parent: &usize| {
            let mut pairs = reference.columns.iter().zip(&reference.parent_columns);
            pairs.all(|(own, other)| {
                if fixed.get(*own) != Some(&true) {
                    // A reference cannot go to a NULL key.
                    return self
                        .model
                        .cell(plan, *parent, *other)
                        .is_some_and(|cell| cell.value != Value::Null);
                }
                let bound = crate::model::bound(tried.table, row, *own);
                let own = match bound {
                    Some((parent, column)) => self.model.cell(plan, parent, column),
                    None => row.cells.get(*own),
                };
                let other = self.model.cell(plan, *parent, *other);
                own.map(|cell| &cell.value) == other.map(|cell| &cell.value)
            })
        };
        let all = parents
            .iter()
            .cycle()
            .skip(start % parents.len().max(1))
            .take(parents.len().min(64));
        let found = all.copied().find(agrees);
        // The first row of a tree whose parent is mandatory is its own parent.
        let own = self.model.rows.len();
        let must = reference.parent == tried.place && reference.nullable.is_empty();
        let own = (must && parents.is_empty()).then_some(own);
        found.or(own)
    }

    fn draw_cell(
        &mut self,
        tried: &Attempt<'_>,
        at: usize,
        column: &ColumnPlan,
        wishes: &Wishes,
    ) -> Cell {
        let named = |value| Cell { value, named: true };
        let free = |value| Cell {
            value,
            named: false,
        };
        let needs: Vec<Need> = wishes
            .needs
            .iter()
            .filter(|(own, _)| *own == at)
            .map(|(_, need)| need.clone())
            .collect();
        let hostile = self.order.profile == Profile::Hostile && tried.attempt < ORDINARY;
        let nullable = !column.not_null
            && !needs.contains(&Need::NotNull)
            && !(column.primary && (!hostile || tried.number == 0));
        if nullable && needs.contains(&Need::Null) {
            return free(Value::Null);
        }
        if column.rowid && needs.is_empty() {
            return free(Value::Integer(self.draw_id(tried, hostile)));
        }
        // After a refusal, attempts vary between a value and NULL.
        let often = if tried.attempt > 4 { 35 } else { 15 };
        if nullable && self.order.nulls && column.default.is_none() && self.rng.chance(often) {
            return free(Value::Null);
        }
        if let Some(value) = need::meet(&needs, column.affinity, &mut self.rng) {
            return named(value);
        }
        if tried.attempt > 4
            && self.rng.chance(50)
            && let Some(value) = self.rng.choose(&tried.table.literals)
        {
            return named(value.clone());
        }
        if let Some(value) = column
            .default
            .clone()
            .filter(|_| !column.in_key && self.rng.chance(20))
        {
            return named(value);
        }
        if hostile && self.rng.chance(35) {
            return free(hostile::value(
                column.affinity,
                column.strict,
                &mut self.roomy,
                &mut self.rng,
            ));
        }
        if column.in_key && (tried.attempt > 1 || self.rng.chance(50)) {
            let number = tried.number + 1 + tried.attempt / 2 * 7;
            return free(column.role.distinct(number, &mut self.rng));
        }
        free(column.role.value(&mut self.rng))
    }

    fn draw_id(&mut self, tried: &Attempt<'_>, hostile: bool) -> i64 {
        let next = self.next_id.get(tried.place).copied().unwrap_or(1);
        // The maximum rowid is left out: after it SQLite chooses rowids at random.
        if hostile && self.rng.chance(8) {
            return self
                .rng
                .choose(&[(1 << 53) + 1, -7, 1 << 33])
                .copied()
                .unwrap_or(-7);
        }
        let gap = if self.rng.chance(15) {
            self.rng.between(1, 4)
        } else {
            0
        };
        next.saturating_add(gap)
            .saturating_add(i64::try_from(tried.attempt).unwrap_or(0))
    }

    /// Orders two values of a row as required, if both were drawn and are comparable.
    fn settle(&mut self, row: &mut Row, fixed: &[bool], a: usize, order: Order, b: usize) {
        let free = |at: usize| fixed.get(at) != Some(&true);
        let (Some(first), Some(second)) = (row.cells.get(a).cloned(), row.cells.get(b).cloned())
        else {
            return;
        };
        if first.value == Value::Null || second.value == Value::Null {
            return;
        }
        let sorted = less(&first.value, &second.value);
        match order {
            Order::Same if free(b) => put(row, b, first),
            Order::Same if free(a) => put(row, a, second),
            Order::Less | Order::LessOrSame if sorted == Some(false) && free(a) && free(b) => {
                if first.value == second.value && order == Order::Less {
                    put(
                        row,
                        b,
                        Cell {
                            value: more(&second.value),
                            named: second.named,
                        },
                    );
                } else {
                    put(row, a, second);
                    put(row, b, first);
                }
            }
            Order::Other if first.value == second.value && free(b) => {
                put(
                    row,
                    b,
                    Cell {
                        value: more(&second.value),
                        named: second.named,
                    },
                );
            }
            _ => {}
        }
    }
}

fn put(row: &mut Row, at: usize, cell: Cell) {
    if let Some(place) = row.cells.get_mut(at) {
        *place = cell;
    }
}

fn set(row: &mut Row, fixed: &mut [bool], column: usize, value: Value, named: bool) {
    put(row, column, Cell { value, named });
    if let Some(fixed) = fixed.get_mut(column) {
        *fixed = true;
    }
}

/// Whether the first value is less than the second; `None` if their types differ.
fn less(a: &Value, b: &Value) -> Option<bool> {
    match (a, b) {
        (Value::Real(a), Value::Real(b)) => Some(f64::from_bits(*a) < f64::from_bits(*b)),
        (Value::Integer(_), Value::Integer(_)) | (Value::Text(_), Value::Text(_)) => Some(a < b),
        _ => None,
    }
}

fn more(value: &Value) -> Value {
    match value {
        Value::Integer(number) => Value::Integer(number.wrapping_add(1)),
        Value::Real(bits) => Value::Real((f64::from_bits(*bits) + 1.0).to_bits()),
        Value::Text(bytes) => Value::Text([bytes, &b"b"[..]].concat()),
        other => other.clone(),
    }
}
