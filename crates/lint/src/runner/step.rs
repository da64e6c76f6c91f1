//! One step under one mode, and the outcomes of its scripts: the values that the runner returns.

use std::cell::OnceCell;
use std::collections::BTreeSet;
use std::sync::Arc;

use schema::Schema;

use crate::finding::{Direction, Origin};
use crate::runner::execute::{Execution, Failure};
use crate::runner::quoted_text::QuotedText;
use crate::runner::state::State;
use crate::runner::tool_model::Mode;
use crate::runner::versions::{Chain, Past, Step, Text};
use crate::script::affected_tables::affected_tables;
use crate::script::lineage::{CopiedBefore, Lineage};
use crate::script::statement::Statement;
use folders::Down;

/// One step under one mode, ready to run.
pub(crate) struct StepRun<'a> {
    pub(crate) place: usize,
    pub(crate) step: &'a Step,
    /// The down migration as the folder has it, be it missing or empty.
    pub(crate) down: &'a Down,
    pub(crate) chain: &'a Chain,
    pub(crate) before: &'a Arc<Schema>,
    pub(crate) after: &'a Arc<Schema>,
    /// From the version before to the one after.
    pub(crate) lineage: Lineage,
    /// From the version after to the one before, once it is asked for.
    back_lineage: OnceCell<Lineage>,
    /// The tables that its scripts may change, as they are called before.
    pub(crate) touched_before: BTreeSet<String>,
    /// The same tables, as they are called after.
    pub(crate) touched_after: BTreeSet<String>,
    /// The tables that earlier steps copied.
    pub(crate) copied_before: CopiedBefore,
    /// The down migration to run on rows; none where it fails without rows, so that rows show
    /// nothing more.
    pub(crate) back: Option<&'a Text>,
}

impl<'a> StepRun<'a> {
    pub(crate) fn new(
        place: usize,
        step: &'a Step,
        down: &'a Down,
        chain: &'a Chain,
    ) -> Option<StepRun<'a>> {
        let (before, after) = (chain.schemas.get(place)?, chain.schemas.get(place + 1)?);
        let up = step.up.as_ref();
        let up = up.map_or(&[][..], |up| up.statements.as_slice());
        let texts = step.up.iter().chain(&step.down);
        let statements = texts.flat_map(|text| &text.statements);
        Some(StepRun {
            place,
            step,
            down,
            chain,
            before,
            after,
            lineage: Lineage::trace(before, after, up),
            back_lineage: OnceCell::new(),
            touched_before: affected_tables(before, statements.clone()),
            touched_after: affected_tables(after, statements),
            copied_before: CopiedBefore::new(),
            back: step.down.as_ref(),
        })
    }

    pub(crate) fn mode(&self) -> Mode {
        self.chain.mode
    }

    pub(crate) fn origin(&self, direction: Direction) -> Origin {
        Origin {
            step: self.place,
            direction,
            mode: self.mode(),
        }
    }

    /// The outcome of the step on a database without rows.
    pub(crate) fn past(&self) -> Option<&'a Past> {
        self.chain.ups.get(self.place)
    }

    pub(crate) fn text(&self, direction: Direction) -> Option<&'a Text> {
        match direction {
            Direction::Up => self.step.up.as_ref(),
            Direction::Down => self.step.down.as_ref(),
        }
    }

    /// The statements of one script; none where there is no script.
    pub(crate) fn statements(&self, direction: Direction) -> &'a [Statement] {
        let text = self.text(direction);
        text.map_or(&[][..], |text| text.statements.as_slice())
    }

    /// The lineage through a script.
    pub(crate) fn lineage(&self, direction: Direction) -> &Lineage {
        match direction {
            Direction::Up => &self.lineage,
            Direction::Down => self.back_lineage.get_or_init(|| {
                Lineage::trace(self.after, self.before, self.statements(direction))
            }),
        }
    }

    /// The schema that a script starts from.
    pub(crate) fn schema_before(&self, direction: Direction) -> &'a Arc<Schema> {
        match direction {
            Direction::Up => self.before,
            Direction::Down => self.after,
        }
    }

    /// The schema that a script leads to.
    pub(crate) fn schema_after(&self, direction: Direction) -> &'a Arc<Schema> {
        match direction {
            Direction::Up => self.after,
            Direction::Down => self.before,
        }
    }

    /// The tables that the scripts may change, as they are called where one of them starts.
    pub(crate) fn touched(&self, direction: Direction) -> &BTreeSet<String> {
        match direction {
            Direction::Up => &self.touched_before,
            Direction::Down => &self.touched_after,
        }
    }
}

/// The outcome of the down migration on the empty database after the step.
pub(crate) struct WayBack {
    pub(crate) ran: Execution,
    /// The words in double quotes that SQLite took for text.
    pub(crate) quoted: Vec<QuotedText>,
    /// The schema after it; none where SQLite stores the same as before the step, or where it
    /// cannot be read.
    pub(crate) other_schema: Option<Schema>,
}

impl WayBack {
    /// Whether it fails without rows, by its own fault.
    pub(crate) fn fails(&self) -> bool {
        let failure = self.ran.failure.as_ref();
        failure.is_some_and(|failure| !failure.is_no_fault())
    }
}

/// The outcome of a script on rows.
pub(crate) enum End {
    Stopped(Failure),
    Passed(State),
}

/// The outcome of a step on rows: forward and, where that passed, back; or back alone.
pub(crate) struct StepOutcome {
    /// The first script that ran.
    pub(crate) direction: Direction,
    pub(crate) start: State,
    pub(crate) end: End,
    /// The outcome of the down migration after the way forward.
    pub(crate) back: Option<End>,
    /// The statements that changed a row, by script and place.
    pub(crate) changed: BTreeSet<(Direction, usize)>,
}

impl StepOutcome {
    /// Why the first script did not come to its end.
    pub(crate) fn stop(&self) -> Option<&Failure> {
        match &self.end {
            End::Stopped(failure) => Some(failure),
            End::Passed(_) => None,
        }
    }
}
