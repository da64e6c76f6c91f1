//! The pass over one step on rows, under all modes: run, compare, check, weigh.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::analysis::Analysis;
use crate::checks::severity::{
    Clashing, Evidence, MoreEvidence, has_error, is_stopped, weigh, weigh_chosen,
};
use crate::checks::{
    dangling, empty_database, failure, fired_triggers, health, loss, nondeterministic,
    text_for_column, way_back,
};
use crate::differences::effect::{Script, ScriptEffect};
use crate::finding::{Diagnostic, Direction};
use crate::options::Options;
use crate::passes::tested::{Tested, Untested};
use crate::runner::chosen_rows::{chosen_rows, clashes};
use crate::runner::fill_rows::{Chosen, Filled, PrunedVersion, Rows, Unseeded};
use crate::runner::run_step::{blame_statements, run_back_on_empty, run_on_repaired_rows};
use crate::runner::step::{End, StepOutcome, StepRun};
use crate::script::lineage::{CopiedBefore, copied_before};
use crate::script::statement::Statement;
use generate::ValueHints;
use sandbox::Scope;
use schema::Schema;

/// The diagnostics of one step, and the work that went into them.
#[derive(Default)]
pub(crate) struct Checked {
    pub(crate) diagnostics: Vec<Diagnostic>,
    /// How many runs with rows were made.
    pub(crate) journeys: usize,
    /// The tables that got no rows, each with the reason.
    pub(crate) unseeded: Unseeded,
    /// The parts of the step that the rows did not test.
    pub(crate) untested: Vec<Untested>,
}

/// Checks one step under all modes.
pub(crate) fn check(analysis: &Analysis, place: usize, scope: &Scope) -> Checked {
    let request = &analysis.request;
    let (Some(step), Some(migration)) = (analysis.steps.get(place), request.step(place)) else {
        return Checked::default();
    };
    let options = request.options.as_ref();
    let chains = analysis.chains_to_run(std::iter::once(place));
    let mut databases: Option<Databases<'_>> = None;
    let mut checked = Checked::default();
    let tested = Tested::default();
    let mut ran = BTreeSet::new();
    for chain in chains {
        let unread = [place, place + 1].map(|version| chain.unread.get(&version));
        if let Some(why) = unread.into_iter().flatten().next() {
            Scope::note(format!(
                "the schema before or after it cannot be read: {why}"
            ));
            continue;
        }
        let Some(mut run) = StepRun::new(place, step, &migration.down, chain) else {
            continue;
        };
        run.copied_before = find_copied_before(analysis, place, run.before);
        let way_back = run_back_on_empty(&run, options);
        let on_empty = empty_database::check(&run, way_back.as_ref());
        checked.diagnostics.extend(on_empty);
        for direction in [Direction::Up, Direction::Down] {
            checked
                .diagnostics
                .extend(nondeterministic::check(&run, direction));
        }
        if way_back.is_some_and(|way_back| way_back.fails()) {
            run.back = None;
        }
        if chain.fails(place) {
            continue;
        }
        let databases = databases.get_or_insert_with(|| Databases::new(analysis, &run));
        let Some(before) = &mut databases.before else {
            continue;
        };
        ran.insert(Direction::Up);
        let mut on_rows = check_forth(&run, before, &tested, options);
        if let Some(after) = databases.after.as_mut().filter(|_| run.back.is_some()) {
            ran.insert(Direction::Down);
            let back = check_back(&run, after, &tested, options);
            on_rows.diagnostics.extend(back.diagnostics);
            on_rows.journeys += back.journeys;
        }
        checked.journeys += on_rows.journeys;
        // A run that was cut off shows losses that are none.
        if scope.is_over() {
            break;
        }
        checked.diagnostics.append(&mut on_rows.diagnostics);
    }
    checked.untested = (ran.into_iter())
        .flat_map(|direction| tested.find_rest(step, direction))
        .collect();
    checked.diagnostics = analysis.copy_to_other_chains(checked.diagnostics, chains.len());
    checked.unseeded = databases.map(Databases::unseeded).unwrap_or_default();
    checked
}

/// A rebuild that is spread over steps has no more than these.
const SPREAD: usize = 10;

/// The tables of `schema` that the steps before `place` copied.
fn find_copied_before(analysis: &Analysis, place: usize, schema: &Schema) -> CopiedBefore {
    let earlier = analysis.steps.iter().take(place);
    let earlier = earlier.skip(place.saturating_sub(SPREAD));
    let scripts = earlier.filter_map(|step| step.up.as_ref());
    copied_before(schema, scripts.flat_map(|up| &up.statements))
}

