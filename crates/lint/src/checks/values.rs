//! Explains values that a script changed: by which statement, or by what else.

use std::collections::BTreeSet;

use observe::Value;
use schema::Table;
use schema::sql::fold;

use crate::differences::effect::ScriptEffect;
use crate::differences::rows::{Changed, merges_values, same_meaning};
use crate::finding::{Diagnostic, Rule, Severity};
use crate::script::lineage::{TableLineage, source_of};
use crate::script::statement::{Effect, Source, Statement};

/// A column whose values are others after a script.
pub(crate) struct ChangedColumn<'a> {
    pub(crate) kin: &'a TableLineage,
    /// Its table, before.
    pub(crate) was: &'a Table,
    /// Its folded name before.
    pub(crate) name: &'a str,
    /// Its name after.
    pub(crate) to: &'a str,
    pub(crate) values: &'a [Changed],
    /// The values that other rows of the column kept.
    pub(crate) kept: Option<&'a BTreeSet<Value>>,
    /// The functions that return NULL in place of the application's, with their arguments.
    pub(crate) stubs: &'a [(String, i32)],
    /// The severity of a loss that the script states and nobody can undo.
    pub(crate) stated: Severity,
}

impl ChangedColumn<'_> {
    /// Whether the old values cannot be worked out from the new ones.
    fn is_irreversible(&self) -> bool {
        merges_values(self.values, self.kept)
    }
}

/// Why the values are others, and by which line.
struct Reason {
    severity: Severity,
    message: String,
    line: Option<usize>,
}

/// Why the values of a column are others.
pub(crate) fn check(effect: &ScriptEffect<'_>, column: &ChangedColumn<'_>) -> Diagnostic {
    let object = format!("{}.{}", column.kin.name, column.name);
    let reason = explain_by_update(effect, column, &object)
        .or_else(|| explain_by_copy(effect, column, &object))
        .or_else(|| explain_by_type(effect, column))
        .or_else(|| explain_by_parent(effect, column, &object))
        .or_else(|| explain_by_replacement(effect, column, &object))
        .unwrap_or_else(|| explain_by_nothing(effect, column, &object));
    let (rule, severity) = (Rule::ValuesChanged, reason.severity);
    Diagnostic::new(rule, severity, effect.origin, object, reason.message).with_line(reason.line)
}

fn explain_by_update(
    effect: &ScriptEffect<'_>,
    column: &ChangedColumn<'_>,
    object: &str,
) -> Option<Reason> {
    // A column that takes its place was set under another name.
    let renamed = |own: &String| {
        effect.statements.iter().any(|line| {
            matches!(&line.effect, Effect::RenameColumn(of, from, to)
                if column.kin.is(of) && from == own && to == column.to)
        })
    };
    let sets = |own: &String| own == column.name || own == column.to || renamed(own);
    let line = effect.statements.iter().find(|line| {
        let into = match &line.effect {
            Effect::Update(of, columns) => return column.kin.is(of) && columns.iter().any(sets),
            Effect::Insert(into, _) => into,
            Effect::Copy(copy) => &copy.into,
            _ => return false,
        };
        column.kin.is(into) && line.demands.upserts.iter().any(sets)
    })?;
    let verb = match &line.effect {
        Effect::Update(..) => "UPDATE",
        _ => "DO UPDATE",
    };
    let upsert = !matches!(line.effect, Effect::Update(..));
    let literal = line.demands.assigned.iter().any(|(own, _)| sets(own));
    let stubbed = column.stubs.iter().any(|(name, _)| line.mentions(name));
    let (severity, message) = if !stubbed && (upsert || literal || column.is_irreversible()) {
        let message = format!(
            "`{verb}` overwrites `{object}`, and the old values cannot be worked out from the new \
             ones"
        );
        (column.stated, message)
    } else {
        let message = format!("`{verb}` gives `{object}` other values");
        (Severity::Note, message)
    };
    Some(Reason {
        severity,
        message,
        line: Some(line.line),
    })
}

/// The table that has the rows after the script.
fn table_after<'a>(effect: &ScriptEffect<'a>, kin: &TableLineage) -> Option<&'a Table> {
    let now = kin.after.as_deref()?;
    effect.after.schema.table(now)
}

