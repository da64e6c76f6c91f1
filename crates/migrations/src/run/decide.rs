//! Decides from the state of the file what the transaction does.

use schema::Schema;

use super::context::Run;
use super::task::Task;
use crate::Version;
use crate::error::{self, Error};
use crate::file::FileState;
use crate::file_stamp::FileStamp;
use crate::ledger;
use crate::plan::{Plan, plan};
use crate::red_flag;

/// The decision, made inside the transaction.
pub(super) struct Decision {
    pub(super) plan: Plan,
    pub(super) adopted: bool,
    pub(super) before: FileStamp,
    /// The file's schema before the first step.
    pub(super) schema: Schema,
}

impl Run<'_> {
    /// Reads the file inside the transaction and plans; adopts the file first if the task asks for
    /// it.
    pub(super) fn decide(&self, task: Task) -> Result<Decision, Error> {
        let mut state = FileState::read(self.connection())?;
        let before = state.stamp();
        let (target, expected) = match task {
            Task::Upgrade { target, expected } => (target, expected),
            Task::Rollback { target } | Task::Build { target } => (target, None),
        };
        let mut adopted = false;
        if let Some(expected) = expected {
            if expected > self.catalogue.current_version() {
                return Err(error::target_unknown(
                    expected,
                    self.catalogue.current_version(),
                ));
            }
            if state.ledger.is_none() && expected > 0 {
                self.adopt(&state, expected)?;
                state = FileState::read(self.connection())?;
                adopted = true;
            }
            let version = state.version(self.catalogue)?;
            if version != expected {
                return Err(error::unexpected_version(version, expected));
            }
        }
        self.check_way(task, &state)?;
        let plan = plan(self.catalogue, &state, target)?;
        if !matches!(task, Task::Build { .. }) {
            red_flag::look(self.catalogue, &plan, self.options)?;
        }
        if !plan.steps.is_empty() && (1..=self.catalogue.current_version()).contains(&plan.from) {
            let drift = schema::diff(&self.catalogue.schema_at(plan.from)?, &state.schema);
            if !drift.is_empty() {
                return Err(error::drifted(plan.from, &drift));
            }
        }
        // An empty schema, or that of the catalogue, is the application's own. The schema of a
        // newer file is not verified.
        if plan.from <= self.catalogue.current_version() {
            self.transaction.confined().trust_schema()?;
        }
        Ok(Decision {
            plan,
            adopted,
            before,
            schema: state.schema,
        })
    }

    /// Refuses a task in the wrong direction, before the plan finds a problem on that way.
    fn check_way(&self, task: Task, state: &FileState) -> Result<(), Error> {
        let from = state.version(self.catalogue)?;
        let current = self.catalogue.current_version();
        match task {
            Task::Upgrade { .. } if from > current => {
                Err(error::newer(from, current, state.can_go_back_to(current)))
            }
            Task::Upgrade { target, .. } if target < from => {
                Err(error::upgrade_goes_back(from, target))
            }
            Task::Rollback { target } if target > from && target <= current => {
                Err(error::rollback_goes_up(from, target))
            }
            _ => Ok(()),
        }
    }

    fn adopt(&self, state: &FileState, version: Version) -> Result<(), Error> {
        let ours = self.catalogue.application_id();
        if state.application_id != 0 && ours != 0 && state.application_id != ours {
            return Err(error::not_ours(state.application_id, ours));
        }
        let claimed = i64::from(state.user_version);
        if claimed != 0 && claimed != i64::from(version) {
            return Err(error::unexpected_version_claim(state.user_version, version));
        }
        let differences = schema::diff(&self.catalogue.schema_at(version)?, &state.schema);
        if !differences.is_empty() {
            return Err(error::cannot_adopt(version, &differences));
        }
        ledger::create(self.connection())?;
        for step in self
            .catalogue
            .steps()
            .iter()
            .filter(|step| step.version() <= version)
        {
            ledger::record(self.connection(), self.catalogue, step, true)?;
        }
        self.stamp(version)
    }
}
