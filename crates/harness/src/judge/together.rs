//! All runs of a history, and their findings put together.

use std::collections::BTreeMap;

use schema::sql::fold;

use super::Options;
use super::chain::{self, Chain, Step};
use super::fill::{Rows, Store, fill};
use super::finding::{Class, Direction, Reach, Severity, Told};
use super::keys;
use super::long::{self, Way};
use super::model::{Mode, Model};
use super::progress::Gauge;
use super::run::Engine;
use super::step::Trial;
use super::structure::{self, Dangling};
use super::verdict::{Judged, Verdict};
use super::weigh::{back, forward};
use crate::folder::History;
use crate::parallel::in_parallel;

/// What is judged, made ready.
pub(super) struct Bench<'a> {
    pub(super) history: &'a History,
    pub(super) options: &'a Options,
    pub(super) model: Model,
    pub(super) steps: Vec<Step>,
    pub(super) chains: Vec<Chain>,
    /// The places of the steps that are judged.
    pub(super) judged: std::ops::Range<usize>,
}

pub(super) fn judge(history: &History, options: &Options) -> Result<Verdict, String> {
    let bench = Bench::new(history, options)?;
    let Some(first) = bench.chains.first() else {
        return Err("no way to run this history is known".to_owned());
    };
    let store = Store::new(first, options);
    let asked = |place: &usize| {
        let step = history.steps.get(*place);
        step.is_some_and(|step| {
            (options.only.as_ref()).is_none_or(|only| only.contains(&step.name))
        })
    };
    let places: Vec<usize> = bench.judged.clone().filter(asked).collect();
    let gauge = Gauge::new(options, "steps", places.len());
    let work = |at: usize| {
        let _told = gauge.when_done();
        places.get(at).map(|place| bench.step(*place, &store))
    };
    let alone: Vec<(Vec<Told>, usize)> = in_parallel(places.len(), work)
        .into_iter()
        .flatten()
        .collect();
    let mut journeys: usize = alone.iter().map(|(_, count)| count).sum();
    let mut told: Vec<Told> = alone.into_iter().flat_map(|(told, _)| told).collect();
    told.extend(
        bench
            .dangling()
            .into_iter()
            .map(|told| told.over(Reach::Rest)),
    );
    let (long, runs) = bench.long_runs(&told);
    journeys += runs;
    told.extend(long.into_iter().map(|told| told.over(Reach::Whole)));
    told.retain(|told| asked(&told.step));
    let unseeded = store.unseeded.into_inner().unwrap_or_default();
    Ok(Verdict {
        layout: history.layout.to_owned(),
        root: history.root.display().to_string(),
        source: bench.model.source,
        steps: places.len(),
        judged: (places.iter().filter_map(|place| history.steps.get(*place)))
            .map(Judged::of)
            .collect(),
        journeys,
        unseeded: unseeded.into_iter().collect(),
        gaps: history.gaps.clone(),
        findings: bench.findings(told),
    })
}

