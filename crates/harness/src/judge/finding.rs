//! One thing that was found, under the name it has in every format.

use super::model::{Mode, Transaction};

/// What kind of harm a finding tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// A step fails on a database without a row.
    StepFails,
    /// A step passes on an empty database and fails on one with rows.
    StepFailsOnRows,
    /// Rows are gone, by a statement about their own table.
    RowsLost,
    /// Rows are gone, by a statement about another table.
    RowsLostByCascade,
    /// A value is another one, or of another type.
    ValuesChanged,
    /// A column that held values is gone.
    ColumnDropped,
    /// A table that held rows is gone.
    TableDropped,
    /// There is no way back where the tool looks for one.
    DownMissing,
    /// The way back says nothing.
    DownEmpty,
    /// The way back fails on a database without a row.
    DownFails,
    /// The way back passes on an empty database and fails on one with rows.
    DownFailsOnRows,
    /// The schema after the way back is not the one before the step.
    DownDiffers,
    /// Rows or values that the step kept are gone after the way back.
    DownLosesRows,
    /// A row refers to one that is not there.
    ForeignKeyViolated,
    /// A key, a view or a trigger names what is not there.
    DanglingReference,
    /// `PRAGMA integrity_check` finds something.
    Integrity,
    /// A search table does not show what its content holds.
    FtsOutOfStep,
    /// The mark of an AUTOINCREMENT table is lower than before.
    SequenceSteppedBack,
    /// An index or a trigger vanished with the table that was rebuilt.
    ObjectLost,
    /// A pragma does nothing where it stands.
    PragmaWithoutEffect,
    /// A file ends the tool's transaction, or leaves one open.
    LeavesTransaction,
}

impl Class {
    /// All classes, in the order in which they are told.
    pub const ALL: [Class; 21] = [
        Class::StepFails,
        Class::StepFailsOnRows,
        Class::RowsLost,
        Class::RowsLostByCascade,
        Class::ValuesChanged,
        Class::ColumnDropped,
        Class::TableDropped,
        Class::DownMissing,
        Class::DownEmpty,
        Class::DownFails,
        Class::DownFailsOnRows,
        Class::DownDiffers,
        Class::DownLosesRows,
        Class::ForeignKeyViolated,
        Class::DanglingReference,
        Class::Integrity,
        Class::FtsOutOfStep,
        Class::SequenceSteppedBack,
        Class::ObjectLost,
        Class::PragmaWithoutEffect,
        Class::LeavesTransaction,
    ];

    /// The name, the same in every format.
    pub fn name(self) -> &'static str {
        match self {
            Class::StepFails => "step-fails",
            Class::StepFailsOnRows => "step-fails-on-rows",
            Class::RowsLost => "rows-lost",
            Class::RowsLostByCascade => "rows-lost-by-cascade",
            Class::ValuesChanged => "values-changed",
            Class::ColumnDropped => "column-dropped",
            Class::TableDropped => "table-dropped",
            Class::DownMissing => "down-missing",
            Class::DownEmpty => "down-empty",
            Class::DownFails => "down-fails",
            Class::DownFailsOnRows => "down-fails-on-rows",
            Class::DownDiffers => "down-differs",
            Class::DownLosesRows => "down-loses-rows",
            Class::ForeignKeyViolated => "foreign-key-violated",
            Class::DanglingReference => "dangling-reference",
            Class::Integrity => "integrity",
            Class::FtsOutOfStep => "fts-out-of-step",
            Class::SequenceSteppedBack => "sequence-stepped-back",
            Class::ObjectLost => "object-lost",
            Class::PragmaWithoutEffect => "pragma-without-effect",
            Class::LeavesTransaction => "leaves-transaction",
        }
    }
}

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

/// Which of its two scripts a step was running.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Direction {
    /// Forward.
    Up,
    /// The way back.
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
pub struct When {
    /// `on`, `off`, or `both` where it makes no difference.
    pub foreign_keys: &'static str,
    /// How the script ran.
    pub transaction: Transaction,
}

/// One thing that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What kind of harm it is.
    pub class: Class,
    /// How bad it is.
    pub severity: Severity,
    /// The step, as its folder names it.
    pub step: String,
    /// Which script.
    pub direction: Direction,
    /// The file, relative to the folder.
    pub file: String,
    /// The line in the file, from 1.
    pub line: usize,
    /// What it concerns: `table.column`, `table`, an index, a pragma. Empty for a step as a whole.
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
}

/// A finding in the making: of one step, under one mode.
#[derive(Clone, Debug)]
pub(super) struct Told {
    pub(super) class: Class,
    pub(super) severity: Severity,
    pub(super) step: usize,
    pub(super) direction: Direction,
    /// The line in the file; `None` for the first of the script.
    pub(super) line: Option<usize>,
    pub(super) object: String,
    pub(super) rows: usize,
    pub(super) shown: Vec<String>,
    pub(super) message: String,
    pub(super) mode: Mode,
}

impl Told {
    pub(super) fn new(
        class: Class,
        severity: Severity,
        (step, direction, mode): (usize, Direction, Mode),
        object: impl Into<String>,
        message: impl Into<String>,
    ) -> Told {
        Told {
            class,
            severity,
            step,
            direction,
            line: None,
            object: object.into(),
            rows: 0,
            shown: Vec::new(),
            message: message.into(),
            mode,
        }
    }

    pub(super) fn at(mut self, line: Option<usize>) -> Told {
        self.line = line.or(self.line);
        self
    }

    pub(super) fn rows(mut self, rows: usize, shown: Vec<String>) -> Told {
        self.rows = rows;
        self.shown = shown;
        self
    }

    /// What makes two findings the same one, seen twice.
    pub(super) fn key(&self) -> (usize, Direction, Class, String) {
        let object = schema::sql::fold(&self.object);
        (self.step, self.direction, self.class, object)
    }

    /// It takes unusual values to see it, so it is at most a warning, and says so.
    pub(super) fn hangs_on(mut self, what: &str) -> Told {
        self.severity = self.severity.min(Severity::Warning);
        self.message = format!("{}; {what}", self.message);
        self
    }
}