/// The databases of one step, the same for all modes: of the version before it, and of the one
/// after where it goes back.
struct Databases<'a> {
    before: Option<Database<'a>>,
    after: Option<Database<'a>>,
}

/// One version for one step, and its plain rows as soon as a run needs them.
struct Database<'a> {
    version: PrunedVersion<'a>,
    plain: Option<Filled>,
}

impl<'a> Databases<'a> {
    fn new(analysis: &'a Analysis, run: &StepRun<'a>) -> Databases<'a> {
        let chain = analysis.chains.first();
        let database = |place, hints: &'a ValueHints, direction| {
            let only = run.touched(direction);
            let chosen = choose(run, direction);
            let version = PrunedVersion::new(chain?, place, hints, only, chosen)?;
            let plain = None;
            Some(Database { version, plain })
        };
        let before = database(run.place, &run.step.hints.0, Direction::Up);
        let after = || database(run.place + 1, &run.step.hints.1, Direction::Down);
        Databases {
            before,
            after: run.back.and_then(|_| after()),
        }
    }

    /// The tables that got no plain rows.
    fn unseeded(self) -> Unseeded {
        let databases = self.before.into_iter().chain(self.after);
        let plain = databases.filter_map(|database| database.plain);
        plain.flat_map(|filled| filled.unseeded).collect()
    }
}

/// The rows chosen for one direction of a step.
fn choose(run: &StepRun<'_>, direction: Direction) -> Chosen {
    let (before, after) = (run.schema_before(direction), run.schema_after(direction));
    let statements = run.statements(direction);
    let all: Vec<&Statement> = statements.iter().collect();
    Chosen::new(
        before,
        chosen_rows(before, run.touched(direction), &all),
        clashes(before, after, run.lineage(direction), statements),
    )
}

impl Database<'_> {
    fn plain(&mut self, options: &Options) -> Arc<Vec<u8>> {
        let version = &self.version;
        let filled = (self.plain).get_or_insert_with(|| version.fill(Rows::Plain, options));
        Arc::clone(&filled.image)
    }
}

/// The diagnostics of one direction on rows, and how many runs they took.
struct OnRows {
    diagnostics: Vec<Diagnostic>,
    journeys: usize,
}

/// The step forward and back, on rows of the version before.
fn check_forth(
    run: &StepRun<'_>,
    database: &mut Database<'_>,
    tested: &Tested,
    options: &Options,
) -> OnRows {
    let on_rows = |image: &[u8]| run_and_diagnose(run, Direction::Up, image, tested, options);
    let image = database.plain(options);
    let outcome = tested.run(run, Direction::Up, &image, options);
    let plain = (outcome.iter()).flat_map(|outcome| diagnose(run, outcome, &image, options));
    let plain = weigh_chosen(plain.collect(), || {
        on_rows(&database.version.fill(Rows::Generated, options).image)
    });
    let more = (has_error(&plain) || is_stopped(&plain)).then(|| {
        let without_nulls = on_rows(&database.version.fill(Rows::WithoutNulls, options).image);
        let repaired = diagnose_repaired(run, &image, outcome.as_ref(), tested, options);
        let passes_without_nulls = !is_stopped(&without_nulls);
        let empty = if passes_without_nulls {
            None
        } else {
            run.chain.images.get(run.place)
        };
        MoreEvidence {
            without_nulls,
            passes_without_nulls,
            repaired,
            empty: empty.map(|image| on_rows(&image)).unwrap_or_default(),
        }
    });
    let journeys = if more.is_some() { 3 } else { 2 };
    let hostile = on_rows(&database.version.fill(Rows::Hostile, options).image);
    let clashing = check_clashes(run, Direction::Up, database, tested, options);
    let journeys = journeys + clashing.len();
    let diagnostics = weigh(Evidence {
        plain,
        more,
        clashing,
        hostile,
    });
    OnRows {
        diagnostics,
        journeys,
    }
}

/// The diagnostics on rows that clash with the script, each clash for itself.
fn check_clashes(
    run: &StepRun<'_>,
    direction: Direction,
    database: &mut Database<'_>,
    tested: &Tested,
    options: &Options,
) -> Vec<Clashing> {
    let plain = database.plain(options);
    let chosen = database.version.chosen();
    tested.note_left_out(direction, chosen.left_out);
    let clashing = chosen.clashes.iter().filter_map(|clash| {
        // Rows that the schema refuses cannot be there; a rule that is not understood can be
        // broken.
        let understood = clash.rows.iter().any(|cells| !cells.is_empty());
        tested.note_clash(direction, &clash.about, understood);
        let image = database.version.with_clash(&plain, clash, options)?;
        let outcome = tested.run(run, direction, &image, options)?;
        Some(Clashing {
            condition: clash.condition.clone(),
            kind: clash.kind,
            diagnostics: diagnose(run, &outcome, &image, options),
        })
    });
    clashing.collect()
}

