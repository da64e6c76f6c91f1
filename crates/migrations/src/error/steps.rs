//! Errors of a step: its statements, its function, and its result.

use std::any::Any;
use std::time::Duration;

use schema::sql::Statement;

use super::sqlite_code::{NO_WORK, by_code, not_the_statement};
use super::words::words;
use super::{BoxError, Error, ErrorKind, Place};
use crate::facts::{Refusal, Violation};
use crate::planned_step::PlannedStep;
use crate::remedy::Remedy;
pub(crate) fn statement_failed(
    step: &PlannedStep,
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
        .with_place(place)
        .with_remedies_from(general)
        .caused_by(source);
    }
    Error::new(
        ErrorKind::StepFailed,
        format!("`{}` failed: {}", step.file(), words(&source)),
    )
    .with_place(place)
    .hint("fix the step; if it was shipped, fix it in a new version")
}

pub(crate) fn statement_refused(
    step: &PlannedStep,
    number: usize,
    statement: &Statement<'_>,
    refusal: &Refusal,
) -> Error {
    let message = format!("`{}` may not use {}", step.file(), refusal.what);
    Error::new(ErrorKind::StepForbidden, message)
        .with_place(place(step, number, statement, None))
        .hint(refusal.remedy)
}

/// The place at `offset` bytes into `statement`.
fn place(
    step: &PlannedStep,
    number: usize,
    statement: &Statement<'_>,
    offset: Option<usize>,
) -> Place {
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

pub(crate) fn code_refused(step: &PlannedStep, code: &str, refusal: &Refusal) -> Error {
    let message = format!("`{code}` of `{}` may not use {}", step.folder, refusal.what);
    Error::new(ErrorKind::StepForbidden, message).hint(refusal.remedy)
}

pub(crate) fn code_failed(step: &PlannedStep, code: &str, source: BoxError) -> Error {
    let message = format!("`{code}` of `{}` failed", step.folder);
    let sqlite = source.downcast_ref::<rusqlite::Error>();
    let error = match sqlite.filter(|known| not_the_statement(known)) {
        Some(known) => {
            let general = by_code(known, NO_WORK);
            let message = format!("{message}: {}", general.0.message);
            Error::new(general.kind(), message).with_remedies_from(general)
        }
        None => Error::new(ErrorKind::StepFailed, message)
            .hint("fix the function, or the rows that it cannot read"),
    };
    error.caused_by(source)
}

pub(crate) fn code_panicked(step: &PlannedStep, code: &str, panic: &(dyn Any + Send)) -> Error {
    let words = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let mut message = format!("`{code}` of `{}` panicked", step.folder);
    if let Some(words) = words {
        message.push_str(&format!(": {words}"));
    }
    Error::new(ErrorKind::StepFailed, message).hint("fix the function: the panic is a bug in it")
}

pub(crate) fn transaction_ended(step: &PlannedStep, code: &str) -> Error {
    Error::new(
        ErrorKind::StepForbidden,
        format!("`{code}` of `{}` ended the transaction", step.folder),
    )
    .hint(
        "do without `OR ROLLBACK`, `ON CONFLICT ROLLBACK` and `RAISE(ROLLBACK)`, and pass \
           errors on",
    )
}

pub(crate) fn stored_too_long(limit: Duration, source: Error) -> Error {
    let seconds = limit.as_secs_f64();
    let mut error = Error::new(
        ErrorKind::StepFailed,
        format!("the down migrations stored in the file did not end within {seconds} seconds"),
    )
    .hint("restore a backup, or go back with the build that knows these steps")
    .remedy(Remedy::RaiseTimeLimit);
    error.0.place = source.0.place.clone();
    error
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
        .hint("a step must keep parents and children together; fix its script")
}

pub(crate) fn foreign_keys_uncheckable(table: &str, source: rusqlite::Error) -> Error {
    Error::new(
        ErrorKind::ForeignKeysViolated,
        format!("the run would leave foreign keys of `{table}` that SQLite cannot check"),
    )
    .hint("a foreign key must point at a primary key or a UNIQUE column that exists")
    .caused_by(source)
}
