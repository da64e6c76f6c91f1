//! The engine's errors: what happened, where, the state of the file, and the remedies.

mod backups;
mod catalogue;
mod history;
mod locks;
mod paths;
mod red_flags;
mod sqlite_code;
mod steps;
mod versions;
mod words;

use std::fmt;

use schema::escape;

use crate::Version;
use crate::file_stamp::FileStamp;
use crate::outcome::Outcome;
use crate::remedy::Remedy;
use words::words;

pub(crate) use backups::*;
pub(crate) use catalogue::*;
pub(crate) use history::*;
pub(crate) use locks::*;
pub(crate) use paths::*;
pub(crate) use red_flags::*;
pub(crate) use sqlite_code::*;
pub(crate) use steps::*;
pub(crate) use versions::*;

/// Any error that a function of a step may return.
pub type BoxError = Box<dyn std::error::Error + Send + Sync>;

/// The class of an error, by its remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The file or its directory does not exist.
    NotFound,
    /// The file is not a SQLite database.
    NotADatabase,
    /// The file is a damaged database.
    Damaged,
    /// A newer build made the file.
    Newer,
    /// The file belongs to another application, or has tables and no ledger.
    NotOurs,
    /// The schema of the file differs from that of its version.
    Drifted,
    /// An applied step differs from the catalogue's, or the ledger has a gap.
    HistoryEdited,
    /// The file is not at the version that the caller expected, or the target cannot be reached.
    WrongVersion,
    /// A step has no down migration.
    Irreversible,
    /// Rows would be lost without consent, or a strict run cannot convert rows.
    ConsentNeeded,
    /// A declared query would stop working although the notes claim support for it.
    BreaksQuery,
    /// A step or an object that it adds has no documentation.
    Undocumented,
    /// A rehearsal lost or changed rows without a declaration in the notes.
    UndeclaredLoss,
    /// A statement or a function of a step failed.
    StepFailed,
    /// A step uses something that steps may not use.
    StepForbidden,
    /// The run caused foreign key violations.
    ForeignKeysViolated,
    /// Another process has the file locked.
    Busy,
    /// A process that wrote to the file was killed, and this process cannot roll back its journal.
    Interrupted,
    /// The file or its directory cannot be written or accessed.
    ReadOnly,
    /// The file was moved, replaced or removed while it was open; open it again.
    Moved,
    /// No space is left for the file or its journal.
    DiskFull,
    /// The catalogue or one of its folders is malformed.
    BadCatalogue,
    /// The operation does not apply to this database, such as a backup of an in-memory database.
    Unsuitable,
    /// SQLite failed in a way that has no kind of its own.
    Sqlite,
}

/// The place of an error in a step.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// The step's version.
    pub version: Version,
    /// The name of the script, such as `0002_note_label/up.sql`.
    pub file: String,
    /// The number of the statement in the script, from 1.
    pub statement: usize,
    /// The line in the script, from 1.
    pub line: usize,
    /// The column in that line, in characters from 1.
    pub column: usize,
    /// The text of that line.
    pub text: String,
}

/// An error of the engine: what happened, where, the remedies, and the state of the file.
///
/// `Debug` prints the whole [`Error::report`], because a `main` that returns an error prints with
/// it.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    remedies: Vec<Remedy>,
    place: Option<Place>,
    outcome: Outcome,
    source: Option<BoxError>,
    /// The state of the file before the COMMIT that failed, and the target version.
    unsure: Option<(FileStamp, Version)>,
}

