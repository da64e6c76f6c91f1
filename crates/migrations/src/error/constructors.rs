//! The constructors, all in one file so that they speak with one voice; it is long because it is a list.
//!
//! Each says what happened in its first sentence and who should do what in its hints, and each is
//! provoked by a test of its name.

use std::any::Any;
use std::path::Path;
use std::time::Duration;

use rusqlite::ErrorCode;
use rusqlite::ffi::{SQLITE_IOERR_WRITE, SQLITE_READONLY_DBMOVED};
use schema::sql::{self, Statement};
use schema::{Change, escape};

use super::{Error, ErrorKind, Place};
use crate::Version;
use crate::backup::Unsound;
use crate::foreign_keys::Violation;
use crate::guard::Refusal;
use crate::loss::AtRisk;
use crate::plan::{Direction, Move, Plan};
use crate::report::Remark;
use crate::step::BoxError;

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
pub(super) fn words(source: &rusqlite::Error) -> String {
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
        Some(ErrorCode::ReadOnly) if left_behind(source) => Error::new(
            ErrorKind::Interrupted,
            "a process that wrote to the file was killed, and its journal can only be rolled back by \
             someone who may write",
        )
        .hint("open the file once with a program that may write to it and to its directory")
        .hint("keep its `-journal` or `-wal`: without it the file is damaged"),
        Some(ErrorCode::ReadOnly) if extended(source) == Some(SQLITE_READONLY_DBMOVED) => {
            file_moved(None)
        }
        Some(ErrorCode::ReadOnly) => Error::new(ErrorKind::ReadOnly, "the file cannot be written")
            .hint("check the permissions of the file and of its directory"),
        Some(ErrorCode::DiskFull) => Error::new(ErrorKind::DiskFull, "the disk is full")
            .hint("a run needs about the size of the file once more; make room, then try again"),
        Some(ErrorCode::OperationInterrupted) => {
            Error::new(ErrorKind::Sqlite, "the work was interrupted").hint("try again")
        }
        Some(ErrorCode::SystemIoFailure) if extended(source) == Some(SQLITE_IOERR_WRITE) => {
            Error::new(ErrorKind::Sqlite, otherwise).hint(
                "check the disk, and whether the size of files is limited (`ulimit -f`), then try again",
            )
        }
        Some(ErrorCode::SystemIoFailure) => Error::new(ErrorKind::Sqlite, otherwise)
            .hint("check the disk and its connection, then try again"),
        _ => Error::new(ErrorKind::Sqlite, otherwise),
    }
}

fn extended(source: &rusqlite::Error) -> Option<i32> {
    source.sqlite_error().map(|error| error.extended_code)
}

