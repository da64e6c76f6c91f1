//! The driver: makes the passes one after the other, collects their diagnostics, and builds the
//! verdict. It may end at any time with what was collected so far.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use crate::analysis::Analysis;
use crate::checks::substitutes::{self, StepStatements};
use crate::error::{Error, ErrorKind};
use crate::faults::add_faults;
use crate::finding::{Diagnostic, Direction, Reach};
use crate::group::group;
use crate::merge::merge;
use crate::options::Options;
use crate::passes::{self, long_runs, names, rows};
use crate::request::{Request, is_selected};
use crate::runner::fill_rows::Unseeded;
use crate::runner::progress::Gauge;
use crate::runner::watch::{Phase, Watch, until};
use crate::script::statement::statements_of;
use crate::verdict::{Judged, Unjudged, Untested, Verdict};
use folders::{History, Script};
use sandbox::{Deadline, ObjectKind};
use schema::sql::fold;
use stdx::map_parallel;

/// The diagnostics so far, and how much was checked for them.
#[derive(Clone, Default)]
struct Collected {
    /// Set when the passes begin.
    request: Option<Arc<Request>>,
    diagnostics: Vec<Diagnostic>,
    journeys: usize,
    unseeded: Unseeded,
    untested: Vec<(usize, passes::tested::Untested)>,
    /// The steps that were checked to their end.
    checked: BTreeSet<usize>,
    /// Whether nothing was left out for lack of time.
    complete: bool,
}

/// The diagnostics of the passes, from any thread.
#[derive(Default)]
struct Collector(Mutex<Collected>);

