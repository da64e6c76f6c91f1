//! Makes the rows of one database; each is tried on SQLite before the next.

mod builder;
mod derived;
mod refer;
mod row;

use std::collections::HashSet;

use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::generated::Unseeded;
use crate::model::{Model, Row};
use crate::plan::{Filling, KeyPart, TablePlan};
use crate::trial::Refusal;
use builder::Builder;
pub(crate) use builder::{BuildContext, Made, OwnTrees};
use observe::Value;
use stdx::Rng;

/// The maximum number of attempts with different values for one row.
const TRIES: usize = 48;

/// The number of successive failed rows after which the table is given up.
const PATIENCE: usize = 2;

/// Makes the rows of one database.
pub(super) fn build(
    order: &BuildContext<'_>,
    seed: u64,
    runner: &mut TestRunner,
) -> Result<Made, String> {
    let tables = order.plan.tables.len();
    let keys = order
        .plan
        .tables
        .iter()
        .map(|table| vec![HashSet::new(); table.keys.len()]);
    let mut builder = Builder {
        order,
        runner,
        rng: Rng::new(seed),
        model: Model::default(),
        own: OwnTrees::new(),
        rows: vec![Vec::new(); tables],
        keys: keys.collect(),
        next_id: order
            .highest
            .iter()
            .map(|highest| highest.saturating_add(1))
            .collect(),
        filled: vec![false; tables],
        promises: (0..tables).map(|_| Vec::new()).collect(),
        roomy: true,
        unseeded: Vec::new(),
    };
    for row in order.given {
        builder.take(row.clone());
    }
    order
        .trial
        .begin(order.plan.cyclic)
        .map_err(|error| error.to_string())?;
    for place in &order.plan.order {
        if let Some(table) = order.plan.table(*place) {
            builder.fill(*place, table);
        }
        if let Some(filled) = builder.filled.get_mut(*place) {
            *filled = true;
        }
    }
    builder.break_promises();
    order.trial.end();
    builder.refer_forward();
    let Builder {
        model,
        own,
        mut unseeded,
        ..
    } = builder;
    unseeded.sort_by(|a, b| a.table.cmp(&b.table));
    Ok(Made {
        model,
        own,
        unseeded,
    })
}

impl Builder<'_, '_> {
    fn fill(&mut self, place: usize, table: &TablePlan) {
        match table.filling {
            Filling::Marks => self.fill_marks(place, table),
            Filling::Shown(content) => self.show(place, table, content),
            Filling::Made => {
                let has = self.rows.get(place).is_some_and(|rows| !rows.is_empty());
                if !(has && self.order.only_empty) {
                    self.make_rows(place, table);
                }
            }
        }
    }

    fn make_rows(&mut self, place: usize, table: &TablePlan) {
        let promised = self.promises.get(place).map_or(0, Vec::len);
        // Two rows at least, if two are possible: many faults need more than one row.
        let least = self.order.rows.min(2);
        let wanted = least + self.rng.index(self.order.rows - least + 1);
        let wanted = wanted.max(promised);
        let mut given_up = 0;
        let mut last = None;
        for number in 0..wanted {
            match self.make_row(place, table, number) {
                Ok(()) => given_up = 0,
                Err(refusal) => {
                    given_up += 1;
                    let hopeless = refusal.hopeless;
                    last = Some(refusal.words);
                    if hopeless || given_up >= PATIENCE {
                        break;
                    }
                }
            }
        }
        let none = self.rows.get(place).is_none_or(Vec::is_empty);
        if let Some(reason) = last.filter(|_| none && !self.order.trial.has_rows(table)) {
            let empty = |one: &&crate::plan::Reference| {
                one.nullable.is_empty() && self.rows.get(one.parent).is_none_or(Vec::is_empty)
            };
            let parent = table.references.iter().find(empty);
            let parent = parent.and_then(|one| self.order.plan.table(one.parent));
            let why = parent.map_or(String::new(), |parent| {
                format!(" (`{}` has no rows)", parent.name)
            });
            self.unseeded.push(Unseeded {
                table: table.name.clone(),
                reason: format!("{reason}{why}"),
            });
        }
    }

