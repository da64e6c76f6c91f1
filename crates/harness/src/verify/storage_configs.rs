//! Journeys under other storage configurations: the same laws, and the same results as in the usual
//! configuration.

use super::outcome::{Outcome, judge, law};
use super::settings::Settings;
use super::task::Task;
use crate::error::Error;
use crate::finding::{Finding, Findings};
use crate::fixture::Fixture;
use crate::journey::{Checkpoint, Shape, Trace, walk, walk_on};
use crate::storage_config::StorageConfig;
use crate::subject::Subject;
use observe::Difference;
use observe::{Excuse, differences};

/// Takes a golden database on a journey in a configuration; if that breaks a law, repeats it in the
/// most usual configuration that does.
pub(super) fn run(
    subject: &Subject<'_>,
    settings: &Settings,
    task: &Task<'_>,
    (fixture, config): (&Fixture, StorageConfig),
) -> Outcome {
    // The journeys in the usual configuration report a file that cannot be read at all.
    let Ok((image, usual)) = usual(subject, task, fixture, config) else {
        return Outcome::default();
    };
    let place = Place {
        subject,
        settings,
        task,
        fixture,
        image,
    };
    let Some(mut outcome) = place.go(config, &usual) else {
        return Outcome::default();
    };
    let mut smallest = config;
    while outcome.broken {
        let mut simpler = smallest.more_usual().into_iter();
        let found = simpler.find_map(|config| {
            let outcome = place.go(config, &usual)?;
            outcome.broken.then_some((config, outcome))
        });
        let Some((config, simpler)) = found else {
            break;
        };
        (smallest, outcome) = (config, simpler);
    }
    if outcome.broken {
        let file = match fixture.file.as_str() {
            "" => "an empty file".to_owned(),
            file => file.to_owned(),
        };
        outcome.sql = Some(format!("{smallest}\n-- and then: {file}"));
    }
    Outcome {
        storage_configs: 1,
        ..outcome
    }
}

/// The database for the journey, and its trace in the usual configuration. The database is a golden
/// one, or its conversion to the encoding of `configuration`: UTF-16 can represent neither U+FFFF
/// nor bytes that are not text.
fn usual(
    subject: &Subject<'_>,
    task: &Task<'_>,
    fixture: &Fixture,
    config: StorageConfig,
) -> Result<(Vec<u8>, Trace), Error> {
    let mut image = fixture.image.clone();
    if config.encoding() != StorageConfig::usual().encoding() {
        for config in [config, StorageConfig::usual()] {
            let machine = config.rebuild(&image)?;
            let connection = config.open(&machine)?;
            image = sandbox::image(&connection)?;
        }
    }
    let walk = walk(subject, task.journey, &fixture.name, &image)?;
    Ok((image, walk))
}

struct Place<'a> {
    subject: &'a Subject<'a>,
    settings: &'a Settings,
    task: &'a Task<'a>,
    fixture: &'a Fixture,
    image: Vec<u8>,
}

impl Place<'_> {
    /// Judges the journey in this configuration by the laws; `None` if the configuration cannot
    /// represent the database.
    fn go(&self, config: StorageConfig, usual: &Trace) -> Option<Outcome> {
        let machine = config.rebuild(&self.image).ok()?;
        let connection = config.open(&machine).ok()?;
        let walk = walk_on(
            self.subject,
            self.task.journey,
            &self.fixture.name,
            connection,
        )
        .ok()?;
        if walk.start.observation != usual.start.observation {
            return None;
        }
        let mut outcome = judge(self.subject, self.settings, &walk);
        if !outcome.broken {
            self.compare(usual, &walk, &mut outcome);
        }
        Some(outcome)
    }

    /// Compares the stations with those in the usual configuration.
    fn compare(&self, usual: &Trace, walk: &Trace, outcome: &mut Outcome) {
        let (turn, end) = match usual.journey.shape() {
            Shape::UpAndBack => ("up preserves", "down restores"),
            Shape::DownAndBack => ("down restores", "up preserves"),
        };
        let first = usual;
        let pairs = [
            (turn, &usual.midpoint, &walk.midpoint),
            (end, &usual.end, &walk.end),
        ];
        let mut chance = None;
        for (name, usual, own) in pairs {
            let (Some(law), Some(usual), Some(own)) = (law(self.settings, name), usual, own) else {
                continue;
            };
            let mut findings = Findings::default();
            findings.checked();
            if !unlike(usual, own, &[]).is_empty() {
                let excused = chance.get_or_insert_with(|| self.chance(first));
                for difference in unlike(usual, own, excused) {
                    findings.add(self.finding(&difference, own));
                }
            }
            outcome.broken |= !findings.found.is_empty();
            outcome.findings.push((law, findings));
        }
    }

    /// The differences between two runs in the usual configuration: a step may write the time or
    /// random values.
    fn chance(&self, usual: &Trace) -> Vec<Excuse> {
        let (name, image) = (&self.fixture.name, &self.image);
        let again = walk(self.subject, self.task.journey, name, image);
        let twice = again.and_then(|one| {
            let two = walk(self.subject, self.task.journey, name, image)?;
            Ok([one, two])
        });
        let Ok([one, two]) = twice else {
            return Vec::new();
        };
        let stations = |walk: &Trace| [walk.midpoint.clone(), walk.end.clone()];
        let mut excused = Vec::new();
        for (one, other) in [(&one, &two), (usual, &one)] {
            for (one, other) in stations(one).into_iter().zip(stations(other)) {
                let (Some(one), Some(other)) = (one, other) else {
                    continue;
                };
                let found = unlike(&one, &other, &[]).into_iter();
                excused.extend(found.filter_map(|difference| {
                    Some(Excuse {
                        table: difference.table?,
                        column: difference.column,
                    })
                }));
            }
        }
        excused
    }

    fn finding(&self, difference: &Difference, own: &Checkpoint) -> Finding {
        let message = format!(
            "{} in the usual storage configuration, {} in this one",
            difference.before, difference.after
        );
        let version = own.version;
        Finding::new(&difference.object, message).hint(format!(
            "the result at version {version} must not depend on the storage configuration"
        ))
    }
}

/// The differences between a station and the same one in another configuration.
fn unlike(usual: &Checkpoint, own: &Checkpoint, excused: &[Excuse]) -> Vec<Difference> {
    let (usual, own) = (&usual.observation, &own.observation);
    let mut found = differences(usual, own, excused);
    for (table, mark) in &usual.sequences {
        let here = own.sequences.get(table).copied().unwrap_or(0);
        if here != *mark {
            found.push(Difference::new(
                format!("sqlite_sequence, {table}"),
                mark.to_string(),
                here.to_string(),
            ));
        }
    }
    found
}
