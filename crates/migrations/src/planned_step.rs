//! One step of a plan.

use crate::Version;
use crate::notes::Declaration;

/// The direction of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Towards newer versions.
    Up,
    /// Back to older versions.
    Down,
}

/// One step of a plan.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct PlannedStep {
    /// The version of the step: its target going up, its origin going down.
    pub version: Version,
    /// The folder of the step, or its number and recorded name if the catalogue does not know it.
    pub folder: String,
    /// Up or down.
    pub direction: Direction,
    /// The script that is run.
    pub sql: String,
    /// The declared losses of the script.
    pub losses: Vec<Declaration>,
    /// Whether it runs alone, outside a transaction.
    pub non_transactional: bool,
}

impl PlannedStep {
    /// The script's name for messages, such as `0002_note_label/up.sql`.
    pub fn file(&self) -> String {
        match self.direction {
            Direction::Up => format!("{}/up.sql", self.folder),
            Direction::Down => format!("{}/down.sql", self.folder),
        }
    }
}