/// Whether a hot journal or a WAL stands in the way of a reader that may not write.
/// <https://sqlite.org/rescode.html#readonly_rollback>
fn left_behind(source: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{
        SQLITE_READONLY_CANTINIT, SQLITE_READONLY_RECOVERY, SQLITE_READONLY_ROLLBACK,
    };
    matches!(
        extended(source),
        Some(SQLITE_READONLY_ROLLBACK | SQLITE_READONLY_RECOVERY | SQLITE_READONLY_CANTINIT)
    )
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
    let shown = escape::line(&format!("`{}`", path.display())).into_owned();
    if !error.0.message.contains(&shown) {
        error = error.named(&shown);
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

pub(crate) fn path_empty() -> Error {
    Error::new(ErrorKind::Unsuitable, "the path of the database is empty")
        .hint("give the path of a file")
}

pub(crate) fn path_of_memory(path: &Path) -> Error {
    let shown = path.display();
    Error::new(
        ErrorKind::Unsuitable,
        format!("`{shown}` is what SQLite calls a database in memory, and no file"),
    )
    .hint(format!(
        "give the path of a file; one of this name is `./{shown}`"
    ))
    .hint("a program makes a database in memory with `Migrator::in_memory`")
}

pub(crate) fn path_is_uri(path: &Path) -> Error {
    let shown = path.display();
    Error::new(
        ErrorKind::Unsuitable,
        format!("`{shown}` is a URI, and the path of a file is needed"),
    )
    .hint(format!(
        "give the path without `file:` and without what follows a `?`; a file of this name is `./{shown}`"
    ))
}

pub(crate) fn path_holds_nul(path: &Path) -> Error {
    Error::new(
        ErrorKind::Unsuitable,
        format!("`{}` holds a NUL, which ends a path", path.display()),
    )
    .hint("check the path")
}

pub(crate) fn path_of_directory(path: &Path) -> Error {
    Error::new(
        ErrorKind::Unsuitable,
        format!("`{}` is the path of a directory", path.display()),
    )
    .hint("give the path of a file, without `/` at its end")
}

/// SQLite gives the path in the encoding of the database, in which not all bytes can be written.
pub(crate) fn path_not_told(path: &Path) -> Error {
    Error::new(
        ErrorKind::Unsuitable,
        format!(
            "`{}` is not UTF-8, and the database is in UTF-16",
            path.display()
        ),
    )
    .hint("rename the file and its directories: no backup can be made under this name")
}

pub(crate) fn not_a_directory(found: &Path, source: std::io::Error) -> Error {
    Error::new(
        ErrorKind::NotFound,
        format!("`{}` is a file and not a directory", found.display()),
    )
    .hint("check the path")
    .caused_by(source)
}

pub(crate) fn directory_closed(path: &Path, directory: &Path, source: std::io::Error) -> Error {
    let (shown, directory) = (path.display(), directory.display());
    Error::new(
        ErrorKind::ReadOnly,
        format!("`{shown}` cannot be reached: the directory `{directory}` may not be searched"),
    )
    .hint("check the permissions of this directory: it needs `x` for whoever opens a file in it")
    .caused_by(source)
}

pub(crate) fn cannot_reach(path: &Path, source: std::io::Error) -> Error {
    Error::new(
        ErrorKind::NotFound,
        format!("`{}` cannot be reached", path.display()),
    )
    .hint("check the path")
    .caused_by(source)
}

/// SQLite notices it itself, too: <https://sqlite.org/rescode.html#readonly_dbmoved>
pub(crate) fn file_moved(path: Option<&Path>) -> Error {
    let shown = path.map_or("the file".to_owned(), |path| {
        format!("`{}`", path.display())
    });
    Error::new(
        ErrorKind::Moved,
        format!("{shown} was moved, replaced or removed while it was open"),
    )
    .hint("open the file again, at its present path: what is written now would be lost")
}

pub(crate) fn not_a_file(path: &Path) -> Error {
    Error::new(
        ErrorKind::Unsuitable,
        format!("`{}` is not a regular file", path.display()),
    )
    .hint("give the path of a database file: what is written to a device or a pipe does not stay")
}

pub(crate) fn hard_linked(path: &Path, links: u64) -> Error {
    let shown = path.display();
    Error::new(
        ErrorKind::Unsuitable,
        format!("`{shown}` has {links} names (hard links), and is written under none of them"),
    )
    .hint(
        "remove the other names, which `find DIRECTORY -samefile FILE` lists; or put a copy in place of this one: \
         `cp FILE COPY`, then `mv COPY FILE`, while no program has it open",
    )
    .hint(
        "SQLite names its journal after the name in use: after a crash, whoever comes by another name would not \
         find it, and the file would be damaged",
    )
}

/// `BEGIN IMMEDIATE` waits for whoever writes; readers do not stand in its way.
pub(crate) fn cannot_begin(source: rusqlite::Error) -> Error {
    if is_busy(&source) {
        return Error::new(ErrorKind::Busy, "another process is writing to the file")
            .hint("let it finish or close it, then try again; a longer busy timeout waits longer")
            .caused_by(source);
    }
    by_code(&source, "could not begin the run").caused_by(source)
}

/// Without a WAL, whoever is reading the file keeps it from being written.
pub(crate) fn cannot_exclude_readers(source: rusqlite::Error) -> Error {
    if is_busy(&source) {
        return Error::new(
            ErrorKind::Busy,
            "the run cannot begin while another process is reading the file",
        )
        .hint("close the program that holds the file open in a transaction, then try again")
        .caused_by(source);
    }
    by_code(&source, "could not begin the run").caused_by(source)
}

/// Without a WAL, whoever is reading the file holds up the COMMIT.
pub(crate) fn cannot_commit(source: rusqlite::Error) -> Error {
    if is_busy(&source) {
        return Error::new(
            ErrorKind::Busy,
            "the run cannot be committed while another process is reading the file",
        )
        .hint("close the program that holds the file open in a transaction, then try again")
        .caused_by(source);
    }
    by_code(&source, "could not commit the run").caused_by(source)
}

fn is_busy(source: &rusqlite::Error) -> bool {
    matches!(
        source.sqlite_error_code(),
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked)
    )
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
        ErrorKind::Unsuitable,
        "a database in memory has no file to back up",
    )
    .hint("copy it with `VACUUM INTO`")
}

