//! A script that passes on an empty database and fails on rows: whose fault that is.

use std::sync::Arc;

use rusqlite::ffi;
use schema::{ChangeKind, Comparison, Object, Schema};

use crate::finding::{Diagnostic, Direction, Rule, Severity};
use crate::runner::execute::Failure;
use crate::runner::step::StepRun;
use crate::script::statement::Effect;

impl StepRun<'_> {
    /// Whether it is a deletion that a key refuses, at once or at COMMIT: that hangs on rows which every
    /// application has.
    fn deletes(&self, failure: &Failure, direction: Direction) -> bool {
        let text = match direction {
            Direction::Up => self.step.up.as_ref(),
            Direction::Down => self.step.down.as_ref(),
        };
        let line = text.and_then(|text| text.statements.get(failure.place));
        failure.code == ffi::SQLITE_CONSTRAINT_FOREIGNKEY
            && line.is_none_or(|line| matches!(line.effect, Effect::Drop(_) | Effect::Delete(_)))
    }

    pub(crate) fn fails_on_rows(
        &self,
        failure: &Failure,
        direction: Direction,
        (before, after): (&Arc<Schema>, &Arc<Schema>),
    ) -> Diagnostic {
        let (rule, what) = match direction {
            Direction::Up => (Rule::StepFailsOnRows, "the step"),
            Direction::Down => (Rule::DownFailsOnRows, "the way back"),
        };
        let mut message = format!(
            "{what} passes on an empty database and fails on rows: {}",
            failure.words
        );
        let mut severity = Severity::Error;
        let new_rule = tightens(failure.code, before, after)
            // No column says that it holds JSON; an index that reads it as such is such a rule, too.
            || failure.words.contains("malformed JSON");
        if new_rule && !self.deletes(failure, direction) {
            severity = Severity::Warning;
            message += "; the schema before allows such rows, so it holds only if the application never wrote one";
        }
        self.told((rule, severity, direction), "", message)
            .at(Some(failure.line))
    }
}

/// Whether the failure is a rule that is new, which rows that were allowed before need not keep. That NULL is
/// refused is none of these: rows without NULL show whether that hangs on the rows.
fn tightens(code: i32, before: &Schema, after: &Schema) -> bool {
    let changes = Comparison::new(before, after).changes();
    let comes = |objects: &[Object]| {
        changes.iter().any(|change| {
            change.kind != ChangeKind::Drop
                && change.kind != ChangeKind::Rename
                && objects.contains(&change.object)
        })
    };
    match code {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY => {
            comes(&[Object::Unique, Object::PrimaryKey, Object::Index])
        }
        ffi::SQLITE_CONSTRAINT_CHECK => comes(&[Object::Check]),
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => comes(&[Object::ForeignKey]),
        _ => false,
    }
}
