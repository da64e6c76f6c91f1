//! The long run: rows put in at an early version, carried to the end on one connection.

use std::collections::BTreeSet;

use schema::Schema;
use schema::sql::{fold, quote_name};

use super::Options;
use super::chain::{Chain, Step};
use super::finding::{Class, Direction, Severity, Told};
use super::lineage::Lineage;
use super::look::Look;
use super::loss::Scene;
use super::run::Engine;
use super::touch::touched;

/// What is known of a step already, so that the long run tells only what is new.
pub(super) type Known = BTreeSet<(usize, String)>;

/// What a step does to tables, worked out once for all runs.
#[derive(Default)]
pub(super) struct Way {
    lineage: Lineage,
    /// The tables that it may change, as they are called before and after.
    before: BTreeSet<String>,
    after: BTreeSet<String>,
}

impl Way {
    pub(super) fn of(before: &Schema, after: &Schema, step: &Step) -> Way {
        let lines = step.up.as_ref().map_or(&[][..], |up| up.lines.as_slice());
        let lineage = Lineage::of(before, after, lines);
        let touched = touched(before, lines.iter());
        let names = (lineage.kin.iter()).filter(|(name, _)| touched.contains(*name));
        let mut now: BTreeSet<String> = names.filter_map(|(_, kin)| kin.after.clone()).collect();
        now.extend(touched.iter().cloned());
        Way {
            lineage,
            before: touched,
            after: now,
        }
    }
}

/// Carries the rows of `image` from version `start` to the end.
pub(super) fn run(
    (steps, ways): (&[Step], &[Way]),
    chain: &Chain,
    (start, image): (usize, &[u8]),
    known: &Known,
    options: &Options,
) -> Vec<Told> {
    let mut found = Vec::new();
    let Ok(engine) = Engine::open(image, chain.mode, options) else {
        return found;
    };
    for (place, step) in steps.iter().enumerate().skip(start) {
        let schemas = (chain.schemas.get(place), chain.schemas.get(place + 1));
        let (Some(before), Some(after)) = schemas else {
            break;
        };
        let (Some(up), Some(way)) = (&step.up, ways.get(place)) else {
            continue;
        };
        let lineage = &way.lineage;
        if chain.fails(place) {
            engine.run_leniently(&up.lines);
            continue;
        }
        let was = Look::at(&engine.connection, before, &way.before);
        let ran = engine.run(&up.lines, up.around(chain.mode), |_, _| ());
        if let Some(failure) = ran.failure {
            if !known.contains(&(place, String::new())) && !failure.is_no_fault() {
                let message = format!(
                    "rows carried from an earlier version make the step fail: {}",
                    failure.words
                );
                let scene = (place, Direction::Up, chain.mode);
                let told = Told::new(
                    Class::StepFailsOnRows,
                    Severity::Warning,
                    scene,
                    "",
                    message,
                );
                found.push(told.at(Some(failure.line)));
            }
            break;
        }
        let is = Look::at(&engine.connection, after, &way.after);
        let blame = |table: &str| {
            (!known.contains(&(place, fold(table))))
                .then(|| blame(steps, chain, (start, image), (place, table), options))
                .flatten()
        };
        let scene = Scene {
            step: place,
            direction: Direction::Up,
            mode: chain.mode,
            lines: &up.lines,
            lineage,
            before: &was,
            after: &is,
            options,
            blame: &blame,
        };
        let told = scene.losses().into_iter().chain(scene.health());
        // A table that stands apart from what the step touches is not looked at.
        found.extend(told.filter(|told| !known.contains(&(place, fold(&told.object)))));
    }
    found
}

/// The statement of the step at `place` behind which the table has fewer rows.
fn blame(
    steps: &[Step],
    chain: &Chain,
    (start, image): (usize, &[u8]),
    (place, table): (usize, &str),
    options: &Options,
) -> Option<usize> {
    let engine = Engine::open(image, chain.mode, options).ok()?;
    for step in steps.iter().take(place).skip(start) {
        if let Some(up) = &step.up {
            engine.run(&up.lines, up.around(chain.mode), |_, _| ());
        }
    }
    let sql = format!("SELECT count(*) FROM main.{}", quote_name(table));
    let count = |connection: &rusqlite::Connection| -> Option<i64> {
        connection.query_row(&sql, [], |row| row.get(0)).ok()
    };
    let most = count(&engine.connection)?;
    let (mut blamed, mut gone) = (None, false);
    let up = steps.get(place)?.up.as_ref()?;
    engine.run(
        &up.lines,
        up.around(chain.mode),
        |at, connection| match count(connection) {
            Some(now) if !gone && blamed.is_none() && now < most => blamed = Some(at),
            Some(_) => {}
            None => gone = true,
        },
    );
    blamed
}
