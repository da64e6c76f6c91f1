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
    /// An upgrade of an empty database in memory, to build the schema of a version. A released step
    /// may have a foreign key that cannot be checked.
    Build {
        target: Version,
    },
}

impl Task {
    /// The version of the file after the task.
    pub(super) fn target(self) -> Version {
        match self {
            Task::Upgrade { target, .. } | Task::Rollback { target } | Task::Build { target } => {
                target
            }
        }
    }

    /// The rest of the task after its first transaction: the file is no longer at the expected
    /// version.
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
