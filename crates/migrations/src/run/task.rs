//! The task of a run.

use crate::Version;

/// The task of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Task {
    Upgrade {
        target: Version,
        expected: Option<Version>,
    },
    Rollback {
        target: Version,
    },
    /// An upgrade of an empty database in memory, to see what a version looks like. What shipped
    /// with a foreign key that cannot be checked did ship.
    Build {
        target: Version,
    },
}

impl Task {
    /// The version that the file will have.
    pub(super) fn target(self) -> Version {
        match self {
            Task::Upgrade { target, .. } | Task::Rollback { target } | Task::Build { target } => {
                target
            }
        }
    }

    /// What is left of it after its first transaction: where the file was expected to be, it is no
    /// longer.
    pub(super) fn without_expected_version(self) -> Task {
        match self {
            Task::Upgrade { target, .. } => Task::Upgrade {
                target,
                expected: None,
            },
            Task::Rollback { .. } | Task::Build { .. } => self,
        }
    }
}
