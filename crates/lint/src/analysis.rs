//! All runs of a history, and their findings put together.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError};

use schema::sql::fold;

use crate::checks::severity::{back, forward};
use crate::checks::structure::{self, Dangling};
use crate::error::{Error, ErrorKind};
use crate::finding::{Diagnostic, Direction, Reach, Rule, Severity};
use crate::options::Options;
use crate::runner::execute::Runner;
use crate::runner::fill_rows::{Rows, Store, fill};
use crate::runner::long_run::{self, StepTables};
use crate::runner::progress::Gauge;
use crate::runner::step::StepRun;
use crate::runner::tool_model::{Mode, Model};
use crate::runner::versions::{self, Chain, Step};
use crate::runner::watch::{Found, Phase, Watch, until};
use crate::script::key_relevance;
use crate::verdict::{Judged, Unjudged, Verdict};
use folders::History;
use sandbox::{Deadline, Scope};
use stdx::map_parallel;

/// What is judged, made ready.
pub(crate) struct Analysis {
    pub(crate) history: Arc<History>,
    pub(crate) options: Arc<Options>,
    pub(crate) model: Model,
    pub(crate) steps: Vec<Step>,
    pub(crate) chains: Vec<Chain>,
    /// The places of the steps that are judged.
    pub(crate) judged: std::ops::Range<usize>,
}

/// Checks all steps of `history`, or those that `options` name.
///
/// # Errors
/// When a step that `options` name is not there, or no database can be opened in memory.
pub fn check(history: &History, options: &Options) -> Result<Verdict, Error> {
    let deadline = Deadline::after(options.timeout);
    check_until(history, options, &Arc::new(deadline))
}

/// Checks as a part of a run that began earlier, and ends with it.
///
/// # Errors
/// As [`check`].
pub fn check_until(
    history: &History,
    options: &Options,
    deadline: &Arc<Deadline>,
) -> Result<Verdict, Error> {
    let (history, options) = (Arc::new(history.clone()), Arc::new(options.clone()));
    let watch = Arc::new(Watch::new(&options, deadline));
    let work = {
        let (history, options, watch) = (history.clone(), options.clone(), watch.clone());
        move || run(&history, &options, &watch)
    };
    match until(deadline, work) {
        // What fails when the time is over fails for that.
        Some(Err(_)) if deadline.passed() => {}
        Some(done) => done?,
        None => {}
    }
    let found = watch.found(|found| found.clone());
    Ok(verdict(&history, &options, found))
}

/// Whether a step is to be judged, as far as it was named.
fn is_asked(history: &History, options: &Options, place: usize) -> bool {
    let step = history.steps.get(place);
    step.is_some_and(|step| (options.only.as_ref()).is_none_or(|only| only.contains(&step.name)))
}

/// Makes all runs, and leaves what they find with `watch`.
fn run(history: &Arc<History>, options: &Arc<Options>, watch: &Watch) -> Result<(), Error> {
    let bench = Arc::new(Analysis::new(history, options, watch)?);
    watch.found(|found| found.bench = Some(Arc::clone(&bench)));
    let Some(first) = bench.chains.first() else {
        let reason = "no way to run this history is known";
        return Err(Error::new(ErrorKind::Sqlite, reason));
    };
    let store = Store::new(first, options);
    let places: Vec<usize> = bench.judged.clone().collect();
    let places: Vec<usize> = (places.into_iter())
        .filter(|place| is_asked(history, options, *place))
        .collect();
    let gauge = Gauge::new(options.progress, "steps", places.len());
    map_parallel(places.len(), |at| {
        let _told = gauge.when_done();
        let Some(place) = places.get(at).copied() else {
            return;
        };
        if watch.deadline.passed() {
            return;
        }
        let _at = watch.at(Phase::Rows, place);
        let scope = watch.scope();
        let (told, journeys) = scope.within(|| bench.step(place, &store, &scope));
        watch.untried(place, scope.take_untried());
        let unseeded = (store
            .unseeded
            .lock()
            .unwrap_or_else(PoisonError::into_inner))
        .clone();
        watch.found(|found| {
            found.told.extend(told);
            found.journeys += journeys;
            found.unseeded = unseeded;
            if !watch.deadline.passed() {
                found.judged.insert(place);
            }
        });
    });
    let dangling = bench.dangling(watch).into_iter();
    let dangling = dangling.map(|told| told.over(Reach::Rest));
    let so_far = watch.found(|found| {
        found.told.extend(dangling);
        // Whichever thread was first, the order is that of the steps.
        found.told.sort_by_key(|told| told.step);
        found.told.clone()
    });
    let (long, runs) = bench.long_runs(&so_far, watch);
    watch.found(|found| {
        found.journeys += runs;
        found
            .told
            .extend(long.into_iter().map(|told| told.over(Reach::Whole)));
        found.complete = !watch.deadline.passed();
    });
    Ok(())
}

