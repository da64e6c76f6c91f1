//! The crate's errors. All messages are here, in the style of the engine's.

mod remedy;

use std::fmt;
use std::path::Path;

use migrations::{Version, escape};

use crate::catalogue::CURRENT_VERSION;
use crate::document::Unreadable;

/// The kind of an error, by its remedy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorKind {
    /// An error of the engine: see [`Error::engine`].
    Engine,
    /// The file does not exist.
    NotFound,
    /// The file is not at the version that the operation needs.
    WrongVersion,
    /// The session cannot be read, or is invalid.
    Document,
    /// Nothing in the file matches.
    NoMatch,
    /// The steps cannot be written as one script of SQL.
    NotSql,
    /// A rehearsal found a forbidden effect of the run.
    Rehearsal,
    /// The result could not be printed.
    Output,
    /// SQLite failed.
    Sqlite,
}

/// An error: what happened, the state of the file, and a remedy.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
enum Inner {
    Engine(migrations::Error),
    Own(Own),
}

#[derive(Debug)]
struct Own {
    kind: ErrorKind,
    message: String,
    effect: String,
    hints: Vec<String>,
    source: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    fn new(kind: ErrorKind, message: impl Into<String>) -> Error {
        // All names in messages are escaped here and below, as in the engine.
        let (message, hints) = (escape::line(&message.into()).into_owned(), Vec::new());
        Error(Box::new(Inner::Own(Own {
            kind,
            message,
            effect: String::new(),
            hints,
            source: None,
        })))
    }

    fn with_details(mut self, change: impl FnOnce(&mut Own)) -> Error {
        if let Inner::Own(own) = &mut *self.0 {
            change(own);
        }
        self
    }

    fn hint(self, hint: impl Into<String>) -> Error {
        self.with_details(|own| own.hints.push(escape::line(&hint.into()).into_owned()))
    }

    /// Adds a line to the message.
    fn detail(self, line: &str) -> Error {
        self.with_details(|own| own.message.push_str(&format!("\n  {}", escape::line(line))))
    }

    fn effect(self, effect: &str) -> Error {
        self.with_details(|own| own.effect = escape::line(effect).into_owned())
    }

    fn caused_by(self, source: impl std::error::Error + Send + Sync + 'static) -> Error {
        self.with_details(|own| own.source = Some(Box::new(source)))
    }

    /// The kind of the error.
    pub fn kind(&self) -> ErrorKind {
        match &*self.0 {
            Inner::Engine(_) => ErrorKind::Engine,
            Inner::Own(own) => own.kind,
        }
    }

    /// The engine's error, if it is one.
    pub fn engine(&self) -> Option<&migrations::Error> {
        match &*self.0 {
            Inner::Engine(error) => Some(error),
            Inner::Own(_) => None,
        }
    }

    /// The remedies, one sentence each.
    pub fn hints(&self) -> Vec<String> {
        match &*self.0 {
            Inner::Engine(error) => error.remedies().iter().map(remedy::word).collect(),
            Inner::Own(own) => own.hints.clone(),
        }
    }

    /// The whole text: message, causes, state of the file, and hints.
    pub fn report(&self) -> String {
        let own = match &*self.0 {
            Inner::Engine(error) => return error.report_with(remedy::word),
            Inner::Own(own) => own,
        };
        let mut text = format!("error: {}\n", own.message);
        let mut cause = std::error::Error::source(self);
        while let Some(source) = cause {
            let why = source.to_string();
            text.push_str(&format!("  because: {}\n", escape::line(&why)));
            cause = source.source();
        }
        if !own.effect.is_empty() {
            text.push_str(&format!("{}\n", own.effect));
        }
        for hint in &own.hints {
            text.push_str(&format!("hint: {hint}\n"));
        }
        text
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &*self.0 {
            Inner::Engine(error) => error.fmt(f),
            Inner::Own(own) => f.write_str(&own.message),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match &*self.0 {
            Inner::Engine(error) => error.source(),
            Inner::Own(own) => own.source.as_deref().map(|source| source as _),
        }
    }
}

impl From<migrations::Error> for Error {
    fn from(error: migrations::Error) -> Error {
        Error(Box::new(Inner::Engine(error)))
    }
}

impl From<rusqlite::Error> for Error {
    fn from(source: rusqlite::Error) -> Error {
        let error = Error::new(ErrorKind::Sqlite, "an operation of SQLite failed");
        let error = match source.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
                error.hint("close the other program that uses the file, then try again")
            }
            Some(rusqlite::ErrorCode::ReadOnly) => {
                error.hint("check the permissions of the file and of its directory")
            }
            Some(rusqlite::ErrorCode::DiskFull) => {
                error.hint("make room on the disk, then try again")
            }
            _ => error.hint("run `PRAGMA integrity_check` with the sqlite3 shell"),
        };
        error.caused_by(source)
    }
}

const NOT_LOGGED: &str = "nothing was logged";
const AS_IT_WAS: &str = "the file is as it was";

pub(crate) fn document_unreadable(reason: Unreadable) -> Error {
    let hint = match reason {
        Unreadable::NotText | Unreadable::NotUtf8 => "save the document as UTF-8",
        Unreadable::NotJson(_) => "fix the document; `jq . FILE` shows where it breaks",
        _ => r#"a session looks like `{"date":"2025-01-02","exercises":[{"name":"Squat"}]}`"#,
    };
    Error::new(
        ErrorKind::Document,
        format!("the document cannot be read: {reason}"),
    )
    .effect(NOT_LOGGED)
    .hint(hint)
}

pub(crate) fn negative_duration(minutes: i64) -> Error {
    Error::new(
        ErrorKind::Document,
        format!("a session cannot take {minutes} minutes"),
    )
    .effect(NOT_LOGGED)
    .hint("give the duration in whole minutes, or leave it out")
}