fn explain_by_copy(
    effect: &ScriptEffect<'_>,
    column: &ChangedColumn<'_>,
    object: &str,
) -> Option<Reason> {
    let ChangedColumn { was, to, .. } = *column;
    let now = table_after(effect, column.kin)?;
    let mut copies = column.kin.copies(effect.statements);
    copies.find_map(|(line, copy)| {
        let by_position = copy.columns.is_empty();
        let (severity, message) = match source_of(copy, now, was, to) {
            Some(Source::Other(_)) if column.is_irreversible() => (
                column.stated,
                format!(
                    "the copy computes `{object}` by an expression, and the old values cannot be \
                     worked out from the new ones"
                ),
            ),
            Some(Source::Other(_)) => (
                Severity::Note,
                format!("the copy computes `{object}` by an expression"),
            ),
            Some(Source::Column(from)) if from != column.name && by_position => (
                Severity::Error,
                format!(
                    "the copy goes by position and puts the values of `{from}` into `{to}`, \
                     because the columns stand in another order"
                ),
            ),
            Some(Source::Column(from)) if from != column.name => (
                Severity::Warning,
                format!("the copy puts the values of `{from}` into `{to}`"),
            ),
            None if !by_position => (
                Severity::Error,
                format!(
                    "the copy names no value for `{to}`, so the rows that it takes have its \
                     default instead of what `{object}` held"
                ),
            ),
            _ => return None,
        };
        Some(Reason {
            severity,
            message,
            line: Some(line.line),
        })
    })
}

/// A value that another declared type converts.
fn explain_by_type(effect: &ScriptEffect<'_>, column: &ChangedColumn<'_>) -> Option<Reason> {
    let ChangedColumn { was, to, .. } = *column;
    let now = table_after(effect, column.kin)?;
    let (old, new) = (was.column(column.name)?, now.column(to)?);
    if old.affinity == new.affinity && was.strict == now.strict {
        return None;
    }
    let kind = new.declared_type.as_deref().unwrap_or("no type");
    let mut values = column.values.iter();
    let (severity, message) = if values.all(|value| same_meaning(&value.was, &value.is)) {
        let message =
            format!("`{to}` is declared `{kind}` now, and its values are stored in that type");
        (Severity::Note, message)
    } else {
        let message = format!(
            "`{to}` is declared `{kind}` now, and its affinity turns values into others that \
             cannot be turned back"
        );
        (Severity::Error, message)
    };
    let mut copies = column.kin.copies(effect.statements);
    Some(Reason {
        severity,
        message,
        line: copies.next().map(|(line, _)| line.line),
    })
}

/// A parent of the column whose rows the script deletes.
fn explain_by_parent(
    effect: &ScriptEffect<'_>,
    column: &ChangedColumn<'_>,
    object: &str,
) -> Option<Reason> {
    if !effect.origin.mode.foreign_keys {
        return None;
    }
    let mut keys = column.was.foreign_keys.iter();
    let key = keys.find(|key| key.columns.iter().any(|own| fold(own) == column.name))?;
    let parent = fold(&key.parent);
    let deletes = |line: &&Statement| match &line.effect {
        Effect::Drop(name) | Effect::Delete(name) | Effect::Insert(name, true) => *name == parent,
        Effect::Copy(copy) => copy.replaces && copy.into == parent,
        _ => false,
    };
    let line = effect.statements.iter().find(deletes)?;
    Some(Reason {
        severity: Severity::Error,
        message: format!(
            "rows of `{}` are deleted while foreign keys are on, and the key of `{object}` then \
             sets another value",
            key.parent
        ),
        line: Some(line.line),
    })
}

/// A row that a different row with the same key replaced.
fn explain_by_replacement(
    effect: &ScriptEffect<'_>,
    column: &ChangedColumn<'_>,
    object: &str,
) -> Option<Reason> {
    let replaces = |line: &&Statement| match &line.effect {
        Effect::Insert(into, true) => column.kin.is(into),
        Effect::Copy(copy) => copy.replaces && column.kin.is(&copy.into),
        _ => false,
    };
    let line = effect.statements.iter().find(replaces)?;
    Some(Reason {
        severity: Severity::Error,
        message: format!(
            "`OR REPLACE` puts a row with the same key in the place of the old one, and what it \
             does not name of `{object}` is its default"
        ),
        line: Some(line.line),
    })
}

fn explain_by_nothing(
    effect: &ScriptEffect<'_>,
    column: &ChangedColumn<'_>,
    object: &str,
) -> Reason {
    let kin = column.kin;
    let triggered = effect
        .statements
        .iter()
        .any(|line| matches!(&line.effect, Effect::Update(of, _) if kin.is(of)));
    let copy = kin.copies(effect.statements).next();
    let line = copy.map(|(line, _)| line.line);
    Reason {
        severity: if triggered {
            Severity::Warning
        } else {
            Severity::Error
        },
        message: format!(
            "no statement names `{object}`, and its values are others afterwards, by a trigger or \
             a key"
        ),
        line: line.or(kin.drop_line(effect.statements)),
    }
}
