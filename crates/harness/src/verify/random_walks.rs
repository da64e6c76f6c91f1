//! Random walks from one database until one breaks a law, and then the smallest one that does.

use std::cell::RefCell;

use proptest::test_runner::{Config, TestCaseError, TestError, TestRunner};

use super::outcome::{Outcome, add, cannot_walk, judge, law};
use super::settings::Settings;
use super::task::Task;
use crate::check::Law;
use crate::error::Error;
use crate::finding::Findings;
use crate::fixture::Fixture;
use crate::from_schema;
use crate::journey::Trace;
use crate::random_walk::{RandomWalk, Stop, Walker};
use crate::storage_config::StorageConfig;
use crate::subject::Subject;

/// The maximum number of attempts to shrink a random walk that breaks a law.
const SHRINKS: u32 = 160;

/// The number of random walks from each of `databases` databases.
fn cases(settings: &Settings, databases: usize) -> u32 {
    if settings.deep {
        settings.cases
    } else {
        let databases = u32::try_from(databases).unwrap_or(u32::MAX);
        settings.cases.div_ceil(2 * databases.max(1))
    }
}

/// Makes the random walks from `fixture`, which is one of `databases` databases.
pub(super) fn run(
    subject: &Subject<'_>,
    settings: &Settings,
    task: &Task<'_>,
    (fixture, databases): (&Fixture, usize),
) -> Outcome {
    let mut configs = vec![StorageConfig::usual()];
    configs.extend(StorageConfig::sample(settings.seed));
    let guide = Guide {
        subject,
        settings,
        fixture,
        configs,
        total: RefCell::default(),
    };
    let current = subject.catalogue.current_version();
    let strategy = RandomWalk::strategy(current, guide.configs.len());
    let config = Config {
        cases: cases(settings, databases),
        failure_persistence: None,
        max_shrink_iters: SHRINKS,
        ..Config::default()
    };
    let rng = from_schema::rng(settings.seed, task.journey);
    let result = TestRunner::new_with_rng(config, rng).run(&strategy, |walk| guide.judge(&walk));
    match result {
        Ok(()) => guide.total.into_inner(),
        Err(TestError::Fail(_, walk)) => {
            let total = guide.total.take();
            match guide.go(&walk) {
                Ok(outcome) => Outcome {
                    random_walks: (
                        total.random_walks.0 + outcome.random_walks.0,
                        total.random_walks.1 + outcome.random_walks.1,
                    ),
                    ..outcome
                },
                Err(error) => cannot_walk(task, error),
            }
        }
        Err(TestError::Abort(reason)) => cannot_walk(task, reason),
    }
}

struct Guide<'a> {
    subject: &'a Subject<'a>,
    settings: &'a Settings,
    fixture: &'a Fixture,
    configs: Vec<StorageConfig>,
    total: RefCell<Outcome>,
}

impl Guide<'_> {
    fn judge(&self, walk: &RandomWalk) -> Result<(), TestCaseError> {
        let outcome = self
            .go(walk)
            .map_err(|error| TestCaseError::fail(error.to_string()))?;
        if outcome.broken {
            return Err(TestCaseError::fail("a law is broken"));
        }
        let mut total = self.total.borrow_mut();
        total.rows += outcome.rows;
        total.random_walks.0 += outcome.random_walks.0;
        total.random_walks.1 += outcome.random_walks.1;
        for (law, findings) in outcome.findings {
            add(&mut total.findings, law, findings);
        }
        Ok(())
    }

    fn go(&self, walk: &RandomWalk) -> Result<Outcome, Error> {
        let (subject, settings) = (self.subject, self.settings);
        let config = self.configs.get(walk.config).copied().unwrap_or_default();
        let version = self.fixture.version;
        let mut walker = Walker::begin(subject, version, &self.fixture.image, config)?;
        let mut findings: Vec<(&'static Law, Findings)> = Vec::new();
        let mut look = |walk: &Trace, only: Option<&[&str]>| -> bool {
            let outcome = judge(subject, settings, walk);
            for (law, own) in outcome.findings {
                if only.is_none_or(|only| only.contains(&law.name)) {
                    add(&mut findings, law, own);
                }
            }
            findings
                .iter()
                .any(|(_, findings)| !findings.found.is_empty())
        };
        for one in &walk.moves {
            match walker.make(*one, &mut look) {
                Ok(()) => {}
                Err(Stop::Broken) => break,
                Err(Stop::Unreadable(error)) => return Err(error),
            }
            if !walker.found.is_empty() {
                break;
            }
        }
        let checked = walker.checked.into_iter().map(|name| (name, None));
        let found = walker
            .found
            .into_iter()
            .map(|(name, one)| (name, Some(one)));
        for (name, finding) in checked.chain(found) {
            if let Some(law) = law(settings, name) {
                let own = Findings {
                    checked: usize::from(finding.is_none()),
                    found: finding.into_iter().collect(),
                    ..Findings::default()
                };
                add(&mut findings, law, own);
            }
        }
        let broken = findings
            .iter()
            .any(|(_, findings)| !findings.found.is_empty());
        let path: Vec<String> = walker
            .path
            .iter()
            .map(|version| format!("v{version}"))
            .collect();
        let begin = match self.fixture.file.as_str() {
            "" => "-- an empty file".to_owned(),
            file => format!("-- {file}"),
        };
        Ok(Outcome {
            broken,
            findings,
            random_walks: (1, walker.moves),
            path: broken.then(|| path.join("..")),
            sql: broken.then(|| format!("{config}\n{begin}\n{}", walker.script)),
            ..Outcome::default()
        })
    }
}
