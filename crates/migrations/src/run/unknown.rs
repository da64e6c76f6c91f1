//! Steps that only the file knows: a newer build recorded them together with their ways back. Nobody has compared that SQL
//! with anything, so its time is limited, and what it costs is counted, whatever it declares.

use rusqlite::Connection;
use schema::{ChangeKind, Comparison, Object, Rename, Schema};

use super::Run;
use crate::catalogue::Catalogue;
use crate::error::{self, Error};
use crate::guard::Author;
use crate::lock_wait::LockWait;
use crate::loss::Census;
use crate::options::Options;
use crate::outside;
use crate::plan::{Move, Plan};
use crate::time_limit::TimeLimit;

impl Run<'_> {
    fn has_unknown(&self, plan: &Plan) -> bool {
        let author = |step| Author::of(self.catalogue, step);
        plan.moves.iter().any(|step| author(step) == Author::File)
    }

    /// Limits the time of the run if the file brings SQL of its own.
    pub(super) fn limit_stored(&self, plan: &Plan) -> Result<(), Error> {
        if !self.has_unknown(plan) {
            return Ok(());
        }
        self.guard.look_up_functions()?;
        let limit = TimeLimit::start(self.connection, self.options.stored_time_limit);
        *self.limit.borrow_mut() = Some(limit);
        Ok(())
    }

    /// Ends the limit, so that it cannot interrupt the ROLLBACK, and names it where it was the reason of a failure.
    pub(super) fn end_limit<T>(&self, done: Result<T, Error>) -> Result<T, Error> {
        let over = self.limit.take().is_some_and(TimeLimit::end);
        done.map_err(|error| match over {
            true => error::stored_too_long(self.options.stored_time_limit, error),
            false => error,
        })
    }

    /// Counts what is in the file before it is carried out, where only the file says what that costs.
    pub(super) fn take_census(
        &self,
        plan: &Plan,
        schema: &Schema,
    ) -> Result<Option<Census>, Error> {
        match self.has_unknown(plan) && !self.options.accept_loss {
            true => Census::take(self.connection, schema).map(Some),
            false => Ok(None),
        }
    }

    /// Refuses where the run has cost more than its steps declare: for what they declare, consent was asked before.
    pub(super) fn ask_consent_afterwards(
        &self,
        plan: &Plan,
        before: &Census,
        schema: &Schema,
    ) -> Result<(), Error> {
        let after = Census::take(self.connection, schema)?;
        let renames = renames(before.schema(), schema);
        let declared: Vec<_> = plan
            .moves
            .iter()
            .flat_map(|step| step.losses.clone())
            .collect();
        match before.missing_in(&after, &renames, &declared).as_slice() {
            [] => Ok(()),
            risks => Err(error::consent_needed_for_unknown(risks)),
        }
    }
}

/// Runs a step outside a transaction, in limited time where only the file knows it.
pub(super) fn carry_out_alone(
    wait: &LockWait<'_>,
    connection: &Connection,
    catalogue: &Catalogue,
    options: &Options,
    step: &Move,
) -> Result<(), Error> {
    let author = Author::of(catalogue, step);
    let limit =
        (author == Author::File).then(|| TimeLimit::start(connection, options.stored_time_limit));
    let done = outside::carry_out(connection, wait, step, author);
    match limit.is_some_and(TimeLimit::end) {
        true => done.map_err(|error| error::stored_too_long(options.stored_time_limit, error)),
        false => done,
    }
}

/// What goes on under another name, as far as the schemas show it.
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
