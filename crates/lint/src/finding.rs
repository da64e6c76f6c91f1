//! Findings, and the diagnostics that they are made of.

pub(crate) use crate::rule::Rule;
use crate::runner::tool_model::{Mode, Transaction};

/// How bad it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Severity {
    /// The step says so, and nothing is gone that could be kept.
    Note,
    /// The step says so and it cannot be undone, or it takes unusual values to see it.
    Warning,
    /// Nobody who reads the step would expect it.
    Error,
}

impl Severity {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Severity::Note => "note",
            Severity::Warning => "warning",
            Severity::Error => "error",
        }
    }
}

/// The direction of a script: one of the two that a step has.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Forward.
    Up,
    /// The down migration.
    Down,
}

impl Direction {
    /// The word for it.
    pub fn name(self) -> &'static str {
        match self {
            Direction::Up => "up",
            Direction::Down => "down",
        }
    }
}

/// Under which conditions a finding holds.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct When {
    /// `on`, `off`, or `both` where it makes no difference.
    pub foreign_keys: &'static str,
    /// How the script ran.
    pub transaction: Transaction,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// The rule that it breaks.
    pub rule: Rule,
    /// How bad it is.
    pub severity: Severity,
    /// The step, as its folder names it.
    pub step: String,
    /// The direction of the script.
    pub direction: Direction,
    /// The file, relative to the folder.
    pub file: String,
    /// The line in the file, from 1.
    pub line: usize,
    /// The object: `table.column`, `table`, an index, a pragma. Empty for a step as a whole.
    pub object: String,
    /// How many rows show it; 0 where it is not about rows.
    pub rows: usize,
    /// Some of these rows, one line each.
    pub shown: Vec<String>,
    /// When it holds.
    pub when: When,
    /// Why it hurts on SQLite, in one sentence.
    pub message: String,
    /// The command that shows it again.
    pub repeat: String,
    /// The number of its cause, from 1: findings with the same number have the same cause. 0 for a
    /// finding that no check made.
    pub group: usize,
    /// The number of steps that have it, where one finding is about the whole folder.
    pub folder_steps: Option<usize>,
}

impl When {
    /// With foreign keys `on`, `off` or `both`, and in such transactions.
    pub fn new(foreign_keys: &'static str, transaction: Transaction) -> When {
        When {
            foreign_keys,
            transaction,
        }
    }
}

impl Finding {
    /// A finding about the way up of a step as a whole: no object, no rows, line 1.
    pub fn new(
        rule: Rule,
        severity: Severity,
        step: impl Into<String>,
        message: impl Into<String>,
    ) -> Finding {
        Finding {
            rule,
            severity,
            step: step.into(),
            direction: Direction::Up,
            file: String::new(),
            line: 1,
            object: String::new(),
            rows: 0,
            shown: Vec::new(),
            when: When::new("both", Transaction::File),
            message: message.into(),
            repeat: String::new(),
            group: 0,
            folder_steps: None,
        }
    }
}

/// A finding in the making: of one step, under one mode.
#[derive(Clone, Debug)]
pub(crate) struct Diagnostic {
    pub(crate) rule: Rule,
    pub(crate) severity: Severity,
    pub(crate) origin: Origin,
    /// The line in the file; `None` for the first of the script.
    pub(crate) line: Option<usize>,
    pub(crate) object: String,
    pub(crate) rows: usize,
    pub(crate) shown: Vec<String>,
    pub(crate) message: String,
    pub(crate) reach: Reach,
}

/// The script that a diagnostic is about, and how it ran.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Origin {
    /// The place of the step in the history.
    pub(crate) step: usize,
    pub(crate) direction: Direction,
    pub(crate) mode: Mode,
}

/// How much of the history must run for a finding to show.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    /// The step alone.
    Step,
    /// The step and what comes after it.
    Rest,
    /// All steps that were checked.
    Whole,
}

impl Diagnostic {
    pub(crate) fn new(
        rule: Rule,
        severity: Severity,
        origin: Origin,
        object: impl Into<String>,
        message: impl Into<String>,
    ) -> Diagnostic {
        Diagnostic {
            rule,
            severity,
            origin,
            line: None,
            object: object.into(),
            rows: 0,
            shown: Vec::new(),
            message: message.into(),
            reach: Reach::Step,
        }
    }

    /// It shows only where more of the history runs.
    pub(crate) fn with_reach(mut self, reach: Reach) -> Diagnostic {
        self.reach = reach;
        self
    }

    pub(crate) fn with_line(mut self, line: Option<usize>) -> Diagnostic {
        self.line = line.or(self.line);
        self
    }

    pub(crate) fn with_rows(mut self, rows: usize, shown: Vec<String>) -> Diagnostic {
        self.rows = rows;
        self.shown = shown;
        self
    }

    /// The key by which two diagnostics are of one finding.
    pub(crate) fn key(&self) -> (usize, Direction, Rule, String) {
        let object = schema::sql::fold(&self.object);
        (self.origin.step, self.origin.direction, self.rule, object)
    }

    /// It takes unusual values to see it, so it is at most a warning, and says so.
    pub(crate) fn limit_to_warning(mut self, condition: &str) -> Diagnostic {
        self.severity = self.severity.min(Severity::Warning);
        self.message = format!("{}; {condition}", self.message);
        self
    }
}
