//! Further tests of golden databases after their journeys hold: other storage configurations, and
//! random walks.

use super::proof::Proof;
use super::task::{Source, Task};
use crate::fixture::Fixture;
use crate::journey::{Journey, can_go_back};
use crate::law::LAWS;
use crate::storage_config::StorageConfig;

impl Proof<'_> {
    /// Journeys of golden databases under other storage configurations, and random walks.
    pub(super) fn further<'f>(&self, fixtures: &'f [Fixture]) -> Vec<Task<'f>> {
        let current = self.subject.catalogue.current_version();
        let golden = |fixture: &&Fixture| !fixture.name.starts_with("filled");
        let golden: Vec<&Fixture> = fixtures.iter().filter(golden).collect();
        let mut journeys = Vec::new();
        for fixture in &golden {
            let from = fixture.version;
            let ways = (1..=current).filter(|via| *via != from);
            let ways = ways.map(|via| Journey { from, via });
            let possible = |way: &Journey| way.via > from || can_go_back(self.subject, *way);
            journeys.extend(ways.filter(possible).map(|way| (*fixture, way)));
        }
        let mut tasks = Vec::new();
        let mut add = |journey, source| tasks.push(Task::new(journey, source));
        for fixture in &golden {
            let journey = Journey {
                from: fixture.version,
                via: current,
            };
            add(journey, Source::RandomWalks(fixture, golden.len()));
        }
        let configs = if self.settings.deep {
            StorageConfig::all()
        } else {
            StorageConfig::sample(self.settings.seed)
        };
        for (config, (fixture, journey)) in configs.into_iter().zip(journeys.iter().cycle()) {
            add(*journey, Source::StorageConfig(fixture, config));
        }
        let (name, journey) = (&self.settings.fixture, self.settings.journey);
        let walks = LAWS
            .iter()
            .any(|law| law.judges_traces() && self.settings.wants(law));
        tasks.retain(|task| {
            // A random walk is not a journey.
            let walk = matches!(task.source, Source::RandomWalks(..));
            let chosen = journey.is_none_or(|own| own == task.journey && !walk);
            walks && chosen && name.as_ref().is_none_or(|name| name == task.data())
        });
        tasks
    }
}