impl Error {
    /// Creates an error whose first line is `message`. This and the methods below escape names in
    /// messages, so that no constructor can forget to.
    fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error(Box::new(Inner {
            kind,
            message: escape::line(&message.into()).into_owned(),
            remedies: Vec::new(),
            place: None,
            outcome: Outcome::Untouched,
            source: None,
            unsure: None,
        }))
    }

    /// Prefixes the message with the name of the object.
    fn named(mut self, name: &str) -> Error {
        let message = format!("{name}: {}", self.0.message);
        self.0.message = escape::line(&message).into_owned();
        self
    }

    /// Adds a line to the message.
    fn detail(mut self, line: impl fmt::Display) -> Error {
        let line = line.to_string();
        self.0.message.push_str("\n  ");
        self.0.message.push_str(&escape::line(&line));
        self
    }

    fn details(self, lines: impl IntoIterator<Item = impl fmt::Display>) -> Error {
        lines.into_iter().fold(self, Error::detail)
    }

    fn hint(self, advice: impl Into<String>) -> Error {
        let advice = escape::line(&advice.into()).into_owned();
        self.remedy(Remedy::Advice(advice))
    }

    fn remedy(mut self, remedy: Remedy) -> Error {
        self.0.remedies.push(remedy);
        self
    }

    fn with_remedies_from(mut self, other: Error) -> Error {
        self.0.remedies.extend(other.0.remedies);
        self
    }

    fn caused_by(mut self, source: impl Into<BoxError>) -> Error {
        self.0.source = Some(source.into());
        self
    }

    fn with_place(mut self, place: Place) -> Error {
        self.0.place = Some(place);
        self
    }

    /// Marks the error of a COMMIT that failed but may have taken effect.
    pub(crate) fn unsure(mut self, before: FileStamp, to: Version) -> Error {
        self.0.unsure = Some((before, to));
        self
    }

    /// Resolves the outcome by what a new connection reads. Without a failed COMMIT, nothing can
    /// have been committed.
    pub(crate) fn resolve(self, now: &FileStamp) -> Error {
        let outcome = match &self.0.unsure {
            None => Outcome::RolledBack,
            Some((before, to)) => now.outcome(before, *to),
        };
        self.with_outcome(outcome)
    }

    /// Marks the error of a later step, after earlier steps were committed.
    pub(crate) fn after_steps_to(self, version: Version) -> Error {
        match self.outcome() {
            Outcome::Untouched | Outcome::RolledBack => {
                self.with_outcome(Outcome::CommittedTo(version))
            }
            _ => self,
        }
    }

    pub(crate) fn with_outcome(mut self, outcome: Outcome) -> Error {
        self.0.outcome = outcome;
        self
    }

    /// The class of the error.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The state of the file now.
    pub fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    /// The place in a step's script, if the error happened in one.
    pub fn place(&self) -> Option<&Place> {
        self.0.place.as_ref()
    }

    /// The remedies, in the order in which to try them.
    pub fn remedies(&self) -> &[Remedy] {
        &self.0.remedies
    }

    /// The whole text: message, place with a caret, causes, outcome and hints. The hints name this
    /// library's API.
    pub fn report(&self) -> String {
        self.report_with(Remedy::to_string)
    }

    /// The whole text, with hints worded by `word`: a command names its own flags.
    pub fn report_with(&self, word: impl Fn(&Remedy) -> String) -> String {
        let mut text = format!("error: {}\n", self.0.message);
        if let Some(place) = &self.0.place {
            text.push_str(&excerpt(place));
        }
        let mut cause = std::error::Error::source(self);
        while let Some(source) = cause {
            // The causes of SQLite's error only repeat its message with a number.
            let sqlite = source.downcast_ref::<rusqlite::Error>();
            match sqlite {
                Some(sqlite) => because(&mut text, &words(sqlite)),
                None => because(&mut text, &source.to_string()),
            }
            cause = source.source().filter(|_| sqlite.is_none());
        }
        let no_file = matches!(
            self.0.kind,
            ErrorKind::BadCatalogue | ErrorKind::NotFound | ErrorKind::Unsuitable
        );
        text.push_str(&match self.0.outcome {
            Outcome::Untouched if no_file => String::new(),
            Outcome::Untouched | Outcome::RolledBack => "the file is as it was\n".to_owned(),
            Outcome::Committed => {
                "the run was committed: the file is at its new version\n".to_owned()
            }
            Outcome::CommittedTo(version) => {
                format!("the steps before it are committed: the file is at version {version}\n")
            }
            Outcome::Unknown => {
                "the state of the file is not known: open it again to find out\n".to_owned()
            }
        });
        for remedy in &self.0.remedies {
            text.push_str(&format!("hint: {}\n", word(remedy)));
        }
        text
    }
}

fn because(text: &mut String, cause: &str) {
    text.push_str(&format!("  because: {}\n", escape::line(cause)));
}

/// The line of a script with a caret below the place.
fn excerpt(place: &Place) -> String {
    let Place { line, column, .. } = place;
    let before = place.text.chars().take(column.saturating_sub(1));
    let before = escape::lines(&before.collect::<String>());
    let indent = " ".repeat(before.chars().count());
    let shown = escape::lines(&place.text);
    let (file, statement) = (escape::line(&place.file), place.statement);
    let blank = " ".repeat(line.to_string().len());
    format!(
        "  --> {file}:{line}:{column}, statement {statement}\n{blank} |\n{line} | {shown}\n\
         {blank} | {indent}^\n"
    )
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.report().trim_start_matches("error: ").trim_end())
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if let Some(place) = &self.0.place {
            let file = escape::line(&place.file);
            write!(f, " ({file}:{}:{})", place.line, place.column)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}
