//! Steps that only the file knows: a newer build recorded them with their down migrations. That SQL
//! was not compared with anything, so its time is limited and its losses are counted, whatever it
//! declares.

use super::context::Run;
use crate::authorizer::watch::Author;
use crate::catalogue::Catalogue;
use crate::error::{self, Error};
use crate::lock_wait::WaitingConnection;
use crate::non_transactional;
use crate::options::Options;
use crate::plan::Plan;
use crate::planned_step::PlannedStep;
use crate::time_limit::TimeLimit;

impl Run<'_> {
    pub(super) fn has_unknown(&self, plan: &Plan) -> bool {
        let author = |step| Author::find(self.catalogue, step);
        plan.steps.iter().any(|step| author(step) == Author::File)
    }

    /// Limits the time of the run if it executes SQL that only the file knows.
    pub(super) fn limit_stored(&self, plan: &Plan) -> Result<(), Error> {
        if !self.has_unknown(plan) {
            return Ok(());
        }
        self.transaction.confined().look_up_functions()?;
        let limit = TimeLimit::start(self.connection(), self.options.stored_time_limit);
        *self.limit.borrow_mut() = Some(limit);
        Ok(())
    }

    /// Ends the limit, so that it cannot interrupt the ROLLBACK, and names it if it caused a
    /// failure.
    pub(super) fn end_limit<T>(&self, done: Result<T, Error>) -> Result<T, Error> {
        let over = self.limit.take().is_some_and(TimeLimit::end);
        done.map_err(|error| {
            if over {
                error::stored_too_long(self.options.stored_time_limit, error)
            } else {
                error
            }
        })
    }
}

/// Runs a step outside a transaction, with a time limit if only the file knows it.
pub(super) fn carry_out_alone(
    waiting: &mut WaitingConnection<'_>,
    catalogue: &Catalogue,
    options: &Options,
    step: &PlannedStep,
) -> Result<(), Error> {
    let author = Author::find(catalogue, step);
    let limit = (author == Author::File)
        .then(|| TimeLimit::start(waiting.connection, options.stored_time_limit));
    let done = non_transactional::carry_out(waiting, step, author);
    if limit.is_some_and(TimeLimit::end) {
        return done.map_err(|error| error::stored_too_long(options.stored_time_limit, error));
    }
    done
}
