//! The engine's errors. All are made here, so that they speak with one voice.

use std::any::Any;
use std::fmt;
use std::path::Path;

use rusqlite::ErrorCode;
use schema::Change;
use schema::sql::Statement;

use crate::Version;
use crate::backup::Unsound;
use crate::foreign_keys::Violation;
use crate::guard::Refusal;
use crate::loss::AtRisk;
use crate::plan::Move;
use crate::report::Remark;
pub(crate) use crate::step::BoxError;
use crate::transaction::Mark;

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
    /// The file or its directory cannot be written.
    ReadOnly,
    /// No space is left for the file or its journal.
    DiskFull,
    /// The catalogue or one of its folders is malformed.
    BadCatalogue,
    /// SQLite failed in a way that has no kind of its own.
    Sqlite,
}

/// What is in the file after an error, found by looking again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nothing was begun.
    Untouched,
    /// The run was rolled back: the file is as it was.
    RolledBack,
    /// The run was committed, although an error came back.
    Committed,
    /// The steps up to this version were committed, each by itself; the one that failed was rolled back.
    CommittedTo(Version),
    /// The file could not be looked at; open it again to find out.
    Unknown,
}

/// Where in a step an error happened.
#[derive(Clone, Debug, PartialEq, Eq)]
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
/// `Debug` prints the whole [`Error::report`], because that is what a `main` which returns an error shows.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    hints: Vec<String>,
    place: Option<Place>,
    outcome: Outcome,
    source: Option<BoxError>,
    /// What the file said before the COMMIT that failed, and the version it led to.
    unsure: Option<(Mark, Version)>,
}

impl Error {
    fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        Error(Box::new(Inner {
            kind,
            message: message.into(),
            hints: Vec::new(),
            place: None,
            outcome: Outcome::Untouched,
            source: None,
            unsure: None,
        }))
    }

    fn hint(mut self, hint: impl Into<String>) -> Error {
        self.0.hints.push(hint.into());
        self
    }

    fn hints_of(mut self, other: Error) -> Error {
        self.0.hints.extend(other.0.hints);
        self
    }

    fn caused_by(mut self, source: impl Into<BoxError>) -> Error {
        self.0.source = Some(source.into());
        self
    }

    fn at(mut self, place: Place) -> Error {
        self.0.place = Some(place);
        self
    }

    /// A COMMIT that failed, and may have happened.
    pub(crate) fn unsure(mut self, before: Mark, to: Version) -> Error {
        self.0.unsure = Some((before, to));
        self
    }

    /// The outcome after all, by what a new connection reads. Without a COMMIT that failed there is
    /// nothing that could have been committed.
    pub(crate) fn resolve(self, now: &Mark) -> Error {
        let outcome = match &self.0.unsure {
            None => Outcome::RolledBack,
            Some((before, to)) => now.outcome(before, *to),
        };
        self.with_outcome(outcome)
    }

    /// Whether the run was rolled back for a reason that casts no doubt on the file.
    pub(crate) fn makes_backup_needless(&self) -> bool {
        self.outcome() == Outcome::RolledBack
            && matches!(
                self.kind(),
                ErrorKind::StepFailed
                    | ErrorKind::StepForbidden
                    | ErrorKind::ForeignKeysViolated
                    | ErrorKind::ConsentNeeded
                    | ErrorKind::Busy
            )
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

    /// What is in the file now.
    pub fn outcome(&self) -> Outcome {
        self.0.outcome
    }

    /// Where in a step it happened, if it did in a step's script.
    pub fn place(&self) -> Option<&Place> {
        self.0.place.as_ref()
    }

    /// What to do next, one sentence each.
    pub fn hints(&self) -> &[String] {
        &self.0.hints
    }

    /// The whole text: message, place with a caret, causes, outcome and hints.
    pub fn report(&self) -> String {
        let mut text = format!("error: {}\n", self.0.message);
        if let Some(place) = &self.0.place {
            let number = place.line.to_string();
            let blank = " ".repeat(number.len());
            let before: String = place
                .text
                .chars()
                .take(place.column.saturating_sub(1))
                .collect();
            let indent: String = before
                .chars()
                .map(|c| if c == '\t' { '\t' } else { ' ' })
                .collect();
            text.push_str(&format!(
                "  --> {}:{}:{}, statement {}\n{blank} |\n{number} | {}\n{blank} | {indent}^\n",
                place.file, place.line, place.column, place.statement, place.text
            ));
        }
        let mut cause = std::error::Error::source(self);
        while let Some(source) = cause {
            // Beneath SQLite's words there is only the same again with a number.
            let sqlite = source.downcast_ref::<rusqlite::Error>();
            match sqlite {
                Some(sqlite) => text.push_str(&format!("  because: {}\n", words(sqlite))),
                None => text.push_str(&format!("  because: {source}\n")),
            }
            cause = source.source().filter(|_| sqlite.is_none());
        }
        let no_file = matches!(self.0.kind, ErrorKind::BadCatalogue | ErrorKind::NotFound);
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
        for hint in &self.0.hints {
            text.push_str(&format!("hint: {hint}\n"));
        }
        text
    }
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
            write!(f, " ({}:{}:{})", place.file, place.line, place.column)?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.source.as_deref().map(|source| source as _)
    }
}