/// The down migration, on rows of the version after: rows that people made since.
fn check_back(
    run: &StepRun<'_>,
    database: &mut Database<'_>,
    tested: &Tested,
    options: &Options,
) -> OnRows {
    let image = database.plain(options);
    let outcome = tested.run(run, Direction::Down, &image, options);
    let plain = (outcome.iter()).flat_map(|outcome| diagnose(run, outcome, &image, options));
    let plain = weigh_chosen(plain.collect(), || {
        let image = database.version.fill(Rows::Generated, options).image;
        run_and_diagnose(run, Direction::Down, &image, tested, options)
    });
    let stops = |outcome: &Option<StepOutcome>| {
        let stop = outcome.as_ref().and_then(StepOutcome::stop);
        stop.is_some()
    };
    let more = (has_error(&plain) || stops(&outcome)).then(|| {
        let other = database.version.fill(Rows::WithoutNulls, options).image;
        let full = tested.run(run, Direction::Down, &other, options);
        let without_nulls = (full.iter()).flat_map(|full| diagnose(run, full, &other, options));
        MoreEvidence {
            without_nulls: without_nulls.collect(),
            passes_without_nulls: !stops(&full),
            repaired: diagnose_repaired(run, &image, outcome.as_ref(), tested, options),
            empty: Vec::new(),
        }
    });
    let clashing = check_clashes(run, Direction::Down, database, tested, options);
    let journeys = 1 + clashing.len();
    let diagnostics = weigh(Evidence {
        plain,
        more,
        clashing,
        hostile: Vec::new(),
    });
    OnRows {
        diagnostics,
        journeys,
    }
}

/// The diagnostics of a run on the rows of `image`.
fn run_and_diagnose(
    run: &StepRun<'_>,
    direction: Direction,
    image: &[u8],
    tested: &Tested,
    options: &Options,
) -> Vec<Diagnostic> {
    let outcome = tested.run(run, direction, image, options);
    outcome.map_or_else(Vec::new, |outcome| diagnose(run, &outcome, image, options))
}

/// The diagnostics on rows that are repaired where those of `image` stopped the script.
fn diagnose_repaired(
    run: &StepRun<'_>,
    image: &[u8],
    first: Option<&StepOutcome>,
    tested: &Tested,
    options: &Options,
) -> Vec<Diagnostic> {
    let Some(first) = first else {
        return Vec::new();
    };
    let repaired = run_on_repaired_rows(run, image, first, options);
    for own in &repaired {
        tested.add(&own.outcome);
    }
    repaired
        .iter()
        .flat_map(|own| diagnose(run, &own.outcome, &own.image, options))
        .collect()
}

/// The diagnostics of one outcome on the rows of `image`.
fn diagnose(
    run: &StepRun<'_>,
    outcome: &StepOutcome,
    image: &[u8],
    options: &Options,
) -> Vec<Diagnostic> {
    let direction = outcome.direction;
    let after = match &outcome.end {
        End::Passed(after) => after,
        End::Stopped(stop) => return failure::check(run, direction, stop).into_iter().collect(),
    };
    let statements = run.statements(direction);
    let script = Script {
        origin: run.origin(direction),
        statements,
        lineage: run.lineage(direction),
        copied_before: &run.copied_before,
    };
    let mut effect = ScriptEffect::new(script, &outcome.start, after);
    let lost = effect.tables_with_lost_rows();
    effect.blamed = blame_statements(run, direction, image, lost, options);
    let mut found = loss::check(&effect, options);
    if direction == Direction::Down {
        return way_back::keep_losses_of_new_rows(found, statements);
    }
    found.extend(text_for_column::check_values(&effect));
    found.extend(dangling::check_writes(&effect));
    found.extend(health::check(&effect));
    found.extend(fired_triggers::check(&effect));
    match &outcome.back {
        None => {}
        Some(End::Stopped(stop)) => found.extend(failure::check(run, Direction::Down, stop)),
        Some(End::Passed(end)) => {
            let statements = run.statements(Direction::Down);
            found = way_back::weigh_restored_values(&effect, end, found);
            found.extend(way_back::check_round_trip(&effect, end, statements));
        }
    }
    found
}
