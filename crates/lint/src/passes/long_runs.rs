//! The pass over long runs: rows of several versions, carried to the end, checked for what single
//! steps did not show.

use std::collections::BTreeSet;

use schema::sql::fold;

use crate::analysis::Analysis;
use crate::checks::{failure, health, loss};
use crate::differences::effect::{Script, ScriptEffect};
use crate::finding::{Diagnostic, Direction, Origin};
use crate::runner::fill_rows::{Chosen, Rows, fill};
use crate::runner::long_run::{CarriedStep, LongRun, StepTables};
use crate::runner::progress::Gauge;
use crate::runner::step::End;
use crate::runner::versions::{self, Chain};
use crate::runner::watch::{Phase, Watch};
use crate::script::lineage::CopiedBefore;
use generate::ValueHints;
use stdx::map_parallel;

/// The objects that the diagnostics of a step name already, so that long runs report only what is
/// new.
type Known = BTreeSet<(usize, String)>;

/// Begins what was not tried with rows of an earlier version.
pub(crate) const CARRIED: &str = "rows carried from before it: ";

/// The diagnostics of all long runs, and how many there were.
#[derive(Default)]
pub(crate) struct Checked {
    pub(crate) diagnostics: Vec<Diagnostic>,
    pub(crate) journeys: usize,
}

/// Carries rows from several versions to the end. `so_far` are the diagnostics of the single steps.
pub(crate) fn check(analysis: &Analysis, so_far: &[Diagnostic], watch: &Watch) -> Checked {
    let options = &analysis.request.options;
    let places = analysis.places();
    let starts = options.starts.min(places.len().saturating_sub(1));
    if starts == 0 || analysis.chains.is_empty() {
        return Checked::default();
    }
    let tables = tables_of_steps(analysis);
    let known: Known = so_far
        .iter()
        .filter(|own| own.origin.direction == Direction::Up)
        .map(|own| (own.origin.step, fold(&own.object)))
        .collect();
    let hints = versions::hints(analysis.steps.iter().filter_map(|step| step.up.as_ref()));
    let chains = analysis.chains_to_run(places.clone());
    let runs = starts * chains.len();
    let gauge = Gauge::new(options.progress, "long runs", runs);
    let pass = Pass {
        analysis,
        tables: &tables,
        hints: &hints,
        known: &known,
        watch,
    };
    let found = map_parallel(runs, |at| {
        let _done = gauge.when_done();
        // Evenly from the first version that holds anything to the last but one.
        let start = places.start + 1 + (at % starts) * (places.len() - 1) / starts;
        if watch.deadline.passed() {
            return None;
        }
        pass.check_from(start, chains.get(at / starts)?)
    });
    let found = found.into_iter().flatten().flatten().collect();
    Checked {
        diagnostics: analysis.copy_to_other_chains(found, chains.len()),
        journeys: runs,
    }
}

/// The tables that each step reaches, computed once for all runs.
fn tables_of_steps(analysis: &Analysis) -> Vec<StepTables> {
    let schemas = analysis.chains.first().map(|chain| &chain.schemas[..]);
    let schemas = schemas.unwrap_or_default();
    map_parallel(analysis.steps.len(), |at| {
        let schemas = (schemas.get(at), schemas.get(at + 1));
        match (schemas, analysis.steps.get(at)) {
            ((Some(before), Some(after)), Some(step)) => StepTables::new(before, after, step),
            _ => StepTables::default(),
        }
    })
}

/// The values that all long runs share.
struct Pass<'a> {
    analysis: &'a Analysis,
    tables: &'a [StepTables],
    hints: &'a ValueHints,
    known: &'a Known,
    watch: &'a Watch,
}

impl Pass<'_> {
    /// Carries rows from version `start` to the end; `None` where that was cut off.
    fn check_from(&self, start: usize, chain: &Chain) -> Option<Vec<Diagnostic>> {
        let options = &self.analysis.request.options;
        let (image, schema) = (chain.images.get(start)?, chain.schemas.get(start)?);
        let _under_way = self.watch.begin(Phase::Long, start);
        let scope = self.watch.scope();
        let found = scope.within(|| {
            let filled = fill(
                &image,
                schema,
                Rows::Plain,
                self.hints,
                &Chosen::default(),
                options,
            )
            .ok()?;
            let long = LongRun {
                steps: &self.analysis.steps,
                tables: self.tables,
                chain,
                start,
                image: &filled.image,
                options,
            };
            let steps = long.run();
            Some(
                steps
                    .flat_map(|step| self.check_step(&long, &step))
                    .collect(),
            )
        });
        let untried = scope.take_untried().into_iter();
        let carried = untried.map(|why| format!("{CARRIED}{why}"));
        self.watch.untried(start, carried);
        found.filter(|_| !scope.is_over())
    }

    fn check_step(&self, long: &LongRun<'_>, step: &CarriedStep<'_>) -> Vec<Diagnostic> {
        let known = |object: &str| self.known.contains(&(step.place, fold(object)));
        let origin = Origin {
            step: step.place,
            direction: Direction::Up,
            mode: long.chain.mode,
        };
        let after = match &step.end {
            End::Passed(after) => after,
            End::Stopped(stop) => {
                let found = failure::check_carried(origin, &step.tables.lineage, stop);
                return found
                    .filter(|own| !known(&own.object))
                    .into_iter()
                    .collect();
            }
        };
        let none = CopiedBefore::new();
        let script = Script {
            copied_before: &none,
            origin,
            statements: &step.text.statements,
            lineage: &step.tables.lineage,
        };
        let mut effect = ScriptEffect::new(script, &step.start, after);
        let lost = effect.tables_with_lost_rows().filter(|table| !known(table));
        effect.blamed = long.blame_statements(step.place, lost);
        let mut found = loss::check(&effect, &self.analysis.request.options);
        found.extend(health::check(&effect));
        // Single steps reported the known ones already.
        found.retain(|own| !known(&own.object));
        found
    }
}
