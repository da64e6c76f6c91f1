//! The watched SQL and its author.

use crate::catalogue::Catalogue;
use crate::planned_step::PlannedStep;

/// The author of the SQL that runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Author {
    /// The application: the step is in its catalogue.
    Application,
    /// The program that wrote the file: the step is only in the ledger.
    File,
}

impl Author {
    pub(crate) fn find(catalogue: &Catalogue, step: &PlannedStep) -> Author {
        match catalogue.step(step.version) {
            // The ledger's copy of the step was compared with the catalogue's.
            Some(_) => Author::Application,
            None => Author::File,
        }
    }
}

/// The watched SQL.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Watch {
    /// The engine itself, which may do everything.
    #[default]
    Nobody,
    /// A step.
    Step(Author),
    /// A preflight, which may not write either.
    Survey,
    /// A step outside a transaction. Its statements are known to be harmless; the functions and
    /// triggers that they call are not. VACUUM attaches a file of its own and writes every table,
    /// and each statement commits by itself.
    NonTransactional(Author),
}