pub(crate) fn nothing_to_log_into(version: Version) -> Error {
    Error::new(
        ErrorKind::WrongVersion,
        format!("there are no sessions at version {version}"),
    )
    .effect(NOT_LOGGED)
    .hint(format!("the versions are 1 to {CURRENT_VERSION}"))
}

pub(crate) fn query_missing(name: &str) -> Error {
    let message = format!("the query `{name}` has no form for version {CURRENT_VERSION}");
    Error::new(ErrorKind::WrongVersion, message).hint("declare it in `queries.rs`")
}

pub(crate) fn not_current(version: Version) -> Error {
    let message = format!(
        "the file is at version {version}, but this build works with version {CURRENT_VERSION}"
    );
    let error = Error::new(ErrorKind::WrongVersion, message).effect(AS_IT_WAS);
    if version < CURRENT_VERSION {
        error.hint("bring it up with `traininglogs migrate`")
    } else {
        error.hint("update the application")
    }
}

pub(crate) fn file_missing(path: &Path, remedy: &str) -> Error {
    Error::new(
        ErrorKind::NotFound,
        format!("`{}` does not exist", path.display()),
    )
    .hint(format!("make it with `{remedy}`, or check the path"))
}

pub(crate) fn not_new(path: &Path, version: Version, remedy: &str) -> Error {
    Error::new(
        ErrorKind::WrongVersion,
        format!("`{}` is there, at version {version}", path.display()),
    )
    .effect(AS_IT_WAS)
    .hint(format!("bring it up with `{remedy}`"))
}

pub(crate) fn nothing_to_back_up(path: &Path, remedy: &str) -> Error {
    let message = format!("`{}` is empty, there is nothing to back up", path.display());
    Error::new(ErrorKind::NoMatch, message).hint(format!("fill it with `{remedy}`"))
}

pub(crate) fn has_ledger(path: &Path, version: Version, remedy: &str) -> Error {
    let message = format!(
        "`{}` has a ledger, which records version {version}",
        path.display()
    );
    Error::new(ErrorKind::WrongVersion, message)
        .effect(AS_IT_WAS)
        .hint(format!("there is nothing to adopt; see `{remedy}`"))
}

pub(crate) fn code_in_script(folder: &str, code: &str, remedy: &str) -> Error {
    let message = format!("`{folder}` has the Rust code `{code}`, which an SQL script cannot run");
    Error::new(ErrorKind::NotSql, message)
        .effect(AS_IT_WAS)
        .hint(format!("let the command run this step: `{remedy}`"))
}

pub(crate) fn outside_in_script(folder: &str, remedy: &str) -> Error {
    let message =
        format!("`{folder}` runs outside a transaction, but the script is one transaction");
    Error::new(ErrorKind::NotSql, message)
        .effect(AS_IT_WAS)
        .hint(format!(
            "let the command run it, or make scripts before and after it: `{remedy}`"
        ))
}

pub(crate) fn unknown_in_script(folder: &str, remedy: &str) -> Error {
    let message = format!("`{folder}` is not known to this build, so there is no script for it");
    Error::new(ErrorKind::NotSql, message)
        .effect(AS_IT_WAS)
        .hint(format!(
            "the command runs the way back that the file stores, with safeguards: `{remedy}`"
        ))
}

pub(crate) fn script_of_drifted(version: Version, remedy: &str) -> Error {
    let message =
        format!("the file's schema is not that of version {version}, so a script would not fit it");
    Error::new(ErrorKind::NotSql, message)
        .effect(AS_IT_WAS)
        .hint(format!("`{remedy}` lists the differences; undo them first"))
}

pub(crate) fn rehearsal_refuses(found: &[String]) -> Error {
    let message = "on a copy of the file, the run had forbidden effects:";
    let error = Error::new(ErrorKind::Rehearsal, message);
    let sentences = found.iter();
    sentences
        .fold(error, |error, sentence| error.detail(sentence))
        .effect(AS_IT_WAS)
        .hint("do not run it on the file; report this to the authors of this build")
}

pub(crate) fn document_missing(document: &Path, source: std::io::Error) -> Error {
    Error::new(
        ErrorKind::NotFound,
        format!("cannot read the document `{}`", document.display()),
    )
    .effect(NOT_LOGGED)
    .hint("give the file with the document, or `-` to read it from standard input")
    .caused_by(source)
}

pub(crate) fn never_done(exercise: &str) -> Error {
    Error::new(
        ErrorKind::NoMatch,
        format!("no session has the exercise `{exercise}`"),
    )
    .hint("names are compared exactly, with case and whitespace")
}

pub(crate) fn output_failed(source: std::io::Error, leaves: &str, remedy: &str) -> Error {
    Error::new(
        ErrorKind::Output,
        "the result could not be printed; the work itself is done",
    )
    .effect(leaves)
    .hint(format!("see `{remedy}`"))
    .caused_by(source)
}

/// Errors that the current catalogue and queries cannot provoke, with their whole texts.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_outside_a_transaction_has_no_script() {
        let error = outside_in_script("0006_vacuum", "traininglogs plan");
        insta::assert_snapshot!(error.report(), @"
        error: `0006_vacuum` runs outside a transaction, but the script is one transaction
        the file is as it was
        hint: let the command run it, or make scripts before and after it: `traininglogs plan`
        ");
    }

    #[test]
    fn a_query_without_a_form_for_this_version() {
        let report = query_missing("last_exercise").report();
        let report = report.replace(&format!("version {CURRENT_VERSION}"), "version [current]");
        insta::assert_snapshot!(report, @"
        error: the query `last_exercise` has no form for version [current]
        hint: declare it in `queries.rs`
        ");
    }
}