impl Collector {
    fn change<T>(&self, change: impl FnOnce(&mut Collected) -> T) -> T {
        change(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
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
    let collector = Arc::new(Collector::default());
    let work = {
        let (history, options) = (history.clone(), options.clone());
        let (watch, collector) = (watch.clone(), collector.clone());
        move || make_passes(&history, &options, &watch, &collector)
    };
    match until(deadline, work) {
        // What fails after the deadline fails because of it.
        Some(Err(_)) if deadline.passed() => {}
        Some(done) => done?,
        None => {}
    }
    let collected = collector.change(|collected| collected.clone());
    Ok(verdict(&history, &options, &watch, collected))
}

/// Makes all passes, and leaves their diagnostics with `collector`.
fn make_passes(
    history: &Arc<History>,
    options: &Arc<Options>,
    watch: &Watch,
    collector: &Collector,
) -> Result<(), Error> {
    let analysis = Analysis::new(Request::new(history, options)?, watch)?;
    collector.change(|collected| collected.request = Some(Arc::clone(&analysis.request)));
    if analysis.chains.is_empty() {
        let reason = "no way to run this history is known";
        return Err(Error::new(ErrorKind::Sqlite, reason));
    }
    check_rows(&analysis, watch, collector);
    let dangling = names::check(&analysis, watch).into_iter();
    let so_far = collector.change(|collected| {
        let dangling = dangling.map(|diagnostic| diagnostic.with_reach(Reach::Rest));
        collected.diagnostics.extend(dangling);
        // Whichever thread was first, the order is that of the steps.
        collected.diagnostics.sort_by_key(|own| own.origin.step);
        collected.diagnostics.clone()
    });
    let long = long_runs::check(&analysis, &so_far, watch);
    collector.change(|collected| {
        collected.journeys += long.journeys;
        let diagnostics = long.diagnostics.into_iter();
        let diagnostics = diagnostics.map(|diagnostic| diagnostic.with_reach(Reach::Whole));
        collected.diagnostics.extend(diagnostics);
        collected.complete = !watch.deadline.passed();
    });
    Ok(())
}

/// Checks the selected steps, each by itself, on all cores.
fn check_rows(analysis: &Analysis, watch: &Watch, collector: &Collector) {
    let request = &analysis.request;
    let places = analysis.places();
    let selected = |place: &usize| is_selected(&request.history, &request.options, *place);
    let places: Vec<usize> = places.filter(selected).collect();
    let gauge = Gauge::new(request.options.progress, "steps", places.len());
    map_parallel(places.len(), |at| {
        let _done = gauge.when_done();
        let Some(place) = places.get(at).copied() else {
            return;
        };
        if watch.deadline.passed() {
            return;
        }
        let _under_way = watch.begin(Phase::Rows, place);
        let scope = watch.scope();
        let checked = scope.within(|| rows::check(analysis, place, &scope));
        watch.untried(place, scope.take_untried());
        collector.change(|collected| {
            collected.diagnostics.extend(checked.diagnostics);
            collected.journeys += checked.journeys;
            collected.unseeded.extend(checked.unseeded);
            let untested = checked.untested.into_iter();
            collected.untested.extend(untested.map(|own| (place, own)));
            if !watch.deadline.passed() {
                collected.checked.insert(place);
            }
        });
    });
}

/// Builds the verdict from what was collected.
fn verdict(history: &History, options: &Options, watch: &Watch, collected: Collected) -> Verdict {
    let name = |place: usize| history.steps.get(place).map(|step| step.name.clone());
    let selected = |place: usize| is_selected(history, options, place);
    let checked = collected.checked.into_iter();
    let checked: Vec<usize> = checked.filter(|place| selected(*place)).collect();
    let notes = watch.notes();
    let untried = notes.untried.iter().filter(|(place, _)| selected(*place));
    // Rows that are carried from an earlier version meet the same again.
    let is_repeated = |why: &str| {
        let own = why.strip_prefix(long_runs::CARRIED);
        own.is_some_and(|own| notes.untried.iter().any(|(_, other)| other == own))
    };
    let untried = untried.filter(|(_, why)| !is_repeated(why));
    let unjudged = untried.filter_map(|(place, why)| {
        Some(Unjudged {
            step: name(*place)?,
            why: why.clone(),
        })
    });
    let stopped = (!collected.complete).then(|| {
        let at = notes.under_way();
        let clause = at.and_then(|(phase, place)| Some(phase.clause(&name(place)?)));
        let clause = clause.map(|clause| format!(", while {clause}"));
        format!(
            "it ended after the time limit of {} seconds{}; {} of {} steps were checked",
            options.timeout.as_secs(),
            clause.unwrap_or_default(),
            checked.len(),
            history.steps.len(),
        )
    });
    let mut untested = collected.untested;
    untested.retain(|(place, _)| selected(*place));
    untested.sort_by_key(|(place, own)| (*place, own.direction, own.line));
    let untested = untested.into_iter().filter_map(|(place, own)| {
        let step = history.steps.get(place)?;
        let script = match own.direction {
            Direction::Up => step.up.as_ref(),
            Direction::Down => step.down.script(),
        };
        Some(Untested {
            step: step.name.clone(),
            direction: own.direction,
            file: script.map(|script| script.file.clone()).unwrap_or_default(),
            line: own.line.or(script.map(|script| script.line)).unwrap_or(1),
            why: own.why,
        })
    });
    let untested = untested.collect();
    let mut diagnostics = collected.diagnostics;
    diagnostics.retain(|own| selected(own.origin.step));
    let missing = missing(options, watch);
    let steps = if missing.is_empty() {
        Vec::new()
    } else {
        statements_of_steps(history)
    };
    substitutes::weigh(&missing, &steps, &mut diagnostics);
    let request = collected.request.as_deref();
    let findings = request.map(|request| {
        let findings = add_faults(request, merge(request, diagnostics));
        group(history, findings)
    });
    Verdict {
        layout: history.layout.to_owned(),
        root: history.root.display().to_string(),
        source: request.map_or("nothing ran", |request| request.model.source),
        steps: checked.len(),
        judged: (checked.iter().filter_map(|place| history.steps.get(*place)))
            .map(Judged::new)
            .collect(),
        journeys: collected.journeys,
        unseeded: collected.unseeded.into_iter().collect(),
        gaps: history.gaps.clone(),
        substitutes: substitutes::describe(&missing, &steps),
        unjudged: unjudged.collect(),
        untested,
        stopped,
        findings: findings.unwrap_or_default(),
    }
}

/// The objects of the application that the options do not declare.
fn missing(options: &Options, watch: &Watch) -> Vec<(ObjectKind, String)> {
    let mut missing = watch.application.missing();
    missing.retain(|(kind, name)| {
        let of_table = [ObjectKind::Module, ObjectKind::Tokenizer].contains(kind);
        let declared = options.stub_modules.iter();
        let mut declared = declared.filter(|_| of_table);
        declared.all(|own| fold(own) != *name)
    });
    missing
}

fn statements_of_steps(history: &History) -> Vec<StepStatements> {
    let statements = |script: Option<&Script>| script.map(statements_of).unwrap_or_default();
    let steps = history.steps.iter().map(|step| StepStatements {
        up: statements(step.up.as_ref()),
        down: statements(step.down.script()),
    });
    steps.collect()
}
