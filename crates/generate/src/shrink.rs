//! The strategy for whole databases, and the shrinking of one that fails.
//!
//! Shrinking is delta debugging on rows with references. It removes half of the rows, then ever
//! smaller parts, with their children or without (these then refer to nothing or to another row).
//! Then references become NULL or go to the first row, and values are simplified. SQLite judges
//! each candidate first, so that every one is a valid database.

use std::collections::VecDeque;
use std::fmt;
use std::rc::Rc;

use proptest::prelude::Rng;
use proptest::strategy::{NewTree, Strategy, ValueTree};
use proptest::test_runner::TestRunner;

use crate::build::{OwnTrees, build};
use crate::generated::{Generated, Unseeded};
use crate::model::{Model, bound};
use crate::plan::Filling;
use crate::prepared::Prepared;
use crate::shrink_value::{shrink_value, weight};
use observe::Value;

/// The maximum number of passes through all stages: a simplified value may allow a row to be
/// removed.
const ROUNDS: usize = 3;

/// The strategy.
#[derive(Clone)]
pub(super) struct Contents {
    prepared: Rc<Prepared>,
}

impl fmt::Debug for Contents {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "databases of {} tables", self.prepared.plan.tables.len())
    }
}

impl Contents {
    pub(super) fn new(prepared: Rc<Prepared>) -> Contents {
        Contents { prepared }
    }

    /// One database.
    pub(super) fn make(&self, runner: &mut TestRunner) -> Result<Generated, String> {
        self.new_tree(runner)
            .map(|tree| tree.current())
            .map_err(|reason| reason.to_string())
    }
}

impl Strategy for Contents {
    type Tree = Tree;
    type Value = Generated;

    fn new_tree(&self, runner: &mut TestRunner) -> NewTree<Self> {
        let seed = runner.rng().next_u64();
        let made = build(&self.prepared.context(), seed, runner)?;
        Ok(Tree {
            prepared: Rc::clone(&self.prepared),
            base: made.model.clone(),
            current: made.model,
            own: made.own,
            unseeded: made.unseeded,
            stage: Stage::Start,
            round: 0,
            moves: VecDeque::new(),
            tried: None,
            changed: false,
        })
    }
}

/// A database that can shrink.
pub(super) struct Tree {
    prepared: Rc<Prepared>,
    /// The smallest database that is known to fail.
    base: Model,
    /// The candidate under test.
    current: Model,
    own: OwnTrees,
    unseeded: Vec<Unseeded>,
    stage: Stage,
    round: usize,
    moves: VecDeque<Move>,
    tried: Option<Move>,
    /// Whether anything shrank in this round.
    changed: bool,
}

/// The part that shrinks. The number is that of the rows removed at a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Start,
    Rows(usize),
    Links,
    Values,
    Done,
}

/// A step of shrinking.
#[derive(Clone, Debug)]
enum Move {
    /// Removes these rows; the rows that refer to them are removed, too, or refer elsewhere.
    Drop(Vec<usize>, bool),
    /// Changes a reference to another row or to none.
    Link(usize, usize, Option<usize>),
    Set(usize, usize, Value),
    /// Simplifies a value by the application's own strategy; after a refusal this undoes half of
    /// the step.
    ColumnOverrides(usize, usize, bool),
}

impl ValueTree for Tree {
    type Value = Generated;

    fn current(&self) -> Generated {
        self.current.render(&self.prepared.plan, &self.unseeded)
    }

    fn simplify(&mut self) -> bool {
        if let Some(tried) = self.tried.take() {
            self.base = self.current.clone();
            self.changed = true;
            self.after(tried);
        }
        self.propose()
    }

    fn complicate(&mut self) -> bool {
        let Some(tried) = self.tried.take() else {
            return false;
        };
        if let Move::ColumnOverrides(row, column, _) = tried {
            self.moves
                .push_front(Move::ColumnOverrides(row, column, true));
        }
        if !self.propose() {
            // The last failing database is tested once more, so that it is the result.
            self.current = self.base.clone();
        }
        true
    }
}