/// SQLite's own failure, with the kind and hint that its code asks for.
pub(crate) fn sqlite(source: impl Into<BoxError>) -> Error {
    let source = source.into();
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(&*source);
    while let Some(one) = cause {
        if let Some(known) = one.downcast_ref::<rusqlite::Error>() {
            return by_code(known, NO_WORK).caused_by(source);
        }
        cause = one.source();
    }
    Error::new(ErrorKind::Sqlite, NO_WORK).caused_by(source)
}

const NO_WORK: &str = "SQLite could not do its work";

/// What SQLite says, without the statement.
fn words(source: &rusqlite::Error) -> String {
    match source {
        rusqlite::Error::SqlInputError { msg, .. } => msg.clone(),
        other => other.to_string(),
    }
}

fn by_code(source: &rusqlite::Error, otherwise: &str) -> Error {
    match source.sqlite_error_code() {
        Some(ErrorCode::NotADatabase) => {
            Error::new(ErrorKind::NotADatabase, "the file is not a SQLite database")
                .hint("check the path; an encrypted or truncated file looks like this, too")
        }
        Some(ErrorCode::DatabaseCorrupt)
            if words(source).starts_with("malformed database schema") =>
        {
            Error::new(ErrorKind::Damaged, "the file's schema cannot be read")
                .hint("it may be written for a newer SQLite than this program has; update the program")
                .hint("if it is not, copy the file away, then see https://sqlite.org/recovery.html")
        }
        Some(ErrorCode::DatabaseCorrupt) => Error::new(ErrorKind::Damaged, "the file is damaged")
            .hint("copy it away first, then see https://sqlite.org/recovery.html"),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => {
            Error::new(ErrorKind::Busy, "another process has the file locked")
                .hint("close the other program or wait for it, then try again")
        }
        Some(ErrorCode::ReadOnly) => Error::new(ErrorKind::ReadOnly, "the file cannot be written")
            .hint("check the permissions of the file and of its directory"),
        Some(ErrorCode::DiskFull) => Error::new(ErrorKind::DiskFull, "the disk is full")
            .hint("a run needs about the size of the file once more; make room, then try again"),
        Some(ErrorCode::OperationInterrupted) => {
            Error::new(ErrorKind::Sqlite, "the work was interrupted").hint("try again")
        }
        Some(ErrorCode::SystemIoFailure) => Error::new(ErrorKind::Sqlite, otherwise)
            .hint("check the disk and its connection, then try again"),
        _ => Error::new(ErrorKind::Sqlite, otherwise),
    }
}

