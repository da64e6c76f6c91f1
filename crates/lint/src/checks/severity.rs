//! The stage that weighs diagnostics: how severe each is by the rows that it takes to see it. The
//! passes make the runs; this stage says which they need, and compares what they showed.

use std::collections::BTreeSet;

use crate::finding::{Diagnostic, Rule, Severity};
use crate::runner::chosen_rows::ClashKind;

const NULLS: &str = "only for rows with NULL, which the schema allows";
const CHOSEN: &str = "only for values that the statements change or compare with";
const EDGES: &str = "only for values at the edges of what SQLite stores";

/// The diagnostics of a step, by the rows on which it ran.
pub(crate) struct Evidence {
    /// On rows as an application has them.
    pub(crate) plain: Vec<Diagnostic>,
    /// On further rows, where plain ones showed an error or stopped the step.
    pub(crate) more: Option<MoreEvidence>,
    /// On rows that are legal before the script and clash with it.
    pub(crate) clashing: Vec<Clashing>,
    /// On rows with values at the edges.
    pub(crate) hostile: Vec<Diagnostic>,
}

/// The diagnostics of a run on rows that clash with the script.
pub(crate) struct Clashing {
    /// When users have such rows, as a clause after "only if".
    pub(crate) condition: String,
    pub(crate) kind: ClashKind,
    pub(crate) diagnostics: Vec<Diagnostic>,
}

/// The diagnostics of further runs after an error on plain rows.
pub(crate) struct MoreEvidence {
    /// On the same rows without NULL.
    pub(crate) without_nulls: Vec<Diagnostic>,
    /// Whether the script came to its end without NULL.
    pub(crate) passes_without_nulls: bool,
    /// On rows that were repaired where the plain ones stopped the script.
    pub(crate) repaired: Vec<Diagnostic>,
    /// On the empty database, where rows without NULL stopped the script as well.
    pub(crate) empty: Vec<Diagnostic>,
}

/// Whether rows stopped a script.
pub(crate) fn is_stopped(diagnostics: &[Diagnostic]) -> bool {
    let fails = [Rule::StepFailsOnRows, Rule::DownFailsOnRows];
    diagnostics.iter().any(|own| fails.contains(&own.rule))
}

/// Whether one of the diagnostics is an error.
pub(crate) fn has_error(diagnostics: &[Diagnostic]) -> bool {
    let mut all = diagnostics.iter();
    all.any(|own| own.severity == Severity::Error)
}

/// The diagnostics of a run on rows with chosen ones among them. Where only these stopped the
/// script, the run without them shows what comes after, and that it stops is a warning.
pub(crate) fn weigh_chosen(
    plain: Vec<Diagnostic>,
    run_without: impl FnOnce() -> Vec<Diagnostic>,
) -> Vec<Diagnostic> {
    if !is_stopped(&plain) {
        return plain;
    }
    let mut without = run_without();
    if is_stopped(&without) {
        return plain;
    }
    let stops = plain.into_iter().map(|own| own.limit_to_warning(CHOSEN));
    add_unknown(&mut without, stops);
    without
}

/// The diagnostics of all runs, each at the severity that its rows allow.
pub(crate) fn weigh(evidence: Evidence) -> Vec<Diagnostic> {
    let mut weighed = evidence.plain;
    if let Some(more) = evidence.more {
        weighed = weigh_nulls(weighed, more.without_nulls);
        for own in more.repaired {
            if weighed.iter().all(|other| other.key() != own.key()) {
                // Rows without NULL came to the end and did not show it, so it depends on NULL.
                let on_nulls = more.passes_without_nulls;
                weighed.push(if on_nulls {
                    own.limit_to_warning(NULLS)
                } else {
                    own
                });
            }
        }
        add_unknown(&mut weighed, more.empty);
    }
    for clashing in evidence.clashing {
        for own in clashing.diagnostics {
            let own = weigh_clash(own, &clashing.condition, clashing.kind);
            match weighed.iter_mut().find(|other| other.key() == own.key()) {
                // Plain rows may show it by chance, on a NULL for instance.
                Some(other) if other.severity < own.severity => *other = own,
                Some(_) => {}
                None => weighed.push(own),
            }
        }
    }
    let hostile = evidence
        .hostile
        .into_iter()
        .map(|own| own.limit_to_warning(EDGES));
    add_unknown(&mut weighed, hostile);
    weighed
}

/// A diagnostic that rows of a clash show. Rows that vanish without an error are an error, whatever
/// the rows; a step that stops, and a value that is stored otherwise, is a warning.
fn weigh_clash(mut own: Diagnostic, condition: &str, kind: ClashKind) -> Diagnostic {
    let vanishes = [Rule::RowsLost, Rule::RowsLostByCascade, Rule::DownLosesRows];
    let condition = format!("only if {condition}");
    let keeps = match kind {
        ClashKind::NewRule => vanishes.contains(&own.rule),
        ClashKind::OddType => false,
        // A down migration that deletes what the step inserts is as usual as the step.
        ClashKind::NamedRow => [Rule::RowsLost, Rule::ValuesChanged].contains(&own.rule),
    };
    if keeps {
        own.message = format!("{}; {condition}", own.message);
        own
    } else {
        own.limit_to_warning(&condition)
    }
}

/// Adds the diagnostics whose keys are not among those before.
fn add_unknown(diagnostics: &mut Vec<Diagnostic>, more: impl IntoIterator<Item = Diagnostic>) {
    let keys: BTreeSet<_> = diagnostics.iter().map(Diagnostic::key).collect();
    let more = more.into_iter().filter(|own| !keys.contains(&own.key()));
    diagnostics.extend(more);
}

/// Diagnostics on rows with NULL, and on the same without: what is not among the latter depends on
/// NULL.
fn weigh_nulls(diagnostics: Vec<Diagnostic>, without: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let known: BTreeSet<_> = without.iter().map(Diagnostic::key).collect();
    let weighed = diagnostics.into_iter().map(|own| {
        if known.contains(&own.key()) {
            own
        } else {
            own.limit_to_warning(NULLS)
        }
    });
    let mut weighed: Vec<Diagnostic> = weighed.collect();
    add_unknown(&mut weighed, without);
    weighed
}
