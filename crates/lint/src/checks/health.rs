//! Checks an effect for damage that was not there before: broken keys, integrity, search tables,
//! counters.

use std::collections::BTreeMap;

use schema::Table;
use schema::sql::fold;

use crate::checks::referrers::find_loose_referrer;
use crate::differences::effect::ScriptEffect;
use crate::differences::rows::SHOWN;
use crate::finding::{Diagnostic, Rule, Severity};
use crate::script::statement::Effect;

/// Broken keys, damage, search tables and marks.
pub(crate) fn check(effect: &ScriptEffect<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    check_orphans(effect, &mut found);
    check_integrity(effect, &mut found);
    check_searches(effect, &mut found);
    check_marks(effect, &mut found);
    found
}

fn check_orphans(effect: &ScriptEffect<'_>, found: &mut Vec<Diagnostic>) {
    let now_called = |name: &str| {
        let kin = effect.lineage.kin.get(name);
        kin.and_then(|kin| kin.after.clone())
            .unwrap_or_else(|| name.to_owned())
    };
    let mut before: BTreeMap<(String, String), usize> = BTreeMap::new();
    for ((child, parent), rows) in &effect.before.orphans {
        let key = (now_called(child), now_called(parent));
        *before.entry(key).or_default() += rows.len();
    }
    for (pair, rows) in &effect.after.orphans {
        let known = before.get(pair).copied().unwrap_or(0);
        let (child, parent) = pair;
        // Another check reports a parent that is missing as a whole.
        if rows.len() <= known || effect.after.schema.table(parent).is_none() {
            continue;
        }
        let had_key = effect.lineage.named_after(child).is_some_and(|kin| {
            let table = effect.before.schema.table(&kin.name);
            table.is_some_and(|table| {
                let mut keys = table.foreign_keys.iter();
                keys.any(|key| now_called(&fold(&key.parent)) == *parent)
            })
        });
        let (severity, message) = if had_key {
            (
                Severity::Error,
                format!(
                    "rows of `{child}` refer to rows of `{parent}` that the script took, and \
                     SQLite says nothing while foreign keys are off"
                ),
            )
        } else {
            (
                Severity::Warning,
                format!(
                    "the new key from `{child}` to `{parent}` does not hold for rows that were \
                     allowed before, and nothing checks it"
                ),
            )
        };
        let cause = effect.statements.iter().find(|line| match &line.effect {
            Effect::Drop(name) | Effect::Delete(name) => name == parent,
            _ => false,
        });
        let line = cause.or_else(|| effect.statements.iter().find(|line| line.mentions(parent)));
        found.push(
            Diagnostic::new(
                Rule::ForeignKeyViolated,
                severity,
                effect.origin,
                child,
                message,
            )
            .with_line(line.map(|line| line.line))
            .with_rows(
                rows.len() - known,
                rows.iter().take(SHOWN).cloned().collect(),
            ),
        );
    }
}

fn check_integrity(effect: &ScriptEffect<'_>, found: &mut Vec<Diagnostic>) {
    for sentence in &effect.after.integrity {
        if effect.before.integrity.contains(sentence) {
            continue;
        }
        let message = format!("`PRAGMA integrity_check` finds: {sentence}");
        let mut names = effect.after.schema.tables().map(|table| &table.name);
        let object = names.find(|name| sentence.contains(name.as_str())).cloned();
        let object = object.unwrap_or_default();
        let line = effect
            .statements
            .iter()
            .find(|line| line.mentions("writable_schema"));
        let line = line.or_else(|| {
            effect
                .statements
                .iter()
                .find(|line| !object.is_empty() && line.mentions(&object))
        });
        found.push(
            Diagnostic::new(
                Rule::Integrity,
                Severity::Error,
                effect.origin,
                object,
                message,
            )
            .with_line(line.map(|line| line.line)),
        );
    }
}

fn check_searches(effect: &ScriptEffect<'_>, found: &mut Vec<Diagnostic>) {
    for name in effect.after.searches.difference(&effect.before.searches) {
        let content = effect.after.schema.table(name).and_then(|table| {
            observe::search_option(table, "content").filter(|name| !name.is_empty())
        });
        let about = content.clone().unwrap_or_else(|| name.clone());
        let line = effect
            .statements
            .iter()
            .rev()
            .find(|line| line.mentions(&about) && line.effect != Effect::Other);
        let line = line.or_else(|| effect.statements.iter().find(|line| line.mentions(name)));
        let message = match content {
            Some(content) => format!(
                "the search table `{name}` does not follow what the script does to `{content}`: \
                 searches answer with other rows, and `integrity_check` is content"
            ),
            None => format!("the search table `{name}` does not agree with its own rows"),
        };
        found.push(
            Diagnostic::new(
                Rule::FtsOutOfStep,
                Severity::Error,
                effect.origin,
                name,
                message,
            )
            .with_line(line.map(|line| line.line)),
        );
    }
}

fn check_marks(effect: &ScriptEffect<'_>, found: &mut Vec<Diagnostic>) {
    for (name, was) in &effect.before.sequences {
        let Some(kin) = effect.lineage.kin.get(name).filter(|kin| !kin.made_anew) else {
            continue;
        };
        let Some(now) = &kin.after else { continue };
        let key = effect
            .after
            .schema
            .table(now)
            .and_then(|table| table.primary_key.as_ref());
        // Another check reports ids that the copy leaves out.
        if effect.left_out_id(name, kin).is_some() {
            continue;
        }
        let is = effect.after.sequences.get(now).copied().unwrap_or(0);
        if is >= *was || !key.is_some_and(|key| key.autoincrement) {
            continue;
        }
        let spelled = effect.statements.iter().find(|line| match &line.effect {
            Effect::Update(of, _) | Effect::Delete(of) => of == "sqlite_sequence",
            _ => false,
        });
        // A key refers to no deleted row; a column without one may.
        let id = effect
            .before
            .schema
            .table(name)
            .and_then(Table::rowid_alias);
        let referrer = id.and_then(|id| find_loose_referrer(&effect.before.schema, name, id));
        let message = format!(
            "the AUTOINCREMENT counter drops from {was} to {is} when `{}` is rebuilt, so ids of \
             deleted rows will be reused{}",
            kin.name,
            referrer.map_or_else(String::new, |referrer| format!(
                ", and {referrer} may hold one of them"
            )),
        );
        let line = spelled
            .map(|line| line.line)
            .or(kin.drop_line(effect.statements));
        found.push(
            Diagnostic::new(
                Rule::SequenceSteppedBack,
                Severity::Warning,
                effect.origin,
                &kin.name,
                message,
            )
            .with_line(line),
        );
    }
}
