//! Files and steps that the engine must refuse without changing them.
//!
//! The cases are a file that somebody changed, a file of a different application or of a newer
//! build; a step that fails, leaves orphans or ends the transaction; and a loss without consent.
//! Each is tried beside a near miss that must succeed: if the near miss fails, the other laws
//! report why, and this check reports nothing. The cases use the catalogue under proof, with one or
//! two steps added after its newest version; none refers to a table of an application.

mod added_steps;

use migrations::{Catalogue, ErrorKind, LEDGER_TABLE, Migrator, Options, Outcome, Version};
use rusqlite::Connection;
use rusqlite::config::DbConfig::SQLITE_DBCONFIG_ENABLE_FKEY;

use crate::error::Error;
use crate::finding::{Finding, Findings};
use crate::fixture;
use crate::journey::proving;
use crate::subject::Subject;

pub(crate) use added_steps::{check_added_steps, check_large};

/// The operation that the engine is asked to do.
#[derive(Clone, Copy)]
pub(super) enum Ask {
    Up(Version),
    Back(Version),
    /// Adopt the file at the first version, and continue to the second.
    Adopt(Version, Version),
}

impl Ask {
    pub(super) fn of(self, migrator: &mut Migrator<'_>) -> Result<(), migrations::Error> {
        let report = match self {
            Ask::Up(to) => migrator.upgrade_to(to),
            Ask::Back(to) => migrator.rollback_to(to),
            Ask::Adopt(from, to) => migrator.upgrade_from(from, to),
        };
        report.map(drop)
    }
}

/// A mistake in a file on which the engine otherwise succeeds.
struct Mistake {
    what: &'static str,
    /// The SQL that plants the mistake in the file.
    sql: String,
    /// The error that the engine must return.
    kind: ErrorKind,
}

/// An application id that no application uses.
const NOBODY: i32 = 0x0BAD_F11E;

/// The application id for a catalogue without one.
const OURS: i32 = 0x6861_726E;

/// Checks files whose history or schema differs from the catalogue.
pub(crate) fn check_history(subject: &Subject<'_>, findings: &mut Findings) {
    let current = subject.catalogue.current_version();
    let Some((base, ask)) = way(subject) else {
        return;
    };
    let Ok(image) = image_of(subject.catalogue, base) else {
        return;
    };
    let update = |set: &str| format!("UPDATE {LEDGER_TABLE} SET {set} WHERE version = 1");
    let edited = update("up_digest = up_digest || 'x', up_sql = NULL");
    let mistakes = [
        (
            "its schema was changed",
            "CREATE TABLE harness_drift (a)".to_owned(),
            ErrorKind::Drifted,
        ),
        (
            "a step was edited after it was applied",
            edited,
            ErrorKind::HistoryEdited,
        ),
        (
            "its ledger has no rows",
            format!("DELETE FROM {LEDGER_TABLE}"),
            ErrorKind::HistoryEdited,
        ),
        (
            "its header has a different version",
            "PRAGMA user_version = 77".to_owned(),
            ErrorKind::HistoryEdited,
        ),
        (
            "it has tables but no ledger",
            format!("DROP TABLE {LEDGER_TABLE}"),
            ErrorKind::NotOurs,
        ),
    ];
    let mistakes = mistakes.map(|(what, sql, kind)| Mistake { what, sql, kind });
    refuse(subject.catalogue, &image, ask, &mistakes, findings);

    let foreign = Mistake {
        what: "it belongs to another application",
        sql: format!("PRAGMA application_id = {NOBODY}"),
        kind: ErrorKind::NotOurs,
    };
    let ours = match subject.catalogue.application_id() {
        0 => OURS,
        ours => ours,
    };
    if let Ok(catalogue) = Catalogue::new(subject.catalogue.steps().to_vec()) {
        let catalogue = catalogue.with_application_id(ours);
        refuse(&catalogue, &image, ask, &[foreign], findings);
    }
    check_adoption(subject, base, findings);
    if current > 1 {
        check_newer(subject, findings);
    }
}

/// A version to start from, and a destination: the newest step up, or back if there is only one.
fn way(subject: &Subject<'_>) -> Option<(Version, Ask)> {
    let current = subject.catalogue.current_version();
    match current {
        0 => None,
        1 => Some((1, Ask::Back(0))),
        _ => Some((current - 1, Ask::Up(current))),
    }
}

fn check_adoption(subject: &Subject<'_>, base: Version, findings: &mut Findings) {
    let without = || -> Result<Vec<u8>, Error> {
        let connection = subject.catalogue.build(base)?;
        let sql = format!("DROP TABLE {LEDGER_TABLE}; PRAGMA user_version = 0");
        connection.execute_batch(&sql)?;
        Ok(sandbox::image(&connection)?)
    };
    let Ok(image) = without() else { return };
    let mistake = Mistake {
        what: "it is adopted, but its schema is different",
        sql: "CREATE TABLE harness_drift (a)".to_owned(),
        kind: ErrorKind::Drifted,
    };
    refuse(
        subject.catalogue,
        &image,
        Ask::Adopt(base, base),
        &[mistake],
        findings,
    );
}

