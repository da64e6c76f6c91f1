//! The result of one task of the proof.

use std::fmt;

use generate::Unseeded;

use super::settings::Settings;
use super::task::Task;
use crate::check::{Check, Law, Probe};
use crate::finding::{Finding, Findings};
use crate::fixture::Fixture;
use crate::journey::Trace;
use crate::law::LAWS;
use crate::subject::Subject;

#[derive(Default)]
pub(super) struct Outcome {
    pub(super) findings: Vec<(&'static Law, Findings)>,
    pub(super) broken: bool,
    pub(super) rows: usize,
    pub(super) generated: usize,
    /// The smallest generated database that breaks a law, as SQL.
    pub(super) sql: Option<String>,
    /// The unusual values that remain in that database.
    pub(super) hostile: Vec<String>,
    /// The tables for which no rows were made.
    pub(super) unseeded: Vec<Unseeded>,
    /// The number of journeys under other storage configurations.
    pub(super) storage_configs: usize,
    /// The number of random walks, and the number of their actions.
    pub(super) random_walks: (usize, usize),
    /// The versions on the smallest random walk that breaks a law.
    pub(super) path: Option<String>,
}

/// Adds the findings of one law to the sum.
pub(super) fn add(sum: &mut Vec<(&'static Law, Findings)>, law: &'static Law, findings: Findings) {
    match sum.iter_mut().find(|(own, _)| own.name == law.name) {
        Some((_, own)) => {
            own.checked += findings.checked;
            own.found.extend(findings.found);
        }
        None => sum.push((law, findings)),
    }
}

/// The law of this name, if the settings select it.
pub(super) fn law(settings: &Settings, name: &str) -> Option<&'static Law> {
    LAWS.iter()
        .find(|law| law.name == name && settings.wants(law))
}

pub(super) fn cannot_walk(task: &Task<'_>, error: impl fmt::Display) -> Outcome {
    let mut findings = Findings::default();
    let object = format!(
        "database `{}` of version {}",
        task.data(),
        task.journey.from
    );
    findings.add(Finding::new(object, error));
    let law = LAWS.iter().filter(|law| law.name == "integrity holds");
    let findings = law.map(|law| (law, findings.clone())).collect();
    Outcome {
        findings,
        broken: true,
        ..Outcome::default()
    }
}

pub(super) fn judge(subject: &Subject<'_>, settings: &Settings, walk: &Trace) -> Outcome {
    let mut outcome = Outcome {
        rows: walk.start.observation.row_count(),
        ..Outcome::default()
    };
    for law in LAWS.iter().filter(|law| settings.wants(law)) {
        for check in law.checks {
            if let Check::Trace(check) = check {
                outcome.take(law, |findings| check(subject, walk, findings));
            }
        }
    }
    outcome
}

/// Runs the checks that make the journey's first half themselves.
pub(super) fn judge_probes(
    subject: &Subject<'_>,
    settings: &Settings,
    task: &Task<'_>,
    fixture: &Fixture,
    outcome: &mut Outcome,
) {
    let seed = u64::from(task.journey.from * 64 + task.journey.via);
    let probe = Probe {
        journey: task.journey,
        image: &fixture.image,
        deep: settings.deep,
        points: task.points,
        seed: settings.seed.wrapping_add(seed),
    };
    for law in LAWS.iter().filter(|law| settings.wants(law)) {
        for check in law.checks {
            if let Check::Probe(check) = check {
                outcome.take(law, |findings| check(subject, &probe, findings));
            }
        }
    }
}

impl Outcome {
    /// Runs a check, and keeps its findings.
    fn take(&mut self, law: &'static Law, judge: impl FnOnce(&mut Findings)) {
        let mut findings = Findings::default();
        judge(&mut findings);
        self.broken |= !findings.found.is_empty();
        self.findings.push((law, findings));
    }
}