/// Whether the file or the machine is to blame for a failure, whatever the statement was.
fn not_the_statement(source: &rusqlite::Error) -> bool {
    matches!(
        source.sqlite_error_code(),
        Some(
            ErrorCode::NotADatabase
                | ErrorCode::DatabaseCorrupt
                | ErrorCode::DatabaseBusy
                | ErrorCode::ReadOnly
                | ErrorCode::DiskFull
                | ErrorCode::OperationInterrupted
                | ErrorCode::SystemIoFailure
                | ErrorCode::OutOfMemory
        )
    )
}

pub(crate) fn cannot_open(path: &Path, source: rusqlite::Error) -> Error {
    let mut error = match source.sqlite_error_code() {
        Some(ErrorCode::CannotOpen) => Error::new(
            ErrorKind::ReadOnly,
            format!("cannot open `{}`", path.display()),
        )
        .hint("check the permissions of the file and of its directory"),
        _ => by_code(&source, &format!("cannot open `{}`", path.display())),
    };
    let shown = format!("`{}`", path.display());
    if !error.0.message.contains(&shown) {
        error.0.message = format!("{shown}: {}", error.0.message);
    }
    error.caused_by(source)
}

pub(crate) fn file_missing(path: &Path) -> Error {
    Error::new(
        ErrorKind::NotFound,
        format!("`{}` does not exist", path.display()),
    )
    .hint("check the path, or make a new database with `init`")
}

pub(crate) fn directory_missing(directory: &Path) -> Error {
    Error::new(
        ErrorKind::NotFound,
        format!("the directory `{}` does not exist", directory.display()),
    )
    .hint("check the path, or make the directory first")
}

pub(crate) fn is_directory(path: &Path) -> Error {
    Error::new(
        ErrorKind::NotADatabase,
        format!("`{}` is a directory", path.display()),
    )
    .hint("give the path of the database file")
}

pub(crate) fn cannot_begin(source: rusqlite::Error) -> Error {
    by_code(&source, "could not begin the run").caused_by(source)
}

pub(crate) fn cannot_commit(source: rusqlite::Error) -> Error {
    by_code(&source, "could not commit the run").caused_by(source)
}

pub(crate) fn backups_unreadable(file: &Path, source: std::io::Error) -> Error {
    Error::new(
        ErrorKind::ReadOnly,
        format!(
            "the backups beside `{}` cannot be looked at",
            file.display()
        ),
    )
    .hint("check the permissions of the file's directory")
    .caused_by(source)
}

pub(crate) fn backup_of_memory() -> Error {
    Error::new(
        ErrorKind::NotFound,
        "a database in memory has no file to back up",
    )
    .hint("copy it with `VACUUM INTO`")
}

pub(crate) fn backup_failed(file: &Path, source: BoxError) -> Error {
    if source.is::<Unsound>() {
        return Error::new(
            ErrorKind::Damaged,
            format!("`{}` is damaged: a copy of it does not pass `quick_check`", file.display()),
        )
        .hint("copy the file away, then restore a backup of before, or see https://sqlite.org/recovery.html")
        .caused_by(source);
    }
    let code = source.downcast_ref::<rusqlite::Error>();
    let kind = code.map_or(ErrorKind::ReadOnly, |source| by_code(source, "").kind());
    Error::new(
        kind,
        format!("no backup of `{}` could be made", file.display()),
    )
    .hint(
        "make room and check the permissions of its directory, or go on without a backup: \
               `--no-backup`",
    )
    .caused_by(source)
}

pub(crate) fn no_space_for_backup(file: &Path, needed: u64, free: u64) -> Error {
    Error::new(
        ErrorKind::DiskFull,
        format!(
            "a backup of `{}` needs {} and {} are free",
            file.display(),
            megabytes(needed),
            megabytes(free)
        ),
    )
    .hint("make room, or go on without a backup: `--no-backup`")
}

fn megabytes(bytes: u64) -> String {
    format!("{}.{} MB", bytes / 1_000_000, bytes / 100_000 % 10)
}

pub(crate) fn backup_missing(backup: &Path) -> Error {
    Error::new(
        ErrorKind::NotFound,
        format!("there is no backup `{}`", backup.display()),
    )
    .hint("backups are named after their file and version, such as `notes.db.v1.backup`")
}

