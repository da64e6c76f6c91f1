//! The verdict on a history: the findings, and how much was checked.

use crate::finding::{Direction, Finding, Severity};
use folders::{Down, Gap, Migration};

/// The verdict on a history: the findings, and how much was checked.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Verdict {
    /// The layout of the folder.
    pub layout: String,
    /// The folder, as it was named.
    pub root: String,
    /// Where it was read how the tool runs a file.
    pub source: &'static str,
    /// How many steps were checked.
    pub steps: usize,
    /// These steps, in order.
    pub judged: Vec<Judged>,
    /// How many runs with rows were made.
    pub journeys: usize,
    /// The tables that got no rows at some version, each with the reason in SQLite's words.
    pub unseeded: Vec<(String, String)>,
    /// The parts of the history that could not be run.
    pub gaps: Vec<Gap>,
    /// The objects that only the application registers, each with what is used instead.
    pub substitutes: Vec<Substitute>,
    /// The parts of these steps that were not tried.
    pub unjudged: Vec<Unjudged>,
    /// The parts of these steps that ran and that the generated rows did not test.
    pub untested: Vec<Untested>,
    /// Where the run ended before its end, where it did.
    pub stopped: Option<String>,
    /// The findings, in order of the steps, the worst of a step first.
    pub findings: Vec<Finding>,
}

/// A step that was checked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Judged {
    /// The step, as its folder names it.
    pub step: String,
    /// Its scripts and the file of each, relative to the folder. A down migration that is missing
    /// has the file of the way forward; a tool without down migrations has none.
    pub scripts: Vec<(Direction, String)>,
}

/// Something of a step that was not tried: SQL that is not run here, or more work than is done
/// here.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Unjudged {
    /// The step, as its folder names it.
    pub step: String,
    /// Why, with file and line where it is one statement.
    pub why: String,
}

/// A part of a step that ran and that the generated rows did not test: a statement that changed no
/// row, or a new rule that no row breaks.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Untested {
    /// The step, as its folder names it.
    pub step: String,
    /// The direction of the script.
    pub direction: Direction,
    /// The file, relative to the folder.
    pub file: String,
    /// The line in the file, from 1.
    pub line: usize,
    /// Why, as a clause.
    pub why: String,
}

/// An object that only the application registers, and what is used instead.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Substitute {
    /// The name of the object, folded.
    pub name: String,
    /// The file that names it first, relative to the folder; empty if none does.
    pub file: String,
    /// The line in this file.
    pub line: usize,
    /// Its kind, and the replacement that was used, as a clause.
    pub why: String,
}

impl Judged {
    pub(crate) fn new(step: &Migration) -> Judged {
        let up = step.up.as_ref().map(|script| &script.file);
        let down = match &step.down {
            Down::Missing => up,
            down => down.script().map(|script| &script.file),
        };
        let scripts = [(Direction::Up, up), (Direction::Down, down)];
        let scripts = scripts
            .into_iter()
            .filter_map(|(direction, file)| Some((direction, file?.clone())));
        Judged {
            step: step.name.clone(),
            scripts: scripts.collect(),
        }
    }
}

impl Verdict {
    /// A verdict with these findings about a folder in a layout. Nothing else is in it.
    pub fn new(
        layout: impl Into<String>,
        root: impl Into<String>,
        findings: Vec<Finding>,
    ) -> Verdict {
        Verdict {
            layout: layout.into(),
            root: root.into(),
            source: "",
            steps: 0,
            judged: Vec::new(),
            journeys: 0,
            unseeded: Vec::new(),
            gaps: Vec::new(),
            substitutes: Vec::new(),
            unjudged: Vec::new(),
            untested: Vec::new(),
            stopped: None,
            findings,
        }
    }

    /// The worst of the findings.
    pub fn worst(&self) -> Option<Severity> {
        self.findings.iter().map(|finding| finding.severity).max()
    }
}
