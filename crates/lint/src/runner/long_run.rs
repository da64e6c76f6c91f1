//! The long run: rows put in at an early version, carried to the end on one connection.

use std::collections::BTreeSet;

use schema::Schema;
use schema::sql::{fold, quote_name};

use crate::checks::loss::ScriptEffect;
use crate::finding::{Diagnostic, Direction, Rule, Severity};
use crate::options::Options;
use crate::runner::execute::Runner;
use crate::runner::state::State;
use crate::runner::versions::{Chain, Step};
use crate::script::affected_tables::touched;
use crate::script::lineage::Lineage;

/// What is known of a step already, so that the long run tells only what is new.
pub(crate) type Known = BTreeSet<(usize, String)>;

/// What a step does to tables, worked out once for all runs.
#[derive(Default)]
pub(crate) struct StepTables {
    lineage: Lineage,
    /// The tables that it may change, as they are called before and after.
    before: BTreeSet<String>,
    after: BTreeSet<String>,
}

impl StepTables {
    pub(crate) fn of(before: &Schema, after: &Schema, step: &Step) -> StepTables {
        let statements = step
            .up
            .as_ref()
            .map_or(&[][..], |up| up.statements.as_slice());
        let lineage = Lineage::of(before, after, statements);
        let touched = touched(before, statements.iter());
        let names = (lineage.kin.iter()).filter(|(name, _)| touched.contains(*name));
        let mut now: BTreeSet<String> = names.filter_map(|(_, kin)| kin.after.clone()).collect();
        now.extend(touched.iter().cloned());
        StepTables {
            lineage,
            before: touched,
            after: now,
        }
    }
}

/// Carries the rows of `image` from version `start` to the end.
pub(crate) fn run(
    (steps, ways): (&[Step], &[StepTables]),
    chain: &Chain,
    (start, image): (usize, &[u8]),
    known: &Known,
    options: &Options,
) -> Vec<Diagnostic> {
    let mut found = Vec::new();
    let Ok(engine) = Runner::open(image, chain.mode, options) else {
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
            engine.run_leniently(&up.statements);
            continue;
        }
        let was = State::at(&engine.connection, before, &way.before);
        let ran = engine.run(&up.statements, up.around(chain.mode), |_, _| ());
        if let Some(failure) = ran.failure {
            if !known.contains(&(place, String::new())) && !failure.is_no_fault() {
                let message = format!(
                    "rows carried from an earlier version make the step fail: {}",
                    failure.words
                );
                let scene = (place, Direction::Up, chain.mode);
                let told =
                    Diagnostic::new(Rule::StepFailsOnRows, Severity::Warning, scene, "", message);
                found.push(told.at(Some(failure.line)));
            }
            break;
        }
        let is = State::at(&engine.connection, after, &way.after);
        let blame = |table: &str| {
            (!known.contains(&(place, fold(table))))
                .then(|| blame(steps, chain, (start, image), (place, table), options))
                .flatten()
        };
        let scene = ScriptEffect {
            step: place,
            direction: Direction::Up,
            mode: chain.mode,
            statements: &up.statements,
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
    let engine = Runner::open(image, chain.mode, options).ok()?;
    for step in steps.iter().take(place).skip(start) {
        if let Some(up) = &step.up {
            engine.run(&up.statements, up.around(chain.mode), |_, _| ());
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
        &up.statements,
        up.around(chain.mode),
        |at, connection| match count(connection) {
            Some(now) if !gone && blamed.is_none() && now < most => blamed = Some(at),
            Some(_) => {}
            None => gone = true,
        },
    );
    blamed
}