/// A path of bytes that are no text, in a database whose text is UTF-16.
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
    let full = source
        .downcast_ref::<std::io::Error>()
        .is_some_and(|source| source.kind() == std::io::ErrorKind::StorageFull);
    let kind = match code {
        Some(source) => by_code(source, "").kind(),
        None if full => ErrorKind::DiskFull,
        None => ErrorKind::ReadOnly,
    };
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

pub(crate) fn file_damaged(said: &str) -> Error {
    Error::new(
        ErrorKind::Damaged,
        format!("the file is damaged: {said}"),
    )
    .hint("copy the file away, then restore a backup of before, or see https://sqlite.org/recovery.html")
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

pub(crate) fn backup_unusable(backup: &Path, kind: ErrorKind, why: &str) -> Error {
    Error::new(
        kind,
        format!("`{}` cannot be restored: {why}", backup.display()),
    )
    .hint("choose another backup; `status` lists them")
}

pub(crate) fn restore_onto_itself(file: &Path) -> Error {
    Error::new(
        ErrorKind::Unsuitable,
        format!("`{}` is the file and the backup at once", file.display()),
    )
    .hint("name the backup first, and the file with `--db`")
}

pub(crate) fn restore_failed(file: &Path, source: impl Into<BoxError>) -> Error {
    let source = source.into();
    let message = format!("`{}` could not be restored", file.display());
    let error = match source.downcast_ref::<rusqlite::Error>() {
        Some(sqlite) => by_code(sqlite, &message),
        None => Error::new(ErrorKind::ReadOnly, message)
            .hint("check the permissions of the file and of its directory"),
    };
    error.caused_by(source)
}

pub(crate) fn inside_transaction() -> Error {
    Error::new(
        ErrorKind::Unsuitable,
        "the connection is inside a transaction",
    )
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

/// `stored` is what the ledger kept of it: the text, or only its digest in files of older engines.
pub(crate) fn history_edited(
    script: &str,
    name: &str,
    stored: Result<&str, &str>,
    present: &str,
) -> Error {
    let message = format!("`{script}` is not what was applied to this file as `{name}`");
    let [was, is] = match stored {
        Ok(stored) => first_difference(stored, present),
        Err(stored) => {
            let present = crate::digest(present);
            [format!("digest {stored}"), format!("digest {present}")]
        }
    };
    Error::new(ErrorKind::HistoryEdited, message)
        .detail(format!("stored   {was}"))
        .detail(format!("present  {is}"))
        .hint("what shipped is frozen: restore the script as it was and put the change into a new version")
}

/// The first statement in which two scripts differ by more than blanks and comments: its first line in each, or the
/// line in which it differs.
fn first_difference(stored: &str, present: &str) -> [String; 2] {
    let (old, new) = (sql::statements(stored), sql::statements(present));
    let same = |(old, new): &(&Statement<'_>, &Statement<'_>)| {
        sql::canonical(old.text) == sql::canonical(new.text)
    };
    let at = old.iter().zip(&new).take_while(same).count();
    let lines = |statement: &Statement<'_>| -> Vec<String> {
        let lines = statement.text.lines().map(|line| line.trim().to_owned());
        lines.collect()
    };
    let (Some(was), Some(is)) = (old.get(at), new.get(at)) else {
        return [old.get(at), new.get(at)].map(|statement| match statement {
            Some(statement) => line(statement.line, &lines(statement), 0),
            None => "ends before that".to_owned(),
        });
    };
    let (was_lines, is_lines) = (lines(was), lines(is));
    let equal = was_lines
        .iter()
        .zip(&is_lines)
        .take_while(|(old, new)| old == new);
    let equal = equal.count();
    [
        line(was.line, &was_lines, equal),
        line(is.line, &is_lines, equal),
    ]
}

/// `line 3: …`.
fn line(first: usize, lines: &[String], nth: usize) -> String {
    match lines.get(nth) {
        Some(text) => format!("line {}: {text}", first + nth),
        None => "ends before that".to_owned(),
    }
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

pub(crate) fn drifted(version: Version, changes: &[Change]) -> Error {
    let message = format!(
        "the file's schema is not that of version {version}; somebody changed it, as if by:"
    );
    Error::new(ErrorKind::Drifted, message)
        .details(changes)
        .hint("undo these changes, or restore the file from a backup, then try again")
}

/// `changes` is empty where only the fingerprint in the ledger differs.
pub(crate) fn arrived_elsewhere(plan: &Plan, changes: &[Change]) -> Error {
    let version = plan.to;
    let message = match changes {
        [] => {
            format!("the run does not bring back the schema that the file had at version {version}")
        }
        _ => format!("the run does not lead to the schema of version {version}; it differs by:"),
    };
    let error = Error::new(ErrorKind::Drifted, message).details(changes);
    match plan.direction() {
        Direction::Up => error.hint("fix the step; if it was shipped, fix it in a new version"),
        Direction::Down => error
            .hint("restore a backup that was taken before the steps that go back")
            .hint("if the steps are yours, fix their `down.sql`"),
    }
}

pub(crate) fn stored_too_long(limit: Duration, source: Error) -> Error {
    let seconds = limit.as_secs_f64();
    let mut error = Error::new(
        ErrorKind::StepFailed,
        format!("what the file stores as its way back did not end within {seconds} seconds"),
    )
    .hint("restore a backup, or go back with the build that knows these steps")
    .hint("a large file may need more time: `--time-limit SECONDS`");
    error.0.place = source.0.place.clone();
    error
}

pub(crate) fn cannot_adopt(version: Version, changes: &[Change]) -> Error {
    let message =
        format!("the file's schema is not that of version {version}; it differs from it by:");
    Error::new(ErrorKind::Drifted, message)
        .details(changes)
        .hint("adopt it at the version whose schema it has, or undo the differences first")
}

pub(crate) fn irreversible(folder: &str, reason: Option<&str>) -> Error {
    let message = format!("`{folder}` has no way back");
    Error::new(ErrorKind::Irreversible, message)
        .details(reason.unwrap_or_default().trim().lines())
        .hint("restore a backup that was taken before this version")
}

pub(crate) fn consent_needed(risks: &[AtRisk]) -> Error {
    let message = "the run would lose data that no later upgrade brings back:";
    ask_consent(message, risks)
}

/// What was counted, and not declared.
pub(crate) fn consent_needed_for_unknown(risks: &[AtRisk]) -> Error {
    let message = "the way back that the file stores takes away data that it does not declare, and this build \
                   does not know whether a later upgrade brings it back:";
    ask_consent(message, risks).hint("or go back with the build that knows these steps")
}

fn ask_consent(message: &str, risks: &[AtRisk]) -> Error {
    let lines = risks.iter().map(|risk| {
        let more = if risk.rows > risk.examples.len() as u64 {
            ", …"
        } else {
            ""
        };
        let rows = if risk.rows == 1 { "row" } else { "rows" };
        let examples = match risk.examples.as_slice() {
            [] => String::new(),
            examples => format!(" ({}{more})", examples.join(", ")),
        };
        let why = match risk.why.as_str() {
            "" => String::new(),
            why => format!(": {why}"),
        };
        format!("{}: {} {rows}{examples}{why}", risk.object, risk.rows)
    });
    Error::new(ErrorKind::ConsentNeeded, message)
        .details(lines)
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
    let message = format!("`{folder}/notes.md` is not complete:");
    Error::new(ErrorKind::Undocumented, message)
        .details(missing)
        .hint("write what changes, why, and what each new column means, before it is shipped")
}

pub(crate) fn undeclared_loss(found: &[String]) -> Error {
    let message = "on a copy of the file, the run did what no notes declare:";
    Error::new(ErrorKind::UndeclaredLoss, message)
        .details(found)
        .hint("mend the step, or declare it in its `notes.md` if it is meant")
}

pub(crate) fn strict_refuses(remarks: &[Remark]) -> Error {
    let lines = remarks.iter().map(|remark| {
        let (table, key, reason) = (&remark.table, &remark.key, &remark.reason);
        format!("{table} {key}: {reason}")
    });
    let message = "strict: these rows would stay as they are:";
    Error::new(ErrorKind::ConsentNeeded, message)
        .details(lines)
        .hint("mend these rows, or migrate without `--strict`: they are kept either way")
}

pub(crate) fn foreign_keys_violated(made: &[Violation]) -> Error {
    let lines = made.iter().take(10).map(|violation| {
        let row = violation
            .rowid
            .map_or_else(|| "a row".to_owned(), |rowid| format!("rowid {rowid}"));
        let (table, parent) = (&violation.table, &violation.parent);
        format!("{table}, {row}: no such row in {parent}")
    });
    let more = (made.len() > 10).then(|| format!("and {} more", made.len() - 10));
    let message = "the run would leave rows whose foreign key points nowhere:";
    Error::new(ErrorKind::ForeignKeysViolated, message)
        .details(lines.chain(more))
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