impl Tree {
    /// Finds the next candidate that SQLite accepts. Without any, `current` is the smallest
    /// database.
    fn propose(&mut self) -> bool {
        loop {
            let Some(next) = self.moves.pop_front() else {
                if !self.next_stage() {
                    self.current = self.base.clone();
                    return false;
                }
                continue;
            };
            let Some(candidate) = self.apply(&next) else {
                continue;
            };
            let taken = self.prepared.trial.accepts(&self.prepared.plan, &candidate);
            match (taken, &next) {
                (true, _) => {
                    self.current = candidate;
                    self.tried = Some(next);
                    return true;
                }
                (false, Move::ColumnOverrides(row, column, _)) => {
                    let again = Move::ColumnOverrides(*row, *column, true);
                    self.moves.push_front(again);
                }
                (false, _) => {}
            }
        }
    }

    /// Repeats a successful step, as far as it can continue.
    fn after(&mut self, tried: Move) {
        match tried {
            Move::Drop(..) => {
                // The remaining rows of the other parts are divided again.
                let gone = |row: &usize| self.base.rows.get(*row).is_none_or(|row| !row.alive);
                for waiting in &mut self.moves {
                    if let Move::Drop(rows, _) = waiting {
                        rows.retain(|row| !gone(row));
                    }
                }
            }
            Move::Link(..) => {}
            Move::Set(row, column, _) => {
                self.moves.retain(
                    |waiting| !matches!(waiting, Move::Set(r, c, _) if (*r, *c) == (row, column)),
                );
                self.simplify_cell(row, column);
            }
            Move::ColumnOverrides(row, column, _) => self
                .moves
                .push_front(Move::ColumnOverrides(row, column, false)),
        }
    }

    fn next_stage(&mut self) -> bool {
        let living = self.base.living().count();
        self.stage = match self.stage {
            // Tries first whether the failure needs any rows.
            Stage::Start => Stage::Rows(living.max(1)),
            Stage::Rows(1) => Stage::Links,
            Stage::Rows(size) => Stage::Rows((size / 2).max(1)),
            Stage::Links => Stage::Values,
            Stage::Values if self.changed && self.round < ROUNDS => {
                self.changed = false;
                self.round += 1;
                Stage::Rows((living / 2).max(1))
            }
            Stage::Values | Stage::Done => Stage::Done,
        };
        match self.stage {
            Stage::Rows(size) => self.cut_rows(size),
            Stage::Links => self.cut_links(),
            Stage::Values => self.simplify_cells(),
            Stage::Start | Stage::Done => return false,
        }
        true
    }

    /// Removes children first, because a row without references to it can be removed alone.
    fn cut_rows(&mut self, size: usize) {
        let mut living: Vec<usize> = self.base.living().collect();
        living.reverse();
        for part in living.chunks(size) {
            self.moves.push_back(Move::Drop(part.to_vec(), false));
            self.moves.push_back(Move::Drop(part.to_vec(), true));
        }
    }

    fn cut_links(&mut self) {
        let mut moves = Vec::new();
        for at in self.base.living() {
            let Some(row) = self.base.rows.get(at) else {
                continue;
            };
            let Some(table) = self.prepared.plan.table(row.table) else {
                continue;
            };
            for (place, (reference, link)) in table.references.iter().zip(&row.links).enumerate() {
                let Some(parent) = link else { continue };
                if !reference.nullable.is_empty() {
                    moves.push(Move::Link(at, place, None));
                }
                let first = self.base.living().find(|other| {
                    self.base
                        .rows
                        .get(*other)
                        .is_some_and(|row| row.table == reference.parent)
                });
                if let Some(first) = first.filter(|first| first < parent) {
                    moves.push(Move::Link(at, place, Some(first)));
                }
            }
        }
        self.moves.extend(moves);
    }

    fn simplify_cells(&mut self) {
        let living: Vec<usize> = self.base.living().collect();
        for row in living {
            let columns = self.base.rows.get(row).map_or(0, |row| row.cells.len());
            for column in 0..columns {
                if self.own.contains_key(&(row, column)) {
                    self.moves
                        .push_back(Move::ColumnOverrides(row, column, false));
                } else {
                    self.moves.extend(self.simpler_cells(row, column));
                }
            }
        }
    }

    fn simplify_cell(&mut self, row: usize, column: usize) {
        for next in self.simpler_cells(row, column).into_iter().rev() {
            self.moves.push_front(next);
        }
    }

