//! What was told under several modes, or more than once, becomes one finding.

use std::collections::{BTreeMap, BTreeSet};

use crate::analysis::Analysis;
use crate::finding::{Diagnostic, Direction, Finding, When};
use crate::reproduce::repeat;
use crate::runner::tool_model::ForeignKeys;

const ASKED: &str = "it takes an application that switches foreign keys on";

impl Analysis {
    /// What was told under several modes or more than once is one finding.
    pub(crate) fn findings(&self, told: Vec<Diagnostic>) -> Vec<Finding> {
        let mut merged: BTreeMap<_, (Diagnostic, BTreeSet<bool>)> = BTreeMap::new();
        for told in told {
            let keys = told.mode.foreign_keys;
            match merged.get_mut(&told.key()) {
                None => {
                    merged.insert(told.key(), (told, BTreeSet::from([keys])));
                }
                Some((best, modes)) => {
                    modes.insert(keys);
                    let usual = best.mode.foreign_keys == keys || !self.keys_are_asked_for();
                    if told.severity > best.severity && usual {
                        *best = told;
                    }
                }
            }
        }
        if self.keys_are_asked_for() {
            let with_keys = |modes: &BTreeSet<bool>| !modes.contains(&false);
            for (told, _) in merged.values_mut().filter(|(_, modes)| with_keys(modes)) {
                *told = told.clone().hangs_on(ASKED);
            }
        }
        let mut findings: Vec<(usize, Finding)> = merged
            .into_values()
            .map(|(told, modes)| (told.step, self.finding(told, &modes)))
            .collect();
        findings.sort_by(|(at, one), (other_at, other)| {
            let order = |at: &usize, finding: &Finding| {
                (
                    *at,
                    finding.direction,
                    std::cmp::Reverse(finding.severity),
                    finding.rule,
                    finding.line,
                )
            };
            order(at, one).cmp(&order(other_at, other))
        });
        findings.into_iter().map(|(_, finding)| finding).collect()
    }

    /// Whether keys are on only where the application asks for it, and nobody said here that it does.
    fn keys_are_asked_for(&self) -> bool {
        self.options.foreign_keys.is_none()
            && self.model.foreign_keys == ForeignKeys::OffUnlessAsked
    }

    fn finding(&self, told: Diagnostic, modes: &BTreeSet<bool>) -> Finding {
        let step = self.steps.get(told.step);
        let text = step.and_then(|step| match told.direction {
            Direction::Up => step.up.as_ref(),
            Direction::Down => step.down.as_ref(),
        });
        let other = step.and_then(|step| step.up.as_ref().or(step.down.as_ref()));
        // A way back that says nothing has a file, too.
        let back = self.history.steps.get(told.step).and_then(|step| {
            let script = (told.direction == Direction::Down).then(|| step.down.script());
            script.flatten().map(|own| (own.file.clone(), own.line))
        });
        let at = text.or(other).map(|text| (text.file.clone(), text.line));
        let (file, line) = back.or(at).unwrap_or_default();
        let name = step.map(|step| step.name.clone()).unwrap_or_default();
        let around = told.mode.transaction.or(text.map(|text| text.around));
        let keys = match (modes.contains(&true), modes.contains(&false)) {
            (true, true) => "both",
            (true, false) => "on",
            _ => "off",
        };
        Finding {
            repeat: repeat(self, &told, &name),
            rule: told.rule,
            severity: told.severity,
            step: name,
            direction: told.direction,
            file,
            line: told.line.unwrap_or(line),
            object: told.object,
            rows: told.rows,
            shown: told.shown,
            when: When {
                foreign_keys: keys,
                transaction: around.unwrap_or(self.model.transaction),
            },
            message: told.message,
        }
    }
}