pub(crate) fn backup_unusable(backup: &Path, why: String) -> Error {
    Error::new(
        ErrorKind::Damaged,
        format!("`{}` cannot be restored: {why}", backup.display()),
    )
    .hint("choose another backup; `status` lists them")
}

pub(crate) fn restore_onto_itself(file: &Path) -> Error {
    Error::new(
        ErrorKind::NotFound,
        format!("`{}` is the file and the backup at once", file.display()),
    )
    .hint("name the backup first, and the file with `--db`")
}

pub(crate) fn restore_failed(file: &Path, source: rusqlite::Error) -> Error {
    by_code(
        &source,
        &format!("`{}` could not be restored", file.display()),
    )
    .caused_by(source)
}

pub(crate) fn inside_transaction() -> Error {
    Error::new(ErrorKind::Sqlite, "the connection is inside a transaction")
        .hint("commit or roll it back before the run: foreign keys cannot be turned off inside one")
}

pub(crate) fn ledger_unreadable(source: rusqlite::Error) -> Error {
    if not_the_statement(&source) {
        return sqlite(source);
    }
    Error::new(
        ErrorKind::NotOurs,
        "the table `schema_migrations` is not this engine's ledger",
    )
    .hint("another migration tool uses the same name; this file cannot be migrated here")
    .caused_by(source)
}

pub(crate) fn ledger_has_trigger() -> Error {
    Error::new(
        ErrorKind::HistoryEdited,
        "the ledger `schema_migrations` has a trigger",
    )
    .hint("find out who made it, and drop it: it would change what the engine records")
}

pub(crate) fn not_ours(found: i32, ours: i32) -> Error {
    Error::new(
        ErrorKind::NotOurs,
        format!(
            "the file belongs to another application: application_id {found:#x}, not {ours:#x}"
        ),
    )
    .hint("check the path")
}

pub(crate) fn no_ledger(user_version: i32, empty: bool) -> Error {
    if empty {
        let message = format!("the file has no table, but its user_version is {user_version}");
        return Error::new(ErrorKind::NotOurs, message)
            .hint("check the path; a new database needs a new file");
    }
    Error::new(
        ErrorKind::NotOurs,
        format!("the file has tables but no ledger (its user_version is {user_version})"),
    )
    .hint(
        "if it was made before the ledger, adopt it: `migrate --from-version N`, where N is the \
         version whose schema it has",
    )
}

pub(crate) fn ledger_gap(expected: Version, found: Version) -> Error {
    Error::new(
        ErrorKind::HistoryEdited,
        format!("the ledger has a gap: version {expected} is not in it, version {found} is"),
    )
    .hint("restore the file from a backup; its ledger was changed by hand")
}

pub(crate) fn ledger_disagrees(ledger: Version, user_version: i32) -> Error {
    Error::new(
        ErrorKind::HistoryEdited,
        format!("the ledger ends at version {ledger}, but user_version is {user_version}"),
    )
    .hint("restore the file from a backup; its user_version or ledger was changed by hand")
}

pub(crate) fn stored_back_damaged(version: Version, name: &str) -> Error {
    Error::new(
        ErrorKind::HistoryEdited,
        format!(
            "the way back of version {version} (`{name}`) in the ledger does not match its digest"
        ),
    )
    .hint("restore the file from a backup; its ledger was changed by hand")
}

pub(crate) fn history_edited(folder: &str, file: &str, name: &str) -> Error {
    Error::new(
        ErrorKind::HistoryEdited,
        format!("`{folder}/{file}` is not what was applied to this file as `{name}`"),
    )
    .hint("what shipped is frozen: restore the script as it was and put the change into a new version")
}

pub(crate) fn newer(file: Version, current: Version, way_back: bool) -> Error {
    let error = Error::new(
        ErrorKind::Newer,
        format!("the file is at version {file}, this build knows versions up to {current}"),
    )
    .hint("update the application");
    match way_back {
        true => error.hint(format!(
            "or go back with this build: `rollback --to {current}`"
        )),
        false => {
            error.hint("it has no way back: to go on with this build, restore a backup of before")
        }
    }
}

