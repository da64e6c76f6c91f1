//! The pass over names: reads those that lead nowhere in each version, and checks where they come
//! from.

use crate::analysis::Analysis;
use crate::checks::dangling::{self, Names};
use crate::checks::text_for_column;
use crate::finding::{Diagnostic, Direction, Origin};
use crate::options::Options;
use crate::runner::clock_probe::may_call_clock;
use crate::runner::execute::Runner;
use crate::runner::unresolved::unresolved_names;
use crate::runner::versions::Chain;
use crate::runner::watch::{Phase, Watch};
use stdx::map_parallel;

/// Checks all versions for names that lead nowhere.
pub(crate) fn check(analysis: &Analysis, watch: &Watch) -> Vec<Diagnostic> {
    let Some(chain) = analysis.chains.first() else {
        return Vec::new();
    };
    // Versions of the same schema have the same names.
    let first = |at: usize| {
        let own = chain.stored.get(at);
        chain.stored.iter().position(|stored| Some(stored) == own)
    };
    let options = &analysis.request.options;
    let read = map_parallel(chain.images.len(), |at| {
        let is_due = first(at) == Some(at) && !watch.deadline.passed();
        is_due
            .then(|| read_names(chain, at, options, watch))
            .flatten()
    });
    let none = Names::new();
    let of_version = |at| first(at).and_then(|first| read.get(first)?.as_ref());
    let versions: Vec<&Names> = (0..read.len())
        .map(|at| of_version(at).unwrap_or(&none))
        .collect();
    let modes: Vec<_> = analysis.chains.iter().map(|chain| chain.mode).collect();
    let places = analysis.places();
    let quoted = |place| check_quoted(analysis, chain, &versions, place);
    places
        .flat_map(|place| {
            let mut found = dangling::check(place, &analysis.steps, chain, &versions, &modes);
            found.extend(analysis.copy_to_other_chains(quoted(place), 1));
            found
        })
        .collect()
}

/// Views and triggers of a step that hold text in double quotes.
fn check_quoted(
    analysis: &Analysis,
    chain: &Chain,
    versions: &[&Names],
    place: usize,
) -> Vec<Diagnostic> {
    let names = (versions.get(place), versions.get(place + 1));
    let schemas = (chain.schemas.get(place), chain.schemas.get(place + 1));
    let ((Some(before), Some(after)), (Some(was), Some(is))) = (names, schemas) else {
        return Vec::new();
    };
    let up = analysis.steps.get(place).and_then(|step| step.up.as_ref());
    let origin = Origin {
        step: place,
        direction: Direction::Up,
        mode: chain.mode,
    };
    let statements = up.map_or(&[][..], |up| up.statements.as_slice());
    text_for_column::check_objects(origin, (before, after), (was, is), statements)
}

/// The names that lead nowhere in one version; `None` where they could not be read.
fn read_names(chain: &Chain, at: usize, options: &Options, watch: &Watch) -> Option<Names> {
    let schema = chain.schemas.get(at)?;
    let mut found = dangling::dangling_keys(schema);
    let plain = schema.views().next().is_none() && schema.triggers().next().is_none();
    if plain && !may_call_clock(schema) {
        return Some(found);
    }
    let image = chain.images.get(at)?;
    let place = at.saturating_sub(1);
    let _under_way = watch.begin(Phase::Names, place);
    let scope = watch.scope();
    let names = scope.within(|| {
        let engine = Runner::open(&image, chain.mode, options).ok()?;
        Some(unresolved_names(&engine.connection, schema))
    });
    watch.untried(place, scope.take_untried());
    if scope.is_over() {
        return None;
    }
    found.extend(names?);
    Some(found)
}
