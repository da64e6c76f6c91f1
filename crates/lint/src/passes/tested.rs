//! The parts of a step that the rows tested, and those that they did not.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};

use crate::finding::Direction;
use crate::options::Options;
use crate::runner::run_step::run_on_rows;
use crate::runner::step::{StepOutcome, StepRun};
use crate::runner::versions::Step;
use crate::script::statement::{Effect, Statement};

/// A part of a step that no rows tested.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Untested {
    pub(crate) direction: Direction,
    /// The line of the statement; none for a rule that no row breaks.
    pub(crate) line: Option<usize>,
    /// Why, as a clause.
    pub(crate) why: String,
}

/// The parts of one step that runs tested so far.
#[derive(Debug, Default)]
pub(crate) struct Tested {
    /// The statements that changed a row in some run, by script and place.
    changed: RefCell<BTreeSet<(Direction, usize)>>,
    /// The rules for which clashing rows were sought, and whether the rule was understood.
    clashes: RefCell<BTreeMap<(Direction, String), bool>>,
    /// How many clashes were not tried.
    left_out: RefCell<BTreeMap<Direction, usize>>,
}

impl Tested {
    /// Runs a step on rows, and notes what changed a row.
    pub(crate) fn run(
        &self,
        run: &StepRun<'_>,
        direction: Direction,
        image: &[u8],
        options: &Options,
    ) -> Option<StepOutcome> {
        let outcome = run_on_rows(run, direction, image, options)?;
        self.add(&outcome);
        Some(outcome)
    }

    /// Notes what changed a row in a run.
    pub(crate) fn add(&self, outcome: &StepOutcome) {
        self.changed.borrow_mut().extend(outcome.changed.iter());
    }

    /// Notes whether a rule was understood, so that rows that clash with it were tried.
    pub(crate) fn note_clash(&self, direction: Direction, rule: &str, understood: bool) {
        if rule.is_empty() {
            return;
        }
        let mut clashes = self.clashes.borrow_mut();
        let any = clashes.entry((direction, rule.to_owned())).or_default();
        *any = *any || understood;
    }

    /// Notes how many clashes of a script were not tried, because there are too many.
    pub(crate) fn note_left_out(&self, direction: Direction, count: usize) {
        self.left_out.borrow_mut().insert(direction, count);
    }

    /// The parts of a script that nothing tested.
    pub(crate) fn find_rest(&self, step: &Step, direction: Direction) -> Vec<Untested> {
        let text = match direction {
            Direction::Up => step.up.as_ref(),
            Direction::Down => step.down.as_ref(),
        };
        let statements = text.map_or(&[][..], |text| text.statements.as_slice());
        let changed = self.changed.borrow();
        let idle = statements.iter().enumerate().filter(|(place, line)| {
            line.effect.is_about_rows() && !changed.contains(&(direction, *place))
        });
        let mut rest: Vec<Untested> = idle
            .filter_map(|(_, line)| {
                Some(Untested {
                    direction,
                    line: Some(line.line),
                    why: describe_idle(line)?,
                })
            })
            .collect();
        let clashes = self.clashes.borrow();
        let open = clashes
            .iter()
            .filter(|((own, _), understood)| *own == direction && !**understood);
        rest.extend(open.map(|((_, rule), _)| Untested {
            direction,
            line: None,
            why: format!("no row that breaks {rule} was found"),
        }));
        let left_out = self.left_out.borrow();
        let count = left_out.get(&direction).copied().unwrap_or(0);
        rest.extend((count > 0).then(|| Untested {
            direction,
            line: None,
            why: format!("{count} more sorts of rows that clash with it were not tried"),
        }));
        rest
    }
}

/// Why a statement was not tested: it changed no row in any run.
fn describe_idle(line: &Statement) -> Option<String> {
    let (verb, table) = match &line.effect {
        Effect::Delete(table) => ("DELETE", table),
        Effect::Update(table, _) => ("UPDATE", table),
        Effect::Copy(copy) => ("INSERT", &copy.into),
        _ => return None,
    };
    // SQLite's own tables hold what it puts there.
    if table.starts_with("sqlite_") {
        return None;
    }
    Some(match verb {
        "INSERT" => format!("the INSERT into `{table}` copied no row"),
        _ => format!("the {verb} of `{table}` matched no generated row"),
    })
}