pub(crate) fn target_unknown(target: Version, current: Version) -> Error {
    Error::new(
        ErrorKind::WrongVersion,
        format!("there is no version {target}: this build knows versions up to {current}"),
    )
    .hint("choose a version that exists, or update the application")
}

pub(crate) fn unexpected_version(found: Version, expected: Version) -> Error {
    Error::new(
        ErrorKind::WrongVersion,
        format!("the file is at version {found}, not {expected}"),
    )
    .hint(format!(
        "to migrate it from where it is, use `--from-version {found}` or leave it out"
    ))
}

pub(crate) fn unexpected_version_claim(found: i32, expected: Version) -> Error {
    Error::new(
        ErrorKind::WrongVersion,
        format!("the file has no ledger and its user_version is {found}, not {expected}"),
    )
    .hint("adopt it at the version that it claims, or find out who set user_version")
}

pub(crate) fn upgrade_goes_back(file: Version, target: Version) -> Error {
    Error::new(
        ErrorKind::WrongVersion,
        format!("the file is at version {file}, which is past {target}"),
    )
    .hint(format!("to go back, use `rollback --to {target}`"))
}

pub(crate) fn rollback_goes_up(file: Version, target: Version) -> Error {
    Error::new(
        ErrorKind::WrongVersion,
        format!("the file is at version {file}, there is nothing to roll back to {target}"),
    )
    .hint(format!("to go up, use `migrate --to {target}`"))
}

fn list_changes(message: &mut String, changes: &[Change]) {
    for change in changes {
        message.push_str(&format!("\n  {change}"));
    }
}

pub(crate) fn drifted(version: Version, changes: &[Change]) -> Error {
    let mut message = format!(
        "the file's schema is not that of version {version}; somebody changed it, as if by:"
    );
    list_changes(&mut message, changes);
    Error::new(ErrorKind::Drifted, message)
        .hint("undo these changes, or restore the file from a backup, then try again")
}

pub(crate) fn cannot_adopt(version: Version, changes: &[Change]) -> Error {
    let mut message =
        format!("the file's schema is not that of version {version}; it differs from it by:");
    list_changes(&mut message, changes);
    Error::new(ErrorKind::Drifted, message)
        .hint("adopt it at the version whose schema it has, or undo the differences first")
}

pub(crate) fn irreversible(folder: &str, reason: Option<&str>) -> Error {
    let mut message = format!("`{folder}` has no way back");
    for line in reason.unwrap_or_default().trim().lines() {
        message.push_str(&format!("\n  {line}"));
    }
    Error::new(ErrorKind::Irreversible, message)
        .hint("restore a backup that was taken before this version")
}

pub(crate) fn consent_needed(risks: &[AtRisk]) -> Error {
    let mut message = "the run would lose data that no later upgrade brings back:".to_owned();
    for risk in risks {
        let more = if risk.rows > risk.examples.len() as u64 {
            ", …"
        } else {
            ""
        };
        let rows = if risk.rows == 1 { "row" } else { "rows" };
        message.push_str(&format!(
            "\n  {}: {} {rows} ({}{more})",
            risk.object,
            risk.rows,
            risk.examples.join(", ")
        ));
        if !risk.why.is_empty() {
            message.push_str(&format!(": {}", risk.why));
        }
    }
    Error::new(ErrorKind::ConsentNeeded, message)
        .hint("look at `plan`, then consent with `--accept-loss`; a backup is taken first")
}

pub(crate) fn way_back_unsaid(folder: &str) -> Error {
    Error::new(
        ErrorKind::BadCatalogue,
        format!("`{folder}` has no way back, and no reason why"),
    )
    .hint("write `down.sql`, or `irreversible.md` with the reason why there is none")
}