    /// Makes one row, with new values as long as SQLite refuses it.
    fn make_row(&mut self, place: usize, table: &TablePlan, number: usize) -> Result<(), Refusal> {
        let promise = self.promises.get_mut(place).and_then(Vec::pop);
        let mut last = Refusal {
            words: "no two rows of this table can differ".to_owned(),
            hopeless: false,
        };
        for attempt in 0..TRIES {
            let tried = row::Attempt {
                place,
                table,
                number,
                attempt,
                promise: promise.as_ref(),
            };
            let (row, own) = self.draw(&tried);
            let at = self.model.rows.len();
            self.model.rows.push(row);
            let values = self.model.values(self.order.plan, at);
            let result = if self.is_new(place, table, &values) {
                self.order.trial.insert(table, &values).map_err(Some)
            } else {
                Err(None)
            };
            let row = self.model.rows.pop();
            match (result, row) {
                (Ok(()), Some(row)) => {
                    self.own
                        .extend(own.into_iter().map(|(column, tree)| ((at, column), tree)));
                    self.take(row);
                    self.keep(promise, at);
                    self.draw_promises(at);
                    return Ok(());
                }
                (Err(Some(refusal)), _) => {
                    last = refusal;
                    if self.order.trial.lost_all() {
                        self.again();
                    }
                    if last.hopeless {
                        break;
                    }
                }
                _ => {}
            }
        }
        if let (Some(promise), Some(waiting)) = (promise, self.promises.get_mut(place)) {
            waiting.push(promise);
        }
        Err(last)
    }

    /// Counts a row that is in the database.
    fn take(&mut self, row: Row) {
        let (place, at) = (row.table, self.model.rows.len());
        self.model.rows.push(row);
        let Some(table) = self.order.plan.table(place) else {
            return;
        };
        let values = self.model.values(self.order.plan, at);
        if let Some(keys) = self.keys.get_mut(place) {
            for (key, known) in table.keys.iter().zip(keys) {
                known.extend(key_of(table, key, &values));
            }
        }
        let id = table
            .columns
            .iter()
            .position(|column| column.rowid)
            .and_then(|at| values.get(at));
        if let (Some(Value::Integer(id)), Some(next)) = (id, self.next_id.get_mut(place))
            && *id < 1 << 32
        {
            *next = (*next).max(id.saturating_add(1));
        }
        if let Some(rows) = self.rows.get_mut(place) {
            rows.push(at);
        }
    }

    fn is_new(&self, place: usize, table: &TablePlan, values: &[Value]) -> bool {
        let Some(known) = self.keys.get(place) else {
            return true;
        };
        let mut keys = table.keys.iter().zip(known);
        keys.all(|(key, known)| {
            key_of(table, key, values).is_none_or(|value| !known.contains(&value))
        })
    }

    /// Inserts the rows again after a refusal has ended the transaction with them.
    fn again(&mut self) {
        let (plan, trial) = (self.order.plan, self.order.trial);
        if trial.begin(plan.cyclic).is_err() {
            return;
        }
        for place in self.model.living() {
            let table = self
                .model
                .rows
                .get(place)
                .and_then(|row| plan.table(row.table));
            if let Some(table) = table {
                // It was accepted before, and the same rows precede it.
                let _ = trial.insert(table, &self.model.values(plan, place));
            }
        }
    }

    fn draw_own(
        &mut self,
        table: &TablePlan,
        column: usize,
    ) -> Option<Box<dyn ValueTree<Value = Value>>> {
        let strategy = table.columns.get(column)?.own.as_ref()?;
        strategy.new_tree(self.runner).ok()
    }
}

/// The values of a row in a key, in the form in which SQLite compares them; `None` if a NULL makes
/// it different from all others.
fn key_of(table: &TablePlan, key: &[KeyPart], values: &[Value]) -> Option<Vec<Value>> {
    let part = |part: &KeyPart| {
        let affinity = table.columns.get(part.column)?.affinity;
        let value = match (values.get(part.column)?, affinity) {
            (Value::Null, _) => return None,
            (Value::Integer(number), schema::Affinity::Text) => Value::text(&number.to_string()),
            (Value::Real(bits), _) if f64::from_bits(*bits).fract() == 0.0 => {
                Value::Integer(f64::from_bits(*bits) as i64)
            }
            (value, _) => value.clone(),
        };
        Some(match value {
            Value::Text(mut bytes) => {
                if part.nocase {
                    bytes.make_ascii_lowercase();
                }
                while part.rtrim && bytes.last() == Some(&b' ') {
                    bytes.pop();
                }
                Value::Text(bytes)
            }
            value => value,
        })
    };
    key.iter().map(part).collect()
}
