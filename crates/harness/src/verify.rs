//! The proof: chooses databases and journeys, and lets the laws judge them.

mod settings;
mod environment;
mod task;
mod outcome;
mod proof;
mod tasks;
mod further;
mod generated;
mod clashes;
mod random_walks;
mod storage_configs;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use stdx::map_parallel;

use crate::check::Check;
use crate::finding::Findings;
use crate::journey::{can_go_back, walk};
use crate::law::LAWS;
use crate::report::{JourneyReport, Report};
use crate::subject::Subject;
use outcome::{Outcome, cannot_walk, judge, judge_probes};
use proof::{Made, Proof};
pub use settings::{Progress, Settings};
use task::{Source, Task};

/// Proves `subject`: takes every golden database, the empty file and generated databases on a
/// journey between every pair of versions and back, and lets every law judge.
pub fn verify(subject: &Subject<'_>, settings: &Settings) -> Report {
    let mut proof = Proof {
        subject,
        settings,
        broken: Vec::new(),
        checked: BTreeMap::new(),
        points: BTreeMap::new(),
        unseeded: BTreeMap::new(),
    };
    let fixtures = proof.fixtures();
    let golden = fixtures
        .iter()
        .filter(|fixture| !fixture.name.starts_with("filled"))
        .count();
    let tasks = proof.tasks(&fixtures);
    let mut made = Made::default();
    proof.go(&tasks, &mut made);
    for law in LAWS.iter().filter(|law| settings.wants(law)) {
        for check in law.checks {
            if let Check::Catalogue(check) = check {
                let mut findings = Findings::default();
                check(subject, &mut findings);
                proof.take(law, "catalogue", "", findings, (&None, &[]));
            }
        }
    }
    // A broken law needs no further search.
    if proof.broken.is_empty() {
        proof.go(&proof.further(&fixtures), &mut made);
    }
    proof.report(golden, made)
}

impl Proof<'_> {
    /// Runs the tasks, and collects the findings of each.
    fn go(&mut self, tasks: &[Task<'_>], made: &mut Made) {
        let outcomes = self.spread(tasks);
        for (task, outcome) in tasks.iter().zip(outcomes) {
            made.generated += outcome.generated;
            made.storage_configs += outcome.storage_configs;
            made.random_walks.0 += outcome.random_walks.0;
            made.random_walks.1 += outcome.random_walks.1;
            self.unseeded(task.journey.from, outcome.unseeded);
            let journey = outcome.path.unwrap_or_else(|| task.journey.to_string());
            for (law, findings) in outcome.findings {
                let shown = (&outcome.sql, outcome.hostile.as_slice());
                self.take(law, &journey, task.data(), findings, shown);
            }
            // Rows that the application contradicts went on no journey.
            let contradicted = outcome.generated == 0 && !outcome.broken;
            match task.source {
                Source::StorageConfig(..) | Source::RandomWalks(..) => continue,
                Source::Schema(_) | Source::Clash(_) if contradicted => continue,
                _ => {}
            }
            made.journeys.push(JourneyReport {
                journey: task.journey,
                data: task.data().to_owned(),
                broken: outcome.broken,
                one_way: !can_go_back(self.subject, task.journey),
                rows: outcome.rows,
            });
        }
    }

    /// Runs the tasks on all cores; the result does not depend on their order.
    fn spread(&self, tasks: &[Task<'_>]) -> Vec<Outcome> {
        let (subject, settings) = (self.subject, self.settings);
        let done = AtomicUsize::new(0);
        let report = |done: usize, begins: Option<String>| {
            if let Some(progress) = settings.progress {
                let all = tasks.len();
                progress(&Progress { done, all, begins });
            }
        };
        let outcomes = map_parallel(tasks.len(), |index| {
            let task = tasks.get(index)?;
            let name = format!("{} {}", task.journey, task.data());
            report(done.load(Ordering::Relaxed), Some(name));
            let outcome = run(subject, settings, task);
            report(done.fetch_add(1, Ordering::Relaxed) + 1, None);
            Some(outcome)
        });
        outcomes.into_iter().flatten().collect()
    }
}

fn run(subject: &Subject<'_>, settings: &Settings, task: &Task<'_>) -> Outcome {
    match task.source {
        Source::Fixture(fixture) => {
            match walk(subject, task.journey, &fixture.name, &fixture.image) {
                Ok(walk) => {
                    let mut outcome = judge(subject, settings, &walk);
                    judge_probes(subject, settings, task, fixture, &mut outcome);
                    outcome
                }
                Err(error) => cannot_walk(task, error),
            }
        }
        Source::Clash(fixtures) => clashes::run(subject, settings, task, fixtures),
        Source::StorageConfig(fixture, config) => {
            storage_configs::run(subject, settings, task, (fixture, config))
        }
        Source::RandomWalks(fixture, of) => {
            random_walks::run(subject, settings, task, (fixture, of))
        }
        _ => generated::run(subject, settings, task),
    }
}
