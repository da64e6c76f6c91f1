//! The long run: rows put in at an early version, carried to the end on one connection.

use std::collections::{BTreeMap, BTreeSet};

use schema::Schema;
use schema::sql::quote_name;

use crate::options::Options;
use crate::runner::execute::Runner;
use crate::runner::state::State;
use crate::runner::step::End;
use crate::runner::versions::{Chain, Step, Text};
use crate::script::affected_tables::affected_tables;
use crate::script::lineage::Lineage;

/// The tables that a step reaches, computed once for all runs.
#[derive(Default)]
pub(crate) struct StepTables {
    pub(crate) lineage: Lineage,
    /// The tables that it may change, as they are called before and after.
    before: BTreeSet<String>,
    after: BTreeSet<String>,
}

impl StepTables {
    pub(crate) fn new(before: &Schema, after: &Schema, step: &Step) -> StepTables {
        let statements = step
            .up
            .as_ref()
            .map_or(&[][..], |up| up.statements.as_slice());
        let lineage = Lineage::trace(before, after, statements);
        let touched = affected_tables(before, statements.iter());
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

/// Rows of one version, carried to the end of the history on one connection. Each step is made when
/// the caller asks for it, so that no more than one is held in memory.
pub(crate) struct LongRun<'a> {
    pub(crate) steps: &'a [Step],
    pub(crate) tables: &'a [StepTables],
    pub(crate) chain: &'a Chain,
    /// The version that the rows of `image` are of.
    pub(crate) start: usize,
    pub(crate) image: &'a [u8],
    pub(crate) options: &'a Options,
}

/// One step of a long run.
pub(crate) struct CarriedStep<'a> {
    pub(crate) place: usize,
    pub(crate) text: &'a Text,
    pub(crate) tables: &'a StepTables,
    pub(crate) start: State,
    pub(crate) end: End,
}

impl<'a> LongRun<'a> {
    /// Runs the steps one after the other, up to the end or to the first that stops.
    pub(crate) fn run(&self) -> impl Iterator<Item = CarriedStep<'a>> + use<'a> {
        let LongRun { steps, chain, .. } = *self;
        let tables = self.tables;
        let engine = Runner::open(self.image, chain.mode, self.options).ok();
        let mut places = self.start..if engine.is_some() { steps.len() } else { 0 };
        std::iter::from_fn(move || {
            let engine = engine.as_ref()?;
            let step = places.find_map(|place| {
                let (up, tables) = (steps.get(place)?.up.as_ref()?, tables.get(place)?);
                if chain.fails(place) {
                    engine.run_leniently(&up.statements);
                    return None;
                }
                carry(engine, chain, place, up, tables)
            })?;
            if matches!(step.end, End::Stopped(_)) {
                places = 0..0;
            }
            Some(step)
        })
    }

    /// Runs the steps again for each of `names`, and finds the statement of the step at `place`
    /// after which the table has fewer rows.
    pub(crate) fn blame_statements<'t>(
        &self,
        place: usize,
        names: impl Iterator<Item = &'t str>,
    ) -> BTreeMap<String, usize> {
        names
            .filter_map(|name| Some((name.to_owned(), self.first_loss(place, name)?)))
            .collect()
    }

    fn first_loss(&self, place: usize, table: &str) -> Option<usize> {
        let LongRun { steps, chain, .. } = *self;
        let engine = Runner::open(self.image, chain.mode, self.options).ok()?;
        for step in steps.iter().take(place).skip(self.start) {
            if let Some(up) = &step.up {
                engine.run(&up.statements, up.transaction(chain.mode), |_, _| ());
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
            up.transaction(chain.mode),
            |at, connection| match count(connection) {
                Some(now) if !gone && blamed.is_none() && now < most => blamed = Some(at),
                Some(_) => {}
                None => gone = true,
            },
        );
        blamed
    }
}

/// Runs one step on the connection of a long run.
fn carry<'a>(
    engine: &Runner,
    chain: &Chain,
    place: usize,
    text: &'a Text,
    tables: &'a StepTables,
) -> Option<CarriedStep<'a>> {
    let (before, after) = (chain.schemas.get(place)?, chain.schemas.get(place + 1)?);
    let start = State::read(&engine.connection, before, &tables.before);
    let ran = engine.run(&text.statements, text.transaction(chain.mode), |_, _| ());
    let end = match ran.failure {
        Some(failure) => End::Stopped(failure),
        None => End::Passed(State::read(&engine.connection, after, &tables.after)),
    };
    Some(CarriedStep {
        place,
        text,
        tables,
        start,
        end,
    })
}
