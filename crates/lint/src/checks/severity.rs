//! How much a finding weighs by the rows that it takes to see it.

use std::borrow::Cow;
use std::collections::BTreeSet;
use std::sync::Arc;

use crate::finding::{Diagnostic, Direction, Rule, Severity};
use crate::runner::execute::Failure;
use crate::runner::fill_rows::Rows;
use crate::runner::repair_rows::{MOST, mended};
use crate::runner::step::{StepOutcome, StepRun};

const NULLS: &str = "it takes a NULL to see it, which the schema allows";
const EDGES: &str = "it takes a value at the edges of what SQLite stores to see it";

/// A step forward and back on plain rows and on hostile ones, each finding at the severity that its rows allow.
pub(crate) fn forward(
    trial: &StepRun<'_>,
    plain: &[u8],
    empty: impl Fn() -> Option<Arc<Vec<u8>>>,
    make: impl Fn(Rows) -> Arc<Vec<u8>>,
    journeys: &mut usize,
) -> Vec<Diagnostic> {
    let StepOutcome { mut told, stop } = trial.on_rows(plain);
    *journeys += 2;
    let stopped = |told: &[Diagnostic]| {
        let fails = [Rule::StepFailsOnRows, Rule::DownFailsOnRows];
        told.iter().any(|own| fails.contains(&own.rule))
    };
    if told.iter().any(|own| own.severity == Severity::Error) || stopped(&told) {
        let full = trial.on_rows(&make(Rows::WithoutNulls)).told;
        *journeys += 1;
        let still_stopped = stopped(&full);
        told = weigh(told, full, NULLS);
        let behind = behind(trial, Direction::Up, plain, stop);
        add(&mut told, behind, !still_stopped);
        if still_stopped {
            // What needs no rows is told in any case.
            let keys: BTreeSet<_> = told.iter().map(Diagnostic::key).collect();
            let rest = empty().map(|image| trial.on_rows(&image).told);
            let rest = rest.into_iter().flatten();
            told.extend(rest.filter(|own| !keys.contains(&own.key())));
        }
    }
    let keys: BTreeSet<_> = told.iter().map(Diagnostic::key).collect();
    let hostile = trial.on_rows(&make(Rows::Hostile)).told;
    let more = hostile.into_iter().filter(|own| !keys.contains(&own.key()));
    told.extend(more.map(|own| own.hangs_on(EDGES)));
    told
}

/// The way back on rows of the version after.
pub(crate) fn back(
    trial: &StepRun<'_>,
    later: &[u8],
    make: impl Fn(Rows) -> Arc<Vec<u8>>,
    journeys: &mut usize,
) -> Vec<Diagnostic> {
    let StepOutcome { told, stop } = trial.back_on_rows(later);
    *journeys += 1;
    if told.iter().all(|own| own.severity != Severity::Error) && stop.is_none() {
        return told;
    }
    let full = trial.back_on_rows(&make(Rows::WithoutNulls));
    let saw_all = full.stop.is_none();
    let mut told = weigh(told, full.told, NULLS);
    let behind = behind(trial, Direction::Down, later, stop);
    add(&mut told, behind, saw_all);
    told
}

/// What lies behind the place where the rows of `image` stop a script: the same again with rows that pass.
fn behind(
    trial: &StepRun<'_>,
    direction: Direction,
    image: &[u8],
    mut stop: Option<Failure>,
) -> Vec<Diagnostic> {
    let (Some(before), Some(after)) = (trial.before(), trial.after()) else {
        return Vec::new();
    };
    let (schemas, touched) = match direction {
        Direction::Up => ((before.as_ref(), after.as_ref()), &trial.touched.0),
        Direction::Down => ((after.as_ref(), before.as_ref()), &trial.touched.1),
    };
    let mut found = Vec::new();
    let mut image = Cow::Borrowed(image);
    for _ in 0..MOST {
        let Some(failure) = stop.take() else { break };
        let Some(passing) = mended(&image, &failure, schemas, touched, trial.options) else {
            break;
        };
        image = Cow::Owned(passing);
        let walked = match direction {
            Direction::Up => trial.on_rows(&image),
            Direction::Down => trial.back_on_rows(&image),
        };
        found.extend(walked.told);
        stop = walked.stop;
    }
    found
}

/// Adds what is not known yet; where rows without NULL came to the end and did not show it, it hangs on NULL.
fn add(told: &mut Vec<Diagnostic>, more: Vec<Diagnostic>, saw_all: bool) {
    for own in more {
        if told.iter().all(|other| other.key() != own.key()) {
            told.push(match saw_all {
                true => own.hangs_on(NULLS),
                false => own,
            });
        }
    }
}

/// Findings on rows with NULL, and on the same without: what is not among the latter hangs on NULL.
fn weigh(told: Vec<Diagnostic>, without: Vec<Diagnostic>, what: &str) -> Vec<Diagnostic> {
    let known: BTreeSet<_> = without.iter().map(Diagnostic::key).collect();
    let mut weighed: Vec<Diagnostic> = told
        .into_iter()
        .map(|own| {
            if known.contains(&own.key()) {
                own
            } else {
                own.hangs_on(what)
            }
        })
        .collect();
    let keys: BTreeSet<_> = weighed.iter().map(Diagnostic::key).collect();
    weighed.extend(without.into_iter().filter(|own| !keys.contains(&own.key())));
    weighed
}
