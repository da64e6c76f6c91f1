//! Checks that the run has reached its target.

use schema::Schema;

use super::context::Run;
use crate::error::{self, Error};
use crate::file::FileState;
use crate::plan::Plan;

impl Run<'_> {
    /// Compares the schema after the run with that of its target, by this build and by the
    /// fingerprint that the ledger recorded at that version. The next run would refuse a file that
    /// differs.
    pub(super) fn check_arrival(&self, plan: &Plan) -> Result<Schema, Error> {
        let state = FileState::read(self.connection())?;
        // A step whose function needs rows cannot run on an empty database: only the ledger has a
        // record then.
        if let Ok(target) = self.catalogue.schema_at(plan.to) {
            let unlike = schema::diff(&target, &state.schema);
            if !unlike.is_empty() {
                return Err(error::arrived_elsewhere(plan.to, plan.direction(), &unlike));
            }
        }
        let entries = state.ledger.as_deref().unwrap_or_default();
        let there = entries.iter().find(|entry| entry.version == plan.to);
        if there.is_some_and(|entry| entry.denies(&state.schema)) {
            return Err(error::arrived_elsewhere(plan.to, plan.direction(), &[]));
        }
        Ok(state.schema)
    }
}
