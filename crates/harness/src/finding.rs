//! A violation of a law.

use std::fmt;

use observe::Difference;

/// One violation of a law.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Finding {
    /// The object with the problem: `note.label, id 7`, an index, a query, a file.
    pub object: String,
    /// The description of the problem.
    pub message: String,
    /// The file to edit, relative to the root.
    pub file: Option<String>,
    /// The recommended action.
    pub hint: Option<String>,
}

/// The result of a law.
#[derive(Clone, Debug, Default)]
pub struct Findings {
    /// The number of comparisons; a law that made none has proved nothing.
    pub checked: usize,
    /// The number of points that got a fault, and the number of all points.
    pub points: (u64, u64),
    /// The violations of the law.
    pub found: Vec<Finding>,
}

impl Findings {
    pub(crate) fn checked(&mut self) {
        self.checked += 1;
    }

    pub(crate) fn add(&mut self, finding: Finding) {
        self.found.push(finding);
    }
}

impl Finding {
    pub(crate) fn new(object: impl Into<String>, message: impl fmt::Display) -> Finding {
        Finding {
            object: object.into(),
            message: message.to_string(),
            file: None,
            hint: None,
        }
    }

    pub(crate) fn of(difference: &Difference) -> Finding {
        Finding::new(&difference.object, difference.message())
    }

    pub(crate) fn in_file(mut self, file: Option<String>) -> Finding {
        self.file = file;
        self
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Finding {
        self.hint = Some(hint.into());
        self
    }
}
