//! Runs the scripts of one step: on the empty database, on rows, and on rows that were repaired
//! where they stopped it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rusqlite::Connection;
use schema::Schema;
use schema::sql::quote_name;

use crate::finding::Direction;
use crate::options::Options;
use crate::runner::execute::Runner;
use crate::runner::quoted_text::QuoteWatch;
use crate::runner::repair_rows::{MOST, Reached, repair};
use crate::runner::state::State;
use crate::runner::step::{End, StepOutcome, StepRun, WayBack};
use crate::runner::try_writes::try_writes;
use crate::runner::versions::{self, Text};
use sandbox::Scope;

/// Runs the down migration on the empty database after the step; `None` where it cannot run there.
pub(crate) fn run_back_on_empty(run: &StepRun<'_>, options: &Options) -> Option<WayBack> {
    run.past().filter(|past| past.failure.is_none())?;
    let down = run.step.down.as_ref()?;
    let image = run.chain.images.get(run.place + 1)?;
    let engine = Runner::open(&image, run.mode(), options).ok()?;
    let wal = run.chain.wal.get(run.place);
    engine.wal.set(wal.copied().unwrap_or_default());
    let mut quotes = QuoteWatch::new(&engine.connection, &down.statements);
    let around = down.transaction(run.mode());
    let ran = engine.run(&down.statements, around, |place, connection| {
        quotes.ran(place, connection);
    });
    let is_restored = || {
        let stored = versions::stored(&engine.connection).ok();
        stored.as_ref() == run.chain.stored.get(run.place)
    };
    let other_schema = if ran.failure.is_some() || is_restored() {
        None
    } else {
        Schema::read(&engine.connection).ok()
    };
    Some(WayBack {
        ran,
        quoted: quotes.found,
        other_schema,
    })
}

/// Runs a step on rows: forward and, where that passes, back; or back alone. `None` where it has no
/// such script.
pub(crate) fn run_on_rows(
    run: &StepRun<'_>,
    direction: Direction,
    image: &[u8],
    options: &Options,
) -> Option<StepOutcome> {
    let text = match direction {
        Direction::Up => run.step.up.as_ref(),
        Direction::Down => run.back,
    }?;
    let engine = open(run, image, options)?;
    let mut start = state(run, direction, &engine);
    let mut changed = BTreeSet::new();
    let mut end = run_script(run, direction, text, &engine, &mut changed);
    if let (End::Passed(end), Direction::Up) = (&mut end, direction) {
        end.refused_writes = try_writes(&engine.connection, run.after, &run.touched_after);
        if !end.refused_writes.is_empty() {
            let engine = open(run, image, options)?;
            start.refused_writes = try_writes(&engine.connection, run.before, &run.touched_before);
        }
    }
    let back = match (&end, direction, run.back) {
        (End::Passed(_), Direction::Up, Some(down)) => {
            let down = run_script(run, Direction::Down, down, &engine, &mut changed);
            Some(down)
        }
        _ => None,
    };
    Some(StepOutcome {
        direction,
        start,
        end,
        back,
        changed,
    })
}

/// A connection on which the scripts run; that there is none is noted as not tried.
fn open(run: &StepRun<'_>, image: &[u8], options: &Options) -> Option<Runner> {
    let engine = Runner::open(image, run.mode(), options);
    let noted = engine.map_err(|why| Scope::note(format!("no database for its rows: {why}")));
    noted.ok()
}

fn run_script(
    run: &StepRun<'_>,
    direction: Direction,
    text: &Text,
    engine: &Runner,
    changed: &mut BTreeSet<(Direction, usize)>,
) -> End {
    let ran = engine.run(&text.statements, text.transaction(run.mode()), |_, _| ());
    changed.extend(ran.changed.iter().map(|place| (direction, *place)));
    if let Some(failure) = ran.failure {
        return End::Stopped(failure);
    }
    // The script may have left it on, and the state would hide the rows that break a CHECK.
    let off = engine
        .connection
        .pragma_update(None, "ignore_check_constraints", false);
    if let Err(error) = off {
        Scope::note(format!(
            "CHECK constraints could not be switched on again: {error}"
        ));
    }
    let next = match direction {
        Direction::Up => Direction::Down,
        Direction::Down => Direction::Up,
    };
    End::Passed(state(run, next, engine))
}

/// The state from which a script starts.
fn state(run: &StepRun<'_>, direction: Direction, engine: &Runner) -> State {
    let schema: &Arc<Schema> = run.schema_before(direction);
    State::read(&engine.connection, schema, run.touched(direction))
}

/// Runs a script that stopped on the rows of `image` again, each time with rows repaired where they
/// stopped it: otherwise, nothing after that place would be seen.
pub(crate) fn run_on_repaired_rows(
    run: &StepRun<'_>,
    image: &[u8],
    first: &StepOutcome,
    options: &Options,
) -> Vec<Repaired> {
    let direction = first.direction;
    let reached = Reached {
        before: run.schema_before(direction),
        after: run.schema_after(direction),
        tables: run.touched(direction),
    };
    let mut stop = first.stop().cloned();
    let mut made: Vec<Repaired> = Vec::new();
    for _ in 0..MOST {
        let Some(failure) = stop.take() else { break };
        let last = made.last().map_or(image, |last| last.image.as_slice());
        let repaired = repair(last, &failure, &reached, options);
        let Some(image) = repaired else { break };
        let outcome = run_on_rows(run, direction, &image, options);
        stop = (outcome.as_ref()).and_then(|outcome| outcome.stop().cloned());
        made.extend(outcome.map(|outcome| Repaired { image, outcome }));
    }
    made
}

/// Rows that were repaired, and what came of a step on them.
pub(crate) struct Repaired {
    pub(crate) image: Vec<u8>,
    pub(crate) outcome: StepOutcome,
}

/// Runs a script again for each of `tables`, and finds the statement after which the table has
/// fewer rows than it had before.
pub(crate) fn blame_statements<'t>(
    run: &StepRun<'_>,
    direction: Direction,
    image: &[u8],
    tables: impl Iterator<Item = &'t str>,
    options: &Options,
) -> BTreeMap<String, usize> {
    let Some(text) = run.text(direction) else {
        return BTreeMap::new();
    };
    let blamed = |table: &str| {
        let engine = Runner::open(image, run.mode(), options).ok()?;
        first_loss(&engine, text, run, table)
    };
    tables
        .filter_map(|table| Some((table.to_owned(), blamed(table)?)))
        .collect()
}

fn first_loss(engine: &Runner, text: &Text, run: &StepRun<'_>, table: &str) -> Option<usize> {
    let sql = format!("SELECT count(*) FROM main.{}", quote_name(table));
    let count = |connection: &Connection| -> Option<i64> {
        connection.query_row(&sql, [], |row| row.get(0)).ok()
    };
    let mut most = count(&engine.connection)?;
    let (mut blamed, mut gone) = (None, false);
    let around = text.transaction(run.mode());
    engine.run(&text.statements, around, |place, connection| {
        // Once the table was dropped, a later table of its name is a different table.
        match count(connection) {
            Some(now) if !gone => {
                if now < most && blamed.is_none() {
                    blamed = Some(place);
                }
                most = most.max(now);
            }
            _ => gone = true,
        }
    });
    blamed
}