/// What was found, put together.
fn verdict(history: &History, options: &Options, found: Found) -> Verdict {
    let name = |place: usize| history.steps.get(place).map(|step| step.name.clone());
    let asked = |place: usize| is_asked(history, options, place);
    let place = found.place();
    let judged = found.judged.iter().filter(|place| asked(**place));
    let judged: Vec<usize> = judged.copied().collect();
    let untried = (found.untried.iter()).filter(|(place, _)| asked(*place));
    let unjudged = untried.filter_map(|(place, why)| {
        Some(Unjudged {
            step: name(*place)?,
            why: why.clone(),
        })
    });
    let stopped = (!found.complete).then(|| {
        let standing = place.and_then(|(phase, place)| Some(phase.clause(&name(place)?)));
        let standing = standing.map(|clause| format!(", while {clause}"));
        let (some, all) = (judged.len(), history.steps.len());
        format!(
            "it ended after `--timeout` of {} seconds{}; {some} of {all} steps are judged",
            options.timeout.as_secs(),
            standing.unwrap_or_default(),
        )
    });
    let mut told = found.told;
    told.retain(|told| asked(told.step));
    let findings = match &found.bench {
        Some(bench) => bench.findings(told),
        None => Vec::new(),
    };
    let source = found.bench.as_ref().map(|bench| bench.model.source);
    Verdict {
        layout: history.layout.to_owned(),
        root: history.root.display().to_string(),
        source: source.unwrap_or("nothing ran"),
        steps: judged.len(),
        judged: (judged.iter().filter_map(|place| history.steps.get(*place)))
            .map(Judged::of)
            .collect(),
        journeys: found.journeys,
        unseeded: found.unseeded.into_iter().collect(),
        gaps: history.gaps.clone(),
        unjudged: unjudged.collect(),
        stopped,
        findings,
    }
}

impl Analysis {
    fn new(
        history: &Arc<History>,
        options: &Arc<Options>,
        watch: &Watch,
    ) -> Result<Analysis, Error> {
        let model = Model::of(history.layout).for_history(history);
        let place_of = |name: &Option<String>| match name {
            None => Ok(None),
            Some(name) => match history.steps.iter().position(|step| step.name == *name) {
                Some(place) => Ok(Some(place)),
                None => Err(Error::new(
                    ErrorKind::UnknownStep,
                    format!("no step is called `{name}`"),
                )),
            },
        };
        let (from, to) = (place_of(&options.from)?, place_of(&options.to)?);
        let end = to.map_or(history.steps.len(), |place| place + 1);
        let mut steps = versions::steps(history, &model, watch);
        steps.truncate(end);
        let gaps: Vec<usize> = history
            .gaps
            .iter()
            .filter_map(|gap| Some(gap.after? + 1))
            .collect();
        let modes = Mode::all(&model, options.foreign_keys, options.transaction);
        let walked = map_parallel(modes.len(), |at| {
            let mode = modes.get(at).copied();
            mode.map(|mode| versions::walk((&steps, &gaps), &options.base, mode, (options, watch)))
        });
        let mut chains: Vec<Chain> = walked.into_iter().flatten().collect::<Result<_, _>>()?;
        versions::read_schemas(&mut chains, options, watch);
        Ok(Analysis {
            history: Arc::clone(history),
            options: Arc::clone(options),
            model,
            steps,
            chains,
            judged: from.unwrap_or(0).min(end)..end,
        })
    }

