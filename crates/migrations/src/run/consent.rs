//! Consent to the costs of a run: to declared losses before it, and to undeclared ones after it.

use schema::{ChangeKind, Comparison, Object, Rename, Schema};

use super::context::Run;
use crate::error::{self, Error};
use crate::file::FileState;
use crate::loss::{self, Census};
use crate::plan::Plan;
use crate::planned_step::PlannedStep;

impl Run<'_> {
    /// Refuses if rows would be lost without consent. The rows are counted for all steps at once,
    /// so that one error names everything.
    pub(super) fn require_consent(&self, steps: &[PlannedStep]) -> Result<(), Error> {
        if self.options.accept_loss || steps.iter().all(|step| step.losses.is_empty()) {
            return Ok(());
        }
        let schema = FileState::read(self.connection())?.schema;
        let losses: Vec<_> = steps.iter().flat_map(|step| step.losses.clone()).collect();
        match loss::at_risk(self.connection(), &schema, &losses)?.as_slice() {
            [] => Ok(()),
            risks => Err(error::consent_needed(risks)),
        }
    }

    /// Counts the content of the file before a step that only the file knows.
    pub(super) fn take_census(
        &self,
        plan: &Plan,
        schema: &Schema,
    ) -> Result<Option<Census>, Error> {
        if !self.has_unknown(plan) || self.options.accept_loss {
            return Ok(None);
        }
        Census::take(self.connection(), schema).map(Some)
    }

    /// Refuses if the run has lost more than its steps declare; consent to the declared losses was
    /// asked for before.
    pub(super) fn require_consent_afterwards(
        &self,
        plan: &Plan,
        before: &Census,
        schema: &Schema,
    ) -> Result<(), Error> {
        let after = Census::take(self.connection(), schema)?;
        let renames = renames(before.schema(), schema);
        let declared: Vec<_> = plan
            .steps
            .iter()
            .flat_map(|step| step.losses.clone())
            .collect();
        match before.missing_in(&after, &renames, &declared).as_slice() {
            [] => Ok(()),
            risks => Err(error::consent_needed_for_unknown(risks)),
        }
    }
}

/// The renames that the two schemas show.
fn renames(before: &Schema, after: &Schema) -> Vec<Rename> {
    let changes = Comparison::new(before, after).changes();
    let renames = changes
        .iter()
        .filter(|change| change.kind == ChangeKind::Rename);
    let named = renames.filter_map(|change| {
        let to = change.after.as_deref()?;
        let table = change.table.as_deref().unwrap_or(&change.name);
        match change.object {
            Object::Table => Some(Rename::table(&change.name, to)),
            Object::Column => {
                let column = change.name.strip_prefix(table)?.strip_prefix('.')?;
                Some(Rename::column(table, column, to))
            }
            _ => None,
        }
    });
    named.collect()
}