    fn simpler_cells(&self, at: usize, column: usize) -> Vec<Move> {
        let Some(row) = self.base.rows.get(at) else {
            return Vec::new();
        };
        let Some(table) = self.prepared.plan.table(row.table) else {
            return Vec::new();
        };
        let (Some(cell), Some(declared)) = (row.cells.get(column), table.columns.get(column))
        else {
            return Vec::new();
        };
        // An AUTOINCREMENT counter belongs to its table.
        let name_of_mark = table.filling == Filling::Marks && column == 0;
        if name_of_mark || bound(table, row, column).is_some() {
            return Vec::new();
        }
        let values = shrink_value(&cell.value, declared);
        values
            .into_iter()
            .map(|value| Move::Set(at, column, value))
            .collect()
    }

    /// The database after a step; `None` if it would be equal or not simpler.
    fn apply(&mut self, next: &Move) -> Option<Model> {
        match next {
            Move::Drop(rows, relink) => self.drop_rows(rows, *relink),
            Move::Link(at, place, to) => {
                let mut model = self.base.clone();
                let row = model.rows.get_mut(*at)?;
                let reference = self
                    .prepared
                    .plan
                    .table(row.table)?
                    .references
                    .get(*place)?;
                *row.links.get_mut(*place)? = *to;
                if to.is_none() {
                    for column in &reference.nullable {
                        row.cells.get_mut(*column)?.value = Value::Null;
                    }
                }
                Some(model)
            }
            Move::Set(at, column, value) => {
                let mut model = self.base.clone();
                let row = model.rows.get_mut(*at)?;
                let declared = self.prepared.plan.table(row.table)?.columns.get(*column)?;
                let cell = row.cells.get_mut(*column)?;
                if weight(value, declared) >= weight(&cell.value, declared) {
                    return None;
                }
                *cell = crate::model::Cell {
                    value: value.clone(),
                    named: false,
                };
                Some(model)
            }
            Move::ColumnOverrides(at, column, back) => {
                let tree = self.own.get_mut(&(*at, *column))?;
                let moved = if *back {
                    tree.complicate()
                } else {
                    tree.simplify()
                };
                let value = moved.then(|| tree.current())?;
                let mut model = self.base.clone();
                model.rows.get_mut(*at)?.cells.get_mut(*column)?.value = value;
                Some(model)
            }
        }
    }

    fn drop_rows(&self, rows: &[usize], relink: bool) -> Option<Model> {
        let rows: Vec<usize> = rows
            .iter()
            .copied()
            .filter(|row| self.base.rows.get(*row).is_some_and(|row| row.alive))
            .collect();
        let all = self.base.with_children(&rows);
        if rows.is_empty() || (relink && all.len() == rows.len()) {
            return None;
        }
        let mut model = self.base.clone();
        let gone = if relink { &rows } else { &all };
        for row in gone {
            model.rows.get_mut(*row)?.alive = false;
        }
        if !relink {
            return Some(model);
        }
        let mut first = vec![None; self.prepared.plan.tables.len()];
        for place in model
            .rows
            .iter()
            .enumerate()
            .filter(|(_, row)| row.alive)
            .map(|(at, _)| at)
            .rev()
        {
            let table = model.rows.get(place)?.table;
            *first.get_mut(table)? = Some(place);
        }
        let orphans: Vec<usize> = all.into_iter().filter(|row| !rows.contains(row)).collect();
        for at in orphans {
            let row = model.rows.get(at)?;
            let table = self.prepared.plan.table(row.table)?;
            for (place, reference) in table.references.iter().enumerate() {
                let link = model.rows.get(at)?.links.get(place).copied().flatten();
                if !link.is_some_and(|parent| rows.contains(&parent)) {
                    continue;
                }
                let other = first.get(reference.parent).copied().flatten();
                let row = model.rows.get_mut(at)?;
                *row.links.get_mut(place)? = if reference.nullable.is_empty() {
                    Some(other?)
                } else {
                    None
                };
                for column in &reference.nullable {
                    row.cells.get_mut(*column)?.value = Value::Null;
                }
            }
        }
        Some(model)
    }
}