pub(crate) fn query_would_break(
    folder: &str,
    query: &str,
    older: bool,
    source: rusqlite::Error,
) -> Error {
    let (whose, remedy) = match older {
        true => (
            " of the build before, which the notes call supported",
            "keep what it reads, or say `Backwards compatibility: not supported`, with why",
        ),
        false => (
            "",
            "end the query before this version, or keep what it reads",
        ),
    };
    Error::new(
        ErrorKind::BreaksQuery,
        format!("after `{folder}` the query `{query}`{whose} would not work"),
    )
    .hint(remedy)
    .caused_by(source)
}

pub(crate) fn undocumented(folder: &str, missing: &[String]) -> Error {
    let mut message = format!("`{folder}/notes.md` is not complete:");
    for sentence in missing {
        message.push_str(&format!("\n  {sentence}"));
    }
    Error::new(ErrorKind::Undocumented, message)
        .hint("write what changes, why, and what each new column means, before it is shipped")
}

pub(crate) fn undeclared_loss(found: &[String]) -> Error {
    let mut message = "on a copy of the file, the run did what no notes declare:".to_owned();
    for sentence in found {
        message.push_str(&format!("\n  {sentence}"));
    }
    Error::new(ErrorKind::UndeclaredLoss, message)
        .hint("mend the step, or declare it in its `notes.md` if it is meant")
}

pub(crate) fn strict_refuses(remarks: &[Remark]) -> Error {
    let mut message = "strict: these rows would stay as they are:".to_owned();
    for remark in remarks {
        message.push_str(&format!(
            "\n  {} {}: {}",
            remark.table, remark.key, remark.reason
        ));
    }
    Error::new(ErrorKind::ConsentNeeded, message)
        .hint("mend these rows, or migrate without `--strict`: they are kept either way")
}

pub(crate) fn foreign_keys_violated(made: &[Violation]) -> Error {
    let mut message = "the run would leave rows whose foreign key points nowhere:".to_owned();
    for violation in made.iter().take(10) {
        let row = violation
            .rowid
            .map_or_else(|| "a row".to_owned(), |rowid| format!("rowid {rowid}"));
        message.push_str(&format!(
            "\n  {}, {row}: no such row in {}",
            violation.table, violation.parent
        ));
    }
    if made.len() > 10 {
        message.push_str(&format!("\n  and {} more", made.len() - 10));
    }
    Error::new(ErrorKind::ForeignKeysViolated, message)
        .hint("a step must keep parents and children together; mend its script")
}

pub(crate) fn foreign_keys_uncheckable(table: &str, source: rusqlite::Error) -> Error {
    Error::new(
        ErrorKind::ForeignKeysViolated,
        format!("the run would leave foreign keys of `{table}` that SQLite cannot check"),
    )
    .hint("a foreign key must point at a primary key or a UNIQUE column that exists")
    .caused_by(source)
}

/// The place of `offset` bytes into `statement`.
fn place(step: &Move, number: usize, statement: &Statement<'_>, offset: Option<usize>) -> Place {
    let absolute = statement.offset + offset.unwrap_or(0).min(statement.text.len());
    let script = &step.sql;
    let before = script.get(..absolute).unwrap_or(script);
    let start = before.rfind('\n').map_or(0, |newline| newline + 1);
    let line = script
        .get(start..)
        .unwrap_or_default()
        .lines()
        .next()
        .unwrap_or_default();
    Place {
        version: step.version,
        file: step.file(),
        statement: number,
        line: before.matches('\n').count() + 1,
        column: before.get(start..).unwrap_or_default().chars().count() + 1,
        text: line.trim_end().to_owned(),
    }
}

pub(crate) fn statement_failed(
    step: &Move,
    number: usize,
    statement: &Statement<'_>,
    source: rusqlite::Error,
) -> Error {
    let offset = match &source {
        rusqlite::Error::SqlInputError { offset, .. } => usize::try_from(*offset).ok(),
        _ => None,
    };
    let place = place(step, number, statement, offset);
    if not_the_statement(&source) {
        let general = by_code(&source, NO_WORK);
        return Error::new(
            general.kind(),
            format!("`{}` failed: {}", step.file(), general.0.message),
        )
        .at(place)
        .hints_of(general)
        .caused_by(source);
    }
    Error::new(
        ErrorKind::StepFailed,
        format!("`{}` failed: {}", step.file(), words(&source)),
    )
    .at(place)
    .hint("mend the step; if it was shipped, mend it in a new version")
}

