//! The SQL that is watched, and its author.

use crate::catalogue::Catalogue;
use crate::planned_step::PlannedStep;

/// The author of the SQL that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Author {
    /// The application: its catalogue has the step.
    Application,
    /// Whoever wrote the file: only its ledger has the step.
    File,
}

impl Author {
    pub(crate) fn find(catalogue: &Catalogue, step: &PlannedStep) -> Author {
        match catalogue.step(step.version) {
            // What the ledger stores of it was compared with what the catalogue has.
            Some(_) => Author::Application,
            None => Author::File,
        }
    }
}

/// The SQL that is watched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Watch {
    /// The engine itself, which may do everything.
    #[default]
    Nobody,
    /// A step.
    Step(Author),
    /// A preflight, which may not write either.
    Survey,
    /// A step outside a transaction: its statements are known to be harmless, what they call is
    /// not. VACUUM attaches a file of its own and writes every table, and each statement commits by
    /// itself.
    NonTransactional(Author),
}
