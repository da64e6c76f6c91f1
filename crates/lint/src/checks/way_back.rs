//! Checks what a down migration does to rows: to those that the step kept, and to those that people
//! made since.

use schema::sql::fold;

use crate::differences::effect::ScriptEffect;
use crate::differences::rows::{Changed, RowChanges, SHOWN, compare};
use crate::finding::{Diagnostic, Direction, Origin, Rule, Severity};
use crate::runner::state::State;
use crate::script::lineage::TableLineage;
use crate::script::statement::{Effect, Statement};

/// Rows and values that the step kept and the down migration did not. `forth` is the effect of the
/// step, `end` the state after the down migration, and `statements` those of the down migration.
pub(crate) fn check_round_trip(
    forth: &ScriptEffect<'_>,
    end: &State,
    statements: &[Statement],
) -> Vec<Diagnostic> {
    let origin = Origin {
        direction: Direction::Down,
        ..forth.origin
    };
    let mut found = Vec::new();
    for (name, kin) in &forth.lineage.kin {
        let Some(there) = forth.rows.get(name) else {
            continue;
        };
        let Some(back) = compare_both_ways(forth, end, name, kin, there) else {
            continue;
        };
        let mut lines = statements.iter();
        let line = lines.find(|line| line.mentions(name));
        let line = line.map(|line| line.line);
        let lost = |object: String, message: String| {
            let rule = Rule::DownLosesRows;
            Diagnostic::new(rule, Severity::Error, origin, object, message).with_line(line)
        };
        if back.lost.len() > there.lost.len() {
            let message = format!(
                "rows of `{}` that the step kept are gone after the down migration",
                kin.name
            );
            let shown = back.lost.iter().take(SHOWN).cloned().collect();
            let count = back.lost.len() - there.lost.len();
            let mut diagnostic = lost(kin.name.clone(), message).with_rows(count, shown);
            if is_inserted_by_the_step(forth, kin, &back.lost) {
                let condition = "only if such a row is there before the step, which inserts it";
                diagnostic = diagnostic.limit_to_warning(condition);
            }
            found.push(diagnostic);
        }
        for (column, changed) in &back.changed {
            let object = format!("{}.{column}", kin.name);
            let message =
                format!("values of `{object}` that the step kept differ after the down migration");
            let shown = changed.iter().take(SHOWN).map(Changed::shown).collect();
            found.push(lost(object, message).with_rows(changed.len(), shown));
        }
    }
    found
}

/// Changes of values that the down migration takes back for every row are reversible, whatever the
/// way forward looks like: the diagnostics with these as notes.
pub(crate) fn weigh_restored_values(
    forth: &ScriptEffect<'_>,
    end: &State,
    diagnostics: Vec<Diagnostic>,
) -> Vec<Diagnostic> {
    let restored = |own: &Diagnostic| {
        let (table, column) = own.object.split_once('.')?;
        let name = fold(table);
        let kin = forth.lineage.kin.get(&name)?;
        forth.left_out_id(&name, kin).is_none().then_some(())?;
        let column = fold(column);
        let (was, is) = (forth.before.tables.get(&name)?, end.tables.get(&name)?);
        let kept = kin.kept();
        let pairs = kept.iter().filter(|(name, _)| is.place(name).is_some());
        let pairs: Vec<(String, String)> = pairs
            .map(|(name, _)| (name.clone(), name.clone()))
            .collect();
        let back = compare(was, is, &pairs, forth.keeps_keys(&name, kin));
        let differs = back.changed.contains_key(&column) || !back.lost.is_empty();
        (!differs).then_some(())
    };
    let weighed = diagnostics.into_iter().map(|mut own| {
        let stated = own.rule == Rule::ValuesChanged && own.severity == Severity::Warning;
        if stated && restored(&own).is_some() {
            own.severity = Severity::Note;
            own.message = format!("{}; the down migration restores them", own.message);
        }
        own
    });
    weighed.collect()
}

/// Whether each of the rows has a text that the step itself inserts: one that it inserts if it is
/// missing looks the same.
fn is_inserted_by_the_step(forth: &ScriptEffect<'_>, kin: &TableLineage, rows: &[String]) -> bool {
    let inserts = forth.statements.iter().filter(|line| match &line.effect {
        Effect::Insert(into, _) => kin.is(into),
        Effect::Copy(copy) => kin.is(&copy.into),
        _ => false,
    });
    let literals = inserts.flat_map(|line| &line.demands.all_literals);
    let texts: Vec<&String> = literals.filter(|text| text.starts_with('\'')).collect();
    rows.iter()
        .all(|row| texts.iter().any(|text| row.contains(text.as_str())))
}

/// How the rows of one table differ from before the step to after the down migration, in the
/// columns that the step kept.
fn compare_both_ways(
    forth: &ScriptEffect<'_>,
    end: &State,
    name: &str,
    kin: &TableLineage,
    there: &RowChanges,
) -> Option<RowChanges> {
    let (was, is) = (forth.before.tables.get(name)?, end.tables.get(name)?);
    let kept = kin.kept();
    let id = forth.left_out_id(name, kin).map(|(id, _)| id);
    let same = (kept.iter()).filter(|(was, _)| {
        let own = fold(was);
        is.place(was).is_some() && !there.changed.contains_key(&own) && Some(own) != id
    });
    let same: Vec<(String, String)> = same.map(|(was, _)| (was.clone(), was.clone())).collect();
    if same.is_empty() {
        return None;
    }
    let kept = id.is_none() && forth.keeps_keys(name, kin);
    Some(compare(was, is, &same, kept))
}

/// A loss on the down migration, of what people made since the step: that what the step added goes
/// again is what a down migration is for.
pub(crate) fn keep_losses_of_new_rows(
    losses: Vec<Diagnostic>,
    statements: &[Statement],
) -> Vec<Diagnostic> {
    // An `UPDATE` of a down migration says which values the older version has.
    let by_copy = |own: &Diagnostic| {
        let line = statements.iter().find(|line| Some(line.line) == own.line);
        line.is_some_and(|line| matches!(line.effect, Effect::Copy(_)))
    };
    let is_loss = |own: &Diagnostic| match own.rule {
        Rule::RowsLost => own.severity > Severity::Note,
        Rule::ValuesChanged => {
            own.severity == Severity::Error || own.severity > Severity::Note && by_copy(own)
        }
        Rule::RowsLostByCascade => true,
        _ => false,
    };
    let losses = losses.into_iter().filter(is_loss);
    let losses = losses.map(|own| Diagnostic {
        rule: Rule::DownLosesRows,
        ..own
    });
    losses.collect()
}