pub(crate) fn statement_refused(
    step: &Move,
    number: usize,
    statement: &Statement<'_>,
    refusal: &Refusal,
) -> Error {
    let message = format!("`{}` may not use {}", step.file(), refusal.what);
    Error::new(ErrorKind::StepForbidden, message)
        .at(place(step, number, statement, None))
        .hint(refusal.remedy)
}

pub(crate) fn code_refused(step: &Move, code: &str, refusal: &Refusal) -> Error {
    let message = format!("`{code}` of `{}` may not use {}", step.folder, refusal.what);
    Error::new(ErrorKind::StepForbidden, message).hint(refusal.remedy)
}

pub(crate) fn code_failed(step: &Move, code: &str, source: BoxError) -> Error {
    let message = format!("`{code}` of `{}` failed", step.folder);
    let sqlite = source.downcast_ref::<rusqlite::Error>();
    let error = match sqlite.filter(|known| not_the_statement(known)) {
        Some(known) => {
            let general = by_code(known, NO_WORK);
            let message = format!("{message}: {}", general.0.message);
            Error::new(general.kind(), message).hints_of(general)
        }
        None => Error::new(ErrorKind::StepFailed, message)
            .hint("mend the function, or the rows that it cannot read"),
    };
    error.caused_by(source)
}

pub(crate) fn code_panicked(step: &Move, code: &str, panic: &(dyn Any + Send)) -> Error {
    let words = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let mut message = format!("`{code}` of `{}` panicked", step.folder);
    if let Some(words) = words {
        message.push_str(&format!(": {words}"));
    }
    Error::new(ErrorKind::StepFailed, message).hint("mend the function: this is a bug in it")
}

pub(crate) fn transaction_ended(step: &Move, code: &str) -> Error {
    Error::new(
        ErrorKind::StepForbidden,
        format!("`{code}` of `{}` ended the transaction", step.folder),
    )
    .hint("do without `OR ROLLBACK`, `ON CONFLICT ROLLBACK` and `RAISE(ROLLBACK)`, and pass errors on")
}

pub(crate) fn step_file_unreadable(folder: &str, file: &str, source: std::io::Error) -> Error {
    Error::new(
        ErrorKind::BadCatalogue,
        format!("`{folder}/{file}` cannot be read"),
    )
    .hint("each version's folder has `up.sql`, `notes.md`, and `down.sql` or `irreversible.md`")
    .caused_by(source)
}

pub(crate) fn way_back_missing(folder: &str) -> Error {
    Error::new(
        ErrorKind::BadCatalogue,
        format!("`{folder}` has neither `down.sql` nor `irreversible.md`"),
    )
    .hint("write the way back, or `irreversible.md` with the reason why there is none")
}

pub(crate) fn way_back_twice(folder: &str) -> Error {
    Error::new(
        ErrorKind::BadCatalogue,
        format!("`{folder}` has both `down.sql` and `irreversible.md`"),
    )
    .hint("keep one of them")
}

pub(crate) fn folder_unreadable(folder: &Path, source: std::io::Error) -> Error {
    Error::new(
        ErrorKind::BadCatalogue,
        format!("`{}` cannot be read", folder.display()),
    )
    .hint("give the folder that holds the versions' folders")
    .caused_by(source)
}

pub(crate) fn catalogue_empty() -> Error {
    Error::new(ErrorKind::BadCatalogue, "the catalogue has no step")
        .hint("begin with a folder such as `0001_first`")
}

pub(crate) fn catalogue_gap(folder: &str, expected: Version) -> Error {
    Error::new(
        ErrorKind::BadCatalogue,
        format!("`{folder}` stands where version {expected} should be"),
    )
    .hint(format!(
        "versions are counted without gaps; name it `{expected:04}_…`"
    ))
}
