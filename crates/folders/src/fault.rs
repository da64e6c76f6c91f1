//! Faults of a history as a whole: two steps of one number, a step that the tool skips, a folder
//! that it refuses. No statement shows them.

/// A fault of the history as a whole, which no statement shows.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Fault {
    /// The kind of the fault.
    pub kind: FaultKind,
    /// How certain the harm is.
    pub harm: Harm,
    /// The name of a step, or of the file, that the fault is about.
    pub name: String,
    /// The file or folder that shows it, relative to the root; empty if it is not in the folder.
    pub file: String,
    /// The other files or folders that it is about.
    pub related: Vec<String>,
    /// The revision that the folder was compared with, if the fault shows only there.
    pub since: Option<String>,
    /// The fault and what the tool does then, as a clause.
    pub why: String,
}

/// The kinds of faults.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum FaultKind {
    /// Two steps have the same version.
    DuplicateVersion,
    /// A step comes before one that is applied already.
    OutOfOrder,
    /// The tool refuses a file, and with it the folder.
    RefusedByTool,
    /// A step that was shipped has a different content.
    EditedAfterApply,
    /// A step that was shipped is not in the folder.
    MissingAppliedFile,
}

/// How certain the harm of a fault is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Harm {
    /// None with this tool.
    None,
    /// It depends on the databases, or on the application.
    Possible,
    /// The tool stops, or leaves out a step.
    Certain,
}

impl Fault {
    /// A fault about one file.
    pub fn new(
        kind: FaultKind,
        harm: Harm,
        file: impl Into<String>,
        why: impl Into<String>,
    ) -> Fault {
        let file = file.into();
        Fault {
            kind,
            harm,
            name: file.clone(),
            file,
            related: Vec::new(),
            since: None,
            why: why.into(),
        }
    }
}
