//! Journeys of databases with rows that the version at their start allows and the step does not.
//!
//! They are made from databases that the application could have: first from golden ones, then from
//! those that the application describes, then from rows of the schema alone, if nothing in them is
//! derived from others.

use super::outcome::{Outcome, add, cannot_walk, judge};
use super::settings::Settings;
use super::task::Task;
use crate::clash::{Base, Clash, demands};
use crate::error::Error;
use crate::fixture::Fixture;
use crate::from_schema;
use crate::journey::{Trace, walk};
use crate::subject::Subject;
use generate::Content;
use generate::Profile;
use proptest::strategy::{Strategy, ValueTree};
use proptest::test_runner::TestRunner;
use rusqlite::Connection;

/// The number of databases of the application that are searched for one with enough rows.
const DRAWN: usize = 4;

/// The maximum number of rows of a table.
const ROWS: usize = 4;

/// Takes each clashing database on the journey until one breaks a law.
pub(super) fn run(
    subject: &Subject<'_>,
    settings: &Settings,
    task: &Task<'_>,
    fixtures: &[Fixture],
) -> Outcome {
    match go(subject, settings, task, fixtures) {
        Ok(outcome) => outcome,
        Err(error) => cannot_walk(task, error),
    }
}

fn go(
    subject: &Subject<'_>,
    settings: &Settings,
    task: &Task<'_>,
    fixtures: &[Fixture],
) -> Result<Outcome, Error> {
    // The other journeys report versions that cannot be made.
    let Ok(demands) = demands(subject, task.journey) else {
        return Ok(Outcome::default());
    };
    let mut total = Outcome::default();
    if demands.is_empty() {
        return Ok(total);
    }
    let bases = bases(subject, settings, task, fixtures)?;
    for clash in demands.clashes(&bases)? {
        let walk = walk(subject, task.journey, task.data(), &clash.image)?;
        let walk = Trace {
            rows_are_generated: true,
            ..walk
        };
        let outcome = judge(subject, settings, &walk);
        total.generated += 1;
        if outcome.broken {
            return Ok(Outcome {
                generated: total.generated,
                sql: Some(print(&clash)),
                hostile: clash.hostile,
                ..outcome
            });
        }
        total.rows += outcome.rows;
        for (law, findings) in outcome.findings {
            add(&mut total.findings, law, findings);
        }
    }
    Ok(total)
}

fn print(clash: &Clash) -> String {
    let Clash { why, sql, base, .. } = clash;
    format!("-- {why}\n{base}{sql}")
}

/// The databases whose rows are changed, the most realistic ones first.
fn bases(
    subject: &Subject<'_>,
    settings: &Settings,
    task: &Task<'_>,
    fixtures: &[Fixture],
) -> Result<Vec<Base>, Error> {
    let from = task.journey.from;
    let own = fixtures.iter().filter(|fixture| fixture.version == from);
    let mut bases: Vec<Base> = own
        .map(|fixture| {
            let filled = if fixture.name.starts_with("filled") {
                ", with values in its empty columns and tables"
            } else {
                ""
            };
            Base {
                origin: format!("-- {}{filled}, and then:\n", fixture.file),
                image: fixture.image.clone(),
            }
        })
        .collect();
    let empty = subject.catalogue.build(from)?;
    let image = sandbox::image(&empty)?;
    let mut runner = TestRunner::new_with_rng(
        proptest::test_runner::Config::default(),
        from_schema::rng(settings.seed, task.journey),
    );
    if let Some(content) = subject.application.content(from) {
        let drawn = (0..DRAWN).filter_map(|_| content.new_tree(&mut runner).ok());
        let drawn = drawn.filter_map(|tree| with(&image, &tree.current()).transpose());
        bases.extend(drawn.collect::<Result<Vec<_>, _>>()?);
    }
    if from_schema::underived(subject, from) == from {
        let generator = from_schema::generator(subject, from, &empty, Profile::Plain)?.rows(ROWS);
        let generator = generator.without_nulls();
        for seed in 0..2 {
            let made = generator.generate(settings.seed.wrapping_add(seed));
            bases.extend(with(&image, &made.content)?);
        }
    }
    // If the application contradicts rows of the schema, no build wrote them.
    let mut good = Vec::new();
    for base in bases {
        let connection = sandbox::from_image(&base.image)?;
        let said = subject.application.inconsistencies(&connection, from);
        if base.origin.starts_with("-- ") || said?.is_empty() {
            good.push(base);
        }
    }
    Ok(good)
}

/// An empty database with `content` in it; `None` if the content does not fit.
fn with(image: &[u8], content: &Content) -> Result<Option<Base>, Error> {
    let connection: Connection = sandbox::from_image(image)?;
    if content.inserts.is_empty() || content.put_into(&connection).is_err() {
        return Ok(None);
    }
    Ok(Some(Base {
        origin: content.to_sql(),
        image: sandbox::image(&connection)?,
    }))
}
