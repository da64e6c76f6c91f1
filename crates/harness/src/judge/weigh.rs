//! How much a finding weighs by the rows that it takes to see it.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::fill::Rows;
use super::finding::{Class, Severity, Told};
use super::step::Trial;

const NULLS: &str = "it takes a NULL to see it, which the schema allows";
const EDGES: &str = "it takes a value at the edges of what SQLite stores to see it";

/// A step forward and back on plain rows and on hostile ones, each finding at the severity that its rows allow.
pub(super) fn forward(
    trial: &Trial<'_>,
    plain: &[u8],
    empty: &[u8],
    make: impl Fn(Rows) -> Option<Arc<Vec<u8>>>,
    journeys: &mut usize,
) -> Vec<Told> {
    let mut told = trial.on_rows(plain);
    *journeys += 2;
    let stopped = |told: &[Told]| {
        let fails = [Class::StepFailsOnRows, Class::DownFailsOnRows];
        told.iter().any(|own| fails.contains(&own.class))
    };
    if told.iter().any(|own| own.severity == Severity::Error) || stopped(&told) {
        let full = make(Rows::WithoutNulls)
            .map(|image| trial.on_rows(&image))
            .unwrap_or_default();
        *journeys += 1;
        let still_stopped = stopped(&full);
        told = weigh(told, full, NULLS);
        if still_stopped {
            // What needs no rows is told in any case.
            let keys: BTreeSet<_> = told.iter().map(Told::key).collect();
            let rest = trial.on_rows(empty).into_iter();
            told.extend(rest.filter(|own| !keys.contains(&own.key())));
        }
    }
    let keys: BTreeSet<_> = told.iter().map(Told::key).collect();
    let hostile = make(Rows::Hostile)
        .map(|image| trial.on_rows(&image))
        .unwrap_or_default();
    let more = hostile.into_iter().filter(|own| !keys.contains(&own.key()));
    told.extend(more.map(|own| own.hangs_on(EDGES)));
    told
}

/// The way back on rows of the version after.
pub(super) fn back(
    trial: &Trial<'_>,
    later: &[u8],
    make: impl Fn(Rows) -> Option<Arc<Vec<u8>>>,
    journeys: &mut usize,
) -> Vec<Told> {
    let told = trial.back_on_rows(later);
    *journeys += 1;
    match told.iter().any(|own| own.severity == Severity::Error) {
        true => {
            let full = make(Rows::WithoutNulls)
                .map(|image| trial.back_on_rows(&image))
                .unwrap_or_default();
            weigh(told, full, NULLS)
        }
        false => told,
    }
}

/// Findings on rows with NULL, and on the same without: what is not among the latter hangs on NULL.
fn weigh(told: Vec<Told>, without: Vec<Told>, what: &str) -> Vec<Told> {
    let known: BTreeSet<_> = without.iter().map(Told::key).collect();
    let mut weighed: Vec<Told> = told
        .into_iter()
        .map(|own| {
            if known.contains(&own.key()) {
                own
            } else {
                own.hangs_on(what)
            }
        })
        .collect();
    let keys: BTreeSet<_> = weighed.iter().map(Told::key).collect();
    weighed.extend(without.into_iter().filter(|own| !keys.contains(&own.key())));
    weighed
}
