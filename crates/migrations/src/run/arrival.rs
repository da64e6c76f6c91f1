//! Whether the run has arrived where it was going.

use schema::Schema;

use super::context::Run;
use crate::error::{self, Error};
use crate::file::FileState;
use crate::plan::Plan;

impl Run<'_> {
    /// Compares what the run has made of the schema with what its target is, by this build and by
    /// what the ledger says of the file when it was there before. The next run would refuse a file
    /// that differs.
    pub(super) fn check_arrival(&self, plan: &Plan) -> Result<Schema, Error> {
        let state = FileState::read(self.connection())?;
        // A step whose function needs rows cannot be tried without any: then only the ledger tells.
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
