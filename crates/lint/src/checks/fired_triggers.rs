//! Checks an effect for rows that triggers wrote into tables that no statement names.

use schema::sql::fold;

use crate::differences::effect::ScriptEffect;
use crate::finding::{Diagnostic, Rule, Severity};
use crate::script::statement::{Effect, Statement};

/// The tables that gained rows by a trigger alone.
pub(crate) fn check(effect: &ScriptEffect<'_>) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    for (name, before) in &effect.before.tables {
        let kin = effect.lineage.kin.get(name);
        let Some(now) = kin.and_then(|kin| kin.after.as_deref()) else {
            continue;
        };
        let Some(after) = effect.after.tables.get(now) else {
            continue;
        };
        let gained = after.rows.len().saturating_sub(before.rows.len());
        let inserts = |line: &Statement| match &line.effect {
            Effect::Insert(into, _) => kin.is_some_and(|kin| kin.is(into)),
            Effect::Copy(copy) => kin.is_some_and(|kin| kin.is(&copy.into)),
            _ => false,
        };
        if gained == 0 || effect.statements.iter().any(inserts) {
            continue;
        }
        let Some((trigger, line)) = find_trigger(effect, name) else {
            continue;
        };
        let message = format!(
            "the statement fires the trigger `{}` of `{}` for each row, and it adds rows to \
             `{name}` that no user caused",
            trigger.name, trigger.table
        );
        let rule = Rule::BackfillFiresTriggers;
        let diagnostic = Diagnostic::new(rule, Severity::Warning, effect.origin, name, message);
        found.push(
            diagnostic
                .with_line(Some(line.line))
                .with_rows(gained, Vec::new()),
        );
    }
    found
}

/// The trigger that names the table, and the statement that fires it.
fn find_trigger<'a>(
    effect: &'a ScriptEffect<'_>,
    table: &str,
) -> Option<(&'a schema::Trigger, &'a Statement)> {
    let mut triggers = effect.before.schema.triggers();
    triggers.find_map(|trigger| {
        fold(&trigger.text).contains(table).then_some(())?;
        let own = fold(&trigger.table);
        let mut statements = effect.statements.iter();
        let line = statements.find(|line| match &line.effect {
            Effect::Update(of, _) | Effect::Delete(of) => *of == own,
            Effect::Insert(into, _) => *into == own,
            Effect::Copy(copy) => copy.into == own,
            _ => false,
        })?;
        Some((trigger, line))
    })
}