/// Checks a file of a build that is newer than the one that opens it.
fn check_newer(subject: &Subject<'_>, findings: &mut Findings) {
    let current = subject.catalogue.current_version();
    let older = current - 1;
    let (Ok(catalogue), Ok(newer), Ok(known)) = (
        subject.catalogue.cut_at(older),
        image_of(subject.catalogue, current),
        image_of(subject.catalogue, older),
    ) else {
        return;
    };
    let back = |what, set: &str| Mistake {
        what,
        sql: format!("UPDATE {LEDGER_TABLE} SET {set} WHERE version = {current}"),
        kind: ErrorKind::HistoryEdited,
    };
    let mistakes = [
        back(
            "its stored way back was changed",
            "down_sql = down_sql || ' SELECT 1;'",
        ),
        back(
            "the losses of its stored way back were changed",
            "down_loses = down_loses || 'harness'",
        ),
    ];
    refuse(&catalogue, &newer, Ask::Back(older), &mistakes, findings);
    findings.checked();
    let wrong = refusal(
        &catalogue,
        &newer,
        "",
        Ask::Up(older),
        proving(),
        ErrorKind::Newer,
    );
    // An older build still works with its own files.
    if goes(&catalogue, &known, "", Ask::Up(older)) {
        findings
            .found
            .extend(wrong.map(|wrong| finding("it was made by a newer build", wrong)));
    }
}

/// Checks that rows are not lost on the way back without consent.
pub(crate) fn check_consent(subject: &Subject<'_>, findings: &mut Findings) {
    for (version, file, script) in fixture::files(subject).found {
        let Ok(connection) = fixture::load(&script) else {
            continue;
        };
        let Ok(image) = sandbox::image(&connection) else {
            continue;
        };
        let (Some(older), ask) = (version.checked_sub(1), Ask::Back(version.saturating_sub(1)))
        else {
            continue;
        };
        let migrator = Migrator::with_connection(subject.catalogue, connection, proving());
        let plan = migrator.plan_to(older);
        let risk = plan.and_then(|plan| migrator.at_risk(&plan));
        let any = risk.is_ok_and(|risk| !risk.is_empty());
        if !any || !goes(subject.catalogue, &image, "", ask) {
            continue;
        }
        findings.checked();
        let options = proving().accept_loss(false);
        let kind = ErrorKind::ConsentNeeded;
        let wrong = refusal(subject.catalogue, &image, "", ask, options, kind);
        let object = format!("{file}, back to version {older} without consent");
        findings
            .found
            .extend(wrong.map(|wrong| Finding::new(object, wrong)));
    }
}

/// Reports each mistake that the engine does not refuse.
fn refuse(
    catalogue: &Catalogue,
    image: &[u8],
    ask: Ask,
    mistakes: &[Mistake],
    findings: &mut Findings,
) {
    if !goes(catalogue, image, "", ask) {
        return;
    }
    for Mistake { what, sql, kind } in mistakes {
        findings.checked();
        let wrong = refusal(catalogue, image, sql, ask, proving(), *kind);
        findings
            .found
            .extend(wrong.map(|wrong| finding(what, wrong)));
    }
}

fn finding(what: &str, wrong: String) -> Finding {
    Finding::new(format!("a file that must be refused: {what}"), wrong)
        .hint("the engine must not change a file that it does not know")
}

/// The empty database of a version.
pub(super) fn image_of(catalogue: &Catalogue, version: Version) -> Result<Vec<u8>, Error> {
    Ok(sandbox::image(&catalogue.build(version)?)?)
}

/// Whether the engine succeeds with the operation.
pub(super) fn goes(catalogue: &Catalogue, image: &[u8], sql: &str, ask: Ask) -> bool {
    let Ok(connection) = changed(image, sql) else {
        return false;
    };
    ask.of(&mut Migrator::with_connection(
        catalogue,
        connection,
        proving(),
    ))
    .is_ok()
}

fn changed(image: &[u8], sql: &str) -> Result<Connection, Error> {
    let connection = sandbox::from_image(image)?;
    // `PRAGMA application_id = …` returns no row, but other statements do.
    connection.execute_batch(sql)?;
    Ok(connection)
}

/// Reports a wrong refusal of the file after `sql`; `None` if the engine refuses the file as it
/// should, and leaves the file and the connection as they were.
pub(super) fn refusal(
    catalogue: &Catalogue,
    image: &[u8],
    sql: &str,
    ask: Ask,
    options: Options,
    kind: ErrorKind,
) -> Option<String> {
    let connection = changed(image, sql).ok()?;
    let before = sandbox::image(&connection).ok()?;
    let set = settings(&connection);
    let mut migrator = Migrator::with_connection(catalogue, connection, options);
    let asked = ask.of(&mut migrator);
    let connection = migrator.into_connection();
    let Err(error) = asked else {
        return Some("the engine accepted it".to_owned());
    };
    let first = error.to_string();
    let first = first.lines().next().unwrap_or_default();
    if !connection.is_autocommit() {
        return Some(format!("its transaction is left open, after: {first}"));
    }
    if sandbox::image(&connection).is_ok_and(|after| after != before) {
        return Some(format!("the file was changed, after: {first}"));
    }
    if !matches!(error.outcome(), Outcome::Untouched | Outcome::RolledBack) {
        return Some(format!(
            "the file is as it was, but the error reports the outcome {:?}",
            error.outcome()
        ));
    }
    if error.kind() != kind {
        return Some(format!(
            "the error is {:?} instead of {kind:?}: {first}",
            error.kind()
        ));
    }
    (settings(&connection) != set).then(|| settings_changed(set, settings(&connection)))
}

/// The foreign keys setting and `synchronous` of a connection, which belong to the application.
pub(super) fn settings(connection: &Connection) -> (bool, i64) {
    let keys = connection.db_config(SQLITE_DBCONFIG_ENABLE_FKEY);
    let synchronous = connection.pragma_query_value(None, "synchronous", |row| row.get(0));
    (keys.unwrap_or_default(), synchronous.unwrap_or(-1))
}

pub(super) fn settings_changed(before: (bool, i64), after: (bool, i64)) -> String {
    format!(
        "the connection had foreign_keys {} and synchronous {}, but {} and {} after the run",
        before.0, before.1, after.0, after.1
    )
}