    /// One step under all modes, and how many journeys that took.
    fn step<'s>(
        &'s self,
        place: usize,
        store: &'s Store<'s>,
        scope: &Scope,
    ) -> (Vec<Diagnostic>, usize) {
        let mut found: Vec<Diagnostic> = Vec::new();
        let mut journeys = 0;
        let (Some(step), Some(migration)) = (self.steps.get(place), self.history.steps.get(place))
        else {
            return (found, 0);
        };
        let (mut plain, mut later) = (None, None);
        let mut grounds = None;
        let ran = self.modes_that_differ(std::iter::once(place));
        for chain in self.chains.iter().take(ran) {
            let unread = [place, place + 1].map(|version| chain.unread.get(&version));
            if let Some(why) = unread.into_iter().flatten().next() {
                Scope::note(format!(
                    "the schema before or after it cannot be read: {why}"
                ));
                continue;
            }
            let down = &migration.down;
            let Some(mut trial) = StepRun::new(place, (step, down), chain, &self.options) else {
                continue;
            };
            let bare = trial.without_rows();
            trial.comes_back = bare.iter().all(|told| told.rule != Rule::DownFails);
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
            let make = |rows| before.make(rows);
            let mut on_rows = forward(&trial, plain, empty, make, &mut journeys);
            if let Some(after) = after.as_ref().filter(|_| trial.goes_back()) {
                let later = later.get_or_insert_with(|| after.make(Rows::Plain));
                let make = |rows| after.make(rows);
                on_rows.extend(back(&trial, later, make, &mut journeys));
            }
            // What was cut off in the middle shows losses that are none.
            if scope.is_over() {
                break;
            }
            found.append(&mut on_rows);
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
    fn for_all_modes(&self, mut found: Vec<Diagnostic>, ran: usize) -> Vec<Diagnostic> {
        let own = found.clone();
        for chain in self.chains.iter().skip(ran) {
            found.extend(own.iter().map(|told| Diagnostic {
                mode: chain.mode,
                ..told.clone()
            }));
        }
        found
    }

    /// Whether it can make a difference for a step whether foreign keys are on.
    fn depends_on_keys(&self, place: usize) -> bool {
        let statements = self.steps.get(place).into_iter().flat_map(|step| {
            let texts = step.up.iter().chain(&step.down);
            texts.flat_map(|text| &text.statements)
        });
        self.chains.iter().any(|chain| {
            let schemas = chain.schemas.iter().skip(place).take(2);
            key_relevance::matter(&schemas.collect::<Vec<_>>(), statements.clone())
        })
    }

    /// Names that lead nowhere from some version on.
    fn dangling(&self, watch: &Watch) -> Vec<Diagnostic> {
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
        let looked = map_parallel(chain.images.len(), |at| {
            (first(at) == Some(at) && !watch.deadline.passed()).then_some(())?;
            let schema = chain.schemas.get(at)?;
            let mut found = structure::dangling_keys(schema);
            if schema.views().next().is_some() || schema.triggers().next().is_some() {
                let image = chain.images.get(at)?;
                let place = at.saturating_sub(1);
                let _at = watch.at(Phase::Names, place);
                let scope = watch.scope();
                let names = scope.within(|| {
                    let engine = Runner::open(&image, chain.mode, &self.options).ok()?;
                    Some(structure::dangling(&engine.connection, schema))
                });
                watch.untried(place, scope.take_untried());
                if scope.is_over() {
                    return None;
                }
                found.extend(names?);
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
                    let mut statements = up.statements.iter();
                    let named = |name: &str| name.split(['.', ' ']).map(fold).collect::<Vec<_>>();
                    let names = named(object);
                    statements.find(|line| names.iter().any(|name| line.mentions(name)))
                });
                for chain in &self.chains {
                    let scene = (place, Direction::Up, chain.mode);
                    let message = format!("{}{till}", dangling.words);
                    found.push(
                        Diagnostic::new(
                            Rule::DanglingReference,
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
    fn long_runs(&self, told: &[Diagnostic], watch: &Watch) -> (Vec<Diagnostic>, usize) {
        let Some(first) = self.chains.first() else {
            return (Vec::new(), 0);
        };
        let count = self.judged.len();
        let starts = self.options.starts.min(count.saturating_sub(1));
        if starts == 0 {
            return (Vec::new(), 0);
        }
        let ways = map_parallel(self.steps.len(), |at| {
            let schemas = (first.schemas.get(at), first.schemas.get(at + 1));
            match (schemas, self.steps.get(at)) {
                ((Some(before), Some(after)), Some(step)) => StepTables::of(before, after, step),
                _ => StepTables::default(),
            }
        });
        let known: long_run::Known = told
            .iter()
            .filter(|told| told.direction == Direction::Up)
            .map(|told| (told.step, fold(&told.object)))
            .collect();
        let hints = versions::hints(self.steps.iter().filter_map(|step| step.up.as_ref()));
        let chains = self.modes_that_differ(self.judged.clone());
        let runs = starts * chains;
        let gauge = Gauge::new(self.options.progress, "long runs", runs);
        let found = map_parallel(runs, |at| {
            let _told = gauge.when_done();
            let (start, chain) = (at % starts, self.chains.get(at / starts)?);
            // Evenly from the first version that holds anything to the last but one.
            let start = self.judged.start + 1 + start * (count - 1) / starts;
            if watch.deadline.passed() {
                return None;
            }
            let (image, schema) = (chain.images.get(start)?, chain.schemas.get(start)?);
            let _at = watch.at(Phase::Long, start);
            let filling = (Rows::Plain, &hints);
            let scope = watch.scope();
            let found = scope.within(|| {
                let (image, _) = fill(&image, schema, filling, &self.options).ok()?;
                let walked = (&self.steps[..], &ways[..]);
                let image = (start, image.as_slice());
                Some(long_run::run(walked, chain, image, &known, &self.options))
            });
            let untried = scope.take_untried().into_iter();
            let carried = untried.map(|why| format!("rows carried from before it: {why}"));
            watch.untried(start, carried);
            found.filter(|_| !scope.is_over())
        });
        let found = found.into_iter().flatten().flatten().collect();
        (self.for_all_modes(found, chains), runs)
    }
}
