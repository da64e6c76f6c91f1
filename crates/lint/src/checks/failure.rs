//! Checks a script that passes on an empty database and stopped on rows: whether it is at fault.

use rusqlite::ffi;
use schema::{ChangeKind, Comparison, Object, Schema};

use crate::finding::{Diagnostic, Direction, Origin, Rule, Severity};
use crate::runner::execute::Failure;
use crate::runner::step::StepRun;
use crate::script::lineage::Lineage;
use crate::script::statement::{Effect, Statement};
use schema::sql::fold;

/// The diagnostic of a script that stopped on rows; `None` where only the limits of the check
/// stopped it.
pub(crate) fn check(
    run: &StepRun<'_>,
    direction: Direction,
    failure: &Failure,
) -> Option<Diagnostic> {
    if failure.is_no_fault() {
        return None;
    }
    let (rule, what) = match direction {
        Direction::Up => (Rule::StepFailsOnRows, "the step"),
        Direction::Down => (Rule::DownFailsOnRows, "the down migration"),
    };
    let mut message = format!(
        "{what} passes on an empty database and fails on rows: {}",
        failure.words
    );
    let mut severity = Severity::Error;
    let (before, after) = (run.schema_before(direction), run.schema_after(direction));
    let named_row = inserts_named_row(run.statements(direction), failure);
    let new_rule = tightens(failure.code, before, after)
        || is_of_a_new_table(failure, before)
        // No generated row has to keep a rule that only the application knows.
        || failure.code == ffi::SQLITE_CONSTRAINT_CHECK
        // No column says that it holds JSON; an index that reads it as such is such a rule, too.
        || failure.words.contains("malformed JSON");
    if named_row {
        severity = Severity::Warning;
        message += "; it holds only if a row of that key is there already";
    } else if new_rule && !deletes(run.statements(direction), failure) {
        severity = Severity::Warning;
        message += "; the schema before allows such rows, so it holds only if the application \
            never wrote one";
    }
    if let Some(left) = &failure.half_applied {
        message = format!("{message}; {}", left.describe());
    }
    let object = name_as_before(&constrained(failure), run.lineage(direction));
    let diagnostic = Diagnostic::new(rule, severity, run.origin(direction), object, message);
    Some(diagnostic.with_line(Some(failure.line)))
}

/// The diagnostic of a step that stopped on rows of an earlier version; `None` where only the
/// limits of the check stopped it.
pub(crate) fn check_carried(
    origin: Origin,
    lineage: &Lineage,
    failure: &Failure,
) -> Option<Diagnostic> {
    if failure.is_no_fault() {
        return None;
    }
    let message = format!(
        "rows carried from an earlier version make the step fail: {}",
        failure.words
    );
    let (rule, severity) = (Rule::StepFailsOnRows, Severity::Warning);
    let object = name_as_before(&constrained(failure), lineage);
    let diagnostic = Diagnostic::new(rule, severity, origin, object, message);
    Some(diagnostic.with_line(Some(failure.line)))
}

/// The columns or the index whose constraint failed, as SQLite names them; empty where it names
/// none.
fn constrained(failure: &Failure) -> String {
    let unique = [
        ffi::SQLITE_CONSTRAINT_UNIQUE,
        ffi::SQLITE_CONSTRAINT_PRIMARYKEY,
        ffi::SQLITE_CONSTRAINT_NOTNULL,
    ];
    let named = failure.words.split_once(" constraint failed: ");
    match named.filter(|_| unique.contains(&failure.code)) {
        Some((_, rest)) => rest.split(';').next().unwrap_or(rest).trim().to_owned(),
        None => String::new(),
    }
}

/// Columns of a copy, under the name of the table that the copy becomes.
fn name_as_before(columns: &str, lineage: &Lineage) -> String {
    let name = |column: &str| {
        let (table, column) = column.split_once('.')?;
        let own = fold(table);
        let kin = lineage.kin.values().find(|kin| kin.is(&own))?;
        Some(format!("{}.{column}", kin.name))
    };
    let names = columns.split(", ");
    let names: Vec<String> = names
        .map(|column| name(column).unwrap_or_else(|| column.to_owned()))
        .collect();
    names.join(", ")
}

/// Whether a key refuses a deletion, at once or at COMMIT: that depends on rows which every
/// application has.
fn deletes(statements: &[Statement], failure: &Failure) -> bool {
    failure.code == ffi::SQLITE_CONSTRAINT_FOREIGNKEY
        && (statements.get(failure.place))
            .is_none_or(|line| matches!(line.effect, Effect::Drop(_) | Effect::Delete(_)))
}

/// Whether the statement that failed inserts rows that it names, under keys that other rows have.
fn inserts_named_row(statements: &[Statement], failure: &Failure) -> bool {
    let unique = [
        ffi::SQLITE_CONSTRAINT_UNIQUE,
        ffi::SQLITE_CONSTRAINT_PRIMARYKEY,
        ffi::SQLITE_CONSTRAINT_ROWID,
    ];
    let line = statements.get(failure.place);
    unique.contains(&failure.code) && line.is_some_and(|line| !line.demands.rows.is_empty())
}

/// Whether the rule is of a table that the script makes: `UNIQUE constraint failed: table.column`.
fn is_of_a_new_table(failure: &Failure, before: &Schema) -> bool {
    let named = failure.words.split_once(" constraint failed: ");
    let table = named.and_then(|(_, rest)| rest.split_once('.'));
    let unique = [
        ffi::SQLITE_CONSTRAINT_UNIQUE,
        ffi::SQLITE_CONSTRAINT_PRIMARYKEY,
    ];
    unique.contains(&failure.code) && table.is_some_and(|(table, _)| before.table(table).is_none())
}

/// Whether the failure is a rule that is new, which rows that were allowed before need not keep.
/// That NULL is refused is none of these: rows without NULL show whether that hangs on the rows.
fn tightens(code: i32, before: &Schema, after: &Schema) -> bool {
    let changes = Comparison::new(before, after).changes();
    let comes = |objects: &[Object]| {
        changes.iter().any(|change| {
            change.kind != ChangeKind::Drop
                && change.kind != ChangeKind::Rename
                && objects.contains(&change.object)
        })
    };
    match code {
        ffi::SQLITE_CONSTRAINT_UNIQUE | ffi::SQLITE_CONSTRAINT_PRIMARYKEY => {
            comes(&[Object::Unique, Object::PrimaryKey, Object::Index])
        }
        ffi::SQLITE_CONSTRAINT_CHECK => comes(&[Object::Check]),
        ffi::SQLITE_CONSTRAINT_FOREIGNKEY => comes(&[Object::ForeignKey]),
        _ => false,
    }
}