impl<'a> Bench<'a> {
    fn new(history: &'a History, options: &'a Options) -> Result<Bench<'a>, String> {
        let model = Model::of(history.layout).for_history(history);
        let mut steps = chain::steps(history, &model);
        let place_of = |name: &Option<String>| match name {
            None => Ok(None),
            Some(name) => match history.steps.iter().position(|step| step.name == *name) {
                Some(place) => Ok(Some(place)),
                None => Err(format!("no step is called `{name}`")),
            },
        };
        let (from, to) = (place_of(&options.from)?, place_of(&options.to)?);
        let end = to.map_or(steps.len(), |place| place + 1);
        steps.truncate(end);
        let gaps: Vec<usize> = history
            .gaps
            .iter()
            .filter_map(|gap| Some(gap.after? + 1))
            .collect();
        let modes = Mode::all(&model, options.foreign_keys, options.transaction);
        let walked = in_parallel(modes.len(), |at| {
            let mode = modes.get(at).copied();
            mode.map(|mode| chain::walk(&steps, &gaps, &options.base, mode, options))
        });
        let mut chains: Vec<Chain> = walked.into_iter().flatten().collect::<Result<_, _>>()?;
        chain::read_schemas(&mut chains, options)?;
        Ok(Bench {
            history,
            options,
            model,
            steps,
            chains,
            judged: from.unwrap_or(0).min(end)..end,
        })
    }

    /// One step under all modes, and how many journeys that took.
    fn step<'s>(&'s self, place: usize, store: &'s Store<'s>) -> (Vec<Told>, usize) {
        let mut found: Vec<Told> = Vec::new();
        let mut journeys = 0;
        let (Some(step), Some(migration)) = (self.steps.get(place), self.history.steps.get(place))
        else {
            return (found, 0);
        };
        let (mut plain, mut later) = (None, None);
        let mut grounds = None;
        let ran = self.modes_that_differ(std::iter::once(place));
        for chain in self.chains.iter().take(ran) {
            let Some(mut trial) = Trial::new(place, (step, &migration.down), chain, self.options)
            else {
                continue;
            };
            let bare = trial.without_rows();
            trial.comes_back = bare.iter().all(|told| told.class != Class::DownFails);
            found.extend(bare);
            if chain.fails(place) {
                continue;
            }
            let grounds = grounds.get_or_insert_with(|| {
                let before = store.ground(place, &step.hints.0, &trial.touched.0);
                let goes_back = trial.goes_back();
                let after = || store.ground(place + 1, &step.hints.1, &trial.touched.1);
                (before, goes_back.then(after).flatten())
            });
            let (Some(before), after) = grounds else {
                continue;
            };
            let plain = plain.get_or_insert_with(|| before.make(Rows::Plain));
            let empty = || chain.images.get(place);
            found.extend(forward(
                &trial,
                plain,
                empty,
                |rows| before.make(rows),
                &mut journeys,
            ));
            if let Some(after) = after.as_ref().filter(|_| trial.goes_back()) {
                let later = later.get_or_insert_with(|| after.make(Rows::Plain));
                found.extend(back(&trial, later, |rows| after.make(rows), &mut journeys));
            }
        }
        (self.for_all_modes(found, ran), journeys)
    }

    /// How many of the chains can show something else on these steps: all, or one that stands for all.
    fn modes_that_differ(&self, mut places: impl Iterator<Item = usize>) -> usize {
        let all = self.chains.len();
        match all > 1 && places.any(|place| self.depends_on_keys(place)) {
            true => all,
            false => all.min(1),
        }
    }

    /// Adds what was found on the chains that ran, the first `ran`, for the others.
    fn for_all_modes(&self, mut found: Vec<Told>, ran: usize) -> Vec<Told> {
        let own = found.clone();
        for chain in self.chains.iter().skip(ran) {
            found.extend(own.iter().map(|told| Told {
                mode: chain.mode,
                ..told.clone()
            }));
        }
        found
    }

    /// Whether it can make a difference for a step whether foreign keys are on.
    fn depends_on_keys(&self, place: usize) -> bool {
        let lines = self.steps.get(place).into_iter().flat_map(|step| {
            let texts = step.up.iter().chain(&step.down);
            texts.flat_map(|text| &text.lines)
        });
        self.chains.iter().any(|chain| {
            let schemas = chain.schemas.iter().skip(place).take(2);
            keys::matter(&schemas.collect::<Vec<_>>(), lines.clone())
        })
    }

    /// Names that lead nowhere from some version on.
    fn dangling(&self) -> Vec<Told> {
        let Some(chain) = self.chains.first() else {
            return Vec::new();
        };
        // Versions of the same schema have the same names.
        let first = |at: usize| {
            chain
                .stored
                .iter()
                .position(|own| Some(own) == chain.stored.get(at))
        };
        let looked = in_parallel(chain.images.len(), |at| {
            (first(at) == Some(at)).then_some(())?;
            let schema = chain.schemas.get(at)?;
            let mut found = structure::dangling_keys(schema);
            if schema.views().next().is_some() || schema.triggers().next().is_some() {
                let image = chain.images.get(at)?;
                let engine = Engine::open(&image, chain.mode, self.options).ok()?;
                found.extend(structure::dangling(&engine.connection, schema));
            }
            Some(found)
        });
        let looked: Vec<BTreeMap<String, Dangling>> = (0..looked.len())
            .map(|at| first(at).and_then(|first| looked.get(first)?.clone()))
            .map(Option::unwrap_or_default)
            .collect();
        let mut found = Vec::new();
        for place in self.judged.clone() {
            // What a step that fails leaves behind is no version of anybody's.
            let (Some(before), Some(after), false) =
                (looked.get(place), looked.get(place + 1), chain.fails(place))
            else {
                continue;
            };
            for (object, dangling) in after {
                let new = !before.contains_key(object);
                let was_there = chain
                    .schemas
                    .get(place)
                    .is_some_and(|schema| dangling.is_in(schema));
                // A string in double quotes that was always one is what its author meant.
                if !new || (dangling.only_strict && !was_there) {
                    continue;
                }
                let last = looked.last().is_some_and(|last| last.contains_key(object));
                let until = looked
                    .iter()
                    .skip(place + 1)
                    .position(|own| !own.contains_key(object));
                let until = until.and_then(|at| self.steps.get(place + at));
                let (severity, till) = match (last, until) {
                    (false, Some(step)) => (Severity::Warning, format!(", until `{}`", step.name)),
                    _ => (Severity::Error, String::new()),
                };
                let step = self.steps.get(place).and_then(|step| step.up.as_ref());
                let line = step.and_then(|up| {
                    let mut lines = up.lines.iter();
                    let named = |name: &str| name.split(['.', ' ']).map(fold).collect::<Vec<_>>();
                    let names = named(object);
                    lines.find(|line| names.iter().any(|name| line.mentions(name)))
                });
                for chain in &self.chains {
                    let scene = (place, Direction::Up, chain.mode);
                    let message = format!("{}{till}", dangling.words);
                    found.push(
                        Told::new(
                            Class::DanglingReference,
                            severity,
                            scene,
                            object.clone(),
                            message,
                        )
                        .at(line.map(|line| line.line)),
                    );
                }
            }
        }
        found
    }

    /// The long run from several starts, and how many there were.
    fn long_runs(&self, told: &[Told]) -> (Vec<Told>, usize) {
        let Some(first) = self.chains.first() else {
            return (Vec::new(), 0);
        };
        let count = self.judged.len();
        let starts = self.options.starts.min(count.saturating_sub(1));
        if starts == 0 {
            return (Vec::new(), 0);
        }
        let ways = in_parallel(self.steps.len(), |at| {
            let schemas = (first.schemas.get(at), first.schemas.get(at + 1));
            match (schemas, self.steps.get(at)) {
                ((Some(before), Some(after)), Some(step)) => Way::of(before, after, step),
                _ => Way::default(),
            }
        });
        let known: long::Known = told
            .iter()
            .filter(|told| told.direction == Direction::Up)
            .map(|told| (told.step, fold(&told.object)))
            .collect();
        let hints = chain::hints(self.steps.iter().filter_map(|step| step.up.as_ref()));
        let chains = self.modes_that_differ(self.judged.clone());
        let runs = starts * chains;
        let gauge = Gauge::new(self.options, "long runs", runs);
        let found = in_parallel(runs, |at| {
            let _told = gauge.when_done();
            let (start, chain) = (at % starts, self.chains.get(at / starts)?);
            // Evenly from the first version that holds anything to the last but one.
            let start = self.judged.start + 1 + start * (count - 1) / starts;
            let (image, schema) = (chain.images.get(start)?, chain.schemas.get(start)?);
            let filling = (Rows::Plain, &hints);
            let (image, _) = fill(&image, schema, filling, self.options).ok()?;
            Some(long::run(
                (&self.steps, &ways),
                chain,
                (start, &image),
                &known,
                self.options,
            ))
        });
        let found = found.into_iter().flatten().flatten().collect();
        (self.for_all_modes(found, chains), runs)
    }
}
