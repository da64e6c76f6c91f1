//! The stage from diagnostics to findings: those of several modes, and repeated ones, become one
//! finding each.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use crate::finding::{Diagnostic, Direction, Finding, When};
use crate::reproduce::command;
use crate::request::Request;
use crate::script::dialect::explain_cut;
use folders::Down;

const ASKED: &str = "only if the application turns foreign keys on";

/// Diagnostics of one key: the one to report, and the settings of foreign keys that show it.
struct Merged {
    best: Diagnostic,
    keys: BTreeSet<bool>,
}

/// Merges the diagnostics of all runs, in the order of the report.
pub(crate) fn merge(request: &Request, diagnostics: Vec<Diagnostic>) -> Vec<Finding> {
    let unsure = request.is_unsure_of_keys();
    let mut merged: BTreeMap<_, Merged> = BTreeMap::new();
    for diagnostic in diagnostics {
        let on = diagnostic.origin.mode.foreign_keys;
        match merged.get_mut(&diagnostic.key()) {
            None => {
                let keys = BTreeSet::from([on]);
                let best = diagnostic;
                merged.insert(best.key(), Merged { best, keys });
            }
            Some(own) => {
                own.keys.insert(on);
                let usual = own.best.origin.mode.foreign_keys == on || !unsure;
                if diagnostic.severity > own.best.severity && usual {
                    own.best = diagnostic;
                }
            }
        }
    }
    let mut findings: Vec<(usize, Finding)> = merged
        .into_values()
        .map(|own| {
            let needs_keys = unsure && !own.keys.contains(&false);
            let best = if needs_keys {
                own.best.limit_to_warning(ASKED)
            } else {
                own.best
            };
            (best.origin.step, finding(request, best, &own.keys))
        })
        .collect();
    findings.sort_by(|(place, finding), (other_place, other)| {
        let order = |place: &usize, finding: &Finding| {
            let severity = Reverse(finding.severity);
            (
                *place,
                finding.direction,
                severity,
                finding.rule,
                finding.line,
            )
        };
        order(place, finding).cmp(&order(other_place, other))
    });
    findings.into_iter().map(|(_, finding)| finding).collect()
}

fn finding(request: &Request, diagnostic: Diagnostic, keys: &BTreeSet<bool>) -> Finding {
    let Diagnostic { origin, .. } = diagnostic;
    let cut = explain_cut(request.history.layout, &diagnostic.message);
    let step = request.step(origin.step);
    let down = step.and_then(|step| step.down.script());
    let runs_down = down.filter(|_| step.is_some_and(|step| matches!(step.down, Down::Script(_))));
    let up = step.and_then(|step| step.up.as_ref());
    let alone = step.is_some_and(|step| match origin.direction {
        Direction::Up => step.no_transaction,
        Direction::Down => step.down_no_transaction,
    });
    let (script, ran) = match origin.direction {
        Direction::Up => (up.or(runs_down), up),
        // A down migration without statements has a file, too.
        Direction::Down => (down.or(up), runs_down),
    };
    let around = ran.map(|script| request.model.transaction_for(script, alone));
    let around = origin.mode.transaction.or(around);
    let name = step.map(|step| step.name.clone()).unwrap_or_default();
    Finding {
        repeat: command(request, &diagnostic, &name),
        rule: diagnostic.rule,
        severity: diagnostic.severity,
        step: name,
        direction: origin.direction,
        file: script.map(|script| script.file.clone()).unwrap_or_default(),
        line: diagnostic
            .line
            .or(script.map(|script| script.line))
            .unwrap_or_default(),
        object: diagnostic.object,
        rows: diagnostic.rows,
        shown: diagnostic.shown,
        when: When {
            foreign_keys: match (keys.contains(&true), keys.contains(&false)) {
                (true, true) => "both",
                (true, false) => "on",
                _ => "off",
            },
            transaction: around.unwrap_or(request.model.transaction),
        },
        message: match cut {
            Some(cut) => format!("{}; {cut}", diagnostic.message),
            None => diagnostic.message,
        },
        group: 0,
        folder_steps: None,
    }
}
