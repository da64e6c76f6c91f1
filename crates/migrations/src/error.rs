//! The engine's errors: what went wrong, where, what is in the file now, and what to do.

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

/// Which remedy an error asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The file or its directory is not there.
    NotFound,
    /// The file is not a SQLite database.
    NotADatabase,
    /// The file is a database that is damaged.
    Damaged,
    /// The file was made by a newer build.
    Newer,
    /// The file belongs to another application, or has tables and no ledger.
    NotOurs,
    /// The file's schema is not what its version should be.
    Drifted,
    /// A step that was applied is not the step that the catalogue has, or the ledger has a gap.
    HistoryEdited,
    /// The file is at another version than the caller expected, or the target cannot be reached.
    WrongVersion,
    /// A step on the way back cannot be undone.
    Irreversible,
    /// Rows would be lost that nobody consented to lose, or could not be treated in strict mode.
    ConsentNeeded,
    /// A declared query of the application would stop working, and the notes say that it goes on.
    BreaksQuery,
    /// A step or something that it adds has no documentation.
    Undocumented,
    /// A rehearsal lost or changed rows that no notes declare.
    UndeclaredLoss,
    /// A statement or a function of a step failed.
    StepFailed,
    /// A step does what a step may not do.
    StepForbidden,
    /// The run made foreign key violations.
    ForeignKeysViolated,
    /// Somebody else has the file locked.
    Busy,
    /// Somebody who wrote to the file was killed, and what is left of it cannot be rolled back from
    /// here.
    Interrupted,
    /// The file or its directory cannot be written, or not be reached.
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

/// Where in a step an error happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Place {
    /// The step's version.
    pub version: Version,
    /// The script, such as `0002_note_label/up.sql`.
    pub file: String,
    /// Which statement of the script, from 1.
    pub statement: usize,
    /// The line in the script, from 1.
    pub line: usize,
    /// The column in that line, in characters from 1.
    pub column: usize,
    /// The text of that line.
    pub text: String,
}

/// An error of the engine: what happened, where, what to do, and what is in the file now.
///
/// `Debug` prints the whole [`Error::report`], because that is what a `main` which returns an error
/// shows.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    remedies: Vec<Remedy>,
    place: Option<Place>,
    outcome: Outcome,
    source: Option<BoxError>,
    /// What the file said before the COMMIT that failed, and the version it led to.
    unsure: Option<(FileStamp, Version)>,
}

impl Error {
    /// An error whose first line is `message`. Whatever the message names is escaped here and in
    /// the methods below, so that no constructor can forget to.
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

    /// The same about what is named so.
    fn named(mut self, name: &str) -> Error {
        let message = format!("{name}: {}", self.0.message);
        self.0.message = escape::line(&message).into_owned();
        self
    }

    /// One more line of the message.
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

    /// A COMMIT that failed, and may have happened.
    pub(crate) fn unsure(mut self, before: FileStamp, to: Version) -> Error {
        self.0.unsure = Some((before, to));
        self
    }

    /// The outcome after all, by what a new connection reads. Without a COMMIT that failed there is
    /// nothing that could have been committed.
    pub(crate) fn resolve(self, now: &FileStamp) -> Error {
        let outcome = match &self.0.unsure {
            None => Outcome::RolledBack,
            Some((before, to)) => now.outcome(before, *to),
        };
        self.with_outcome(outcome)
    }

    /// An error of a later step, when those before it are committed already.
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

    /// Which remedy it asks for.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The state of the file now.
    pub fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    /// Where in a step it happened, if it did in a step's script.
    pub fn place(&self) -> Option<&Place> {
        self.0.place.as_ref()
    }

    /// Remedies, in the order to try them.
    pub fn remedies(&self) -> &[Remedy] {
        &self.0.remedies
    }

    /// The whole text: message, place with a caret, causes, outcome and hints. The hints name this
    /// library's API.
    pub fn report(&self) -> String {
        self.report_with(Remedy::to_string)
    }

    /// The same with hints as `word` words them: a command names its own flags.
    pub fn report_with(&self, word: impl Fn(&Remedy) -> String) -> String {
        let mut text = format!("error: {}\n", self.0.message);
        if let Some(place) = &self.0.place {
            text.push_str(&excerpt(place));
        }
        let mut cause = std::error::Error::source(self);
        while let Some(source) = cause {
            // Beneath SQLite's words there is only the same again with a number.
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
                "what is in the file is not known: open it again to find out\n".to_owned()
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

/// The line of a script with a caret beneath the place.
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
