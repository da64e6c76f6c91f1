//! # Starters agree
//!
//! Many programs open one file at the same time: each step runs once, no program fails, and the
//! file contains what a single program would have made of it. This is tried on an empty file and on
//! a database of each version, with and without a WAL, with a reader in between, and in many
//! orders; a seed gives each order again. The work that the application does each time it opens a
//! file counts, too.

use migrations::Catalogue;
use rusqlite::Connection;

use crate::check::{Check, Law, Probe};
use crate::concurrent_starts::{Race, race, upgrade, works_alone};
use crate::finding::{Finding, Findings};
use crate::journey::Shape;
use crate::subject::Subject;

pub(super) const LAW: Law = Law {
    name: "starters agree",
    checks: &[Check::Probe(check)],
};

/// The number of orders that are tried for each database, with and without [`Probe::deep`].
const ORDERS: (u64, u64) = (200, 4);

/// The numbers of programs without [`Probe::deep`]: each program costs a thread.
const FEW: [usize; 4] = [2, 3, 5, 8];

/// Races programs to the newest version, and once on a file that is there already.
fn check(subject: &Subject<'_>, leg: &Probe<'_>, findings: &mut Findings) {
    let current = subject.catalogue.current_version();
    let (from, via) = (leg.journey.from, leg.journey.via);
    let arrives = leg.journey.shape() == Shape::UpAndBack && via == current;
    let is_there = from == current && via == 1;
    if !arrives && !is_there {
        return;
    }
    let start = |catalogue: &Catalogue, connection: Connection| {
        let (ran, connection) = upgrade(catalogue, connection)?;
        let opened = subject.application.opened(&connection);
        opened.map_err(|error| format!("the application's start fails: {error}"))?;
        Ok(ran)
    };
    // Other laws report failures that a single program has, too.
    if !works_alone(subject.catalogue, leg.image, &start) {
        return;
    }
    let orders = if leg.deep { ORDERS.0 } else { ORDERS.1 };
    for seed in (0..orders).map(|order| leg.seed.wrapping_add(order)) {
        for wal in [false, true] {
            let meeting = Race {
                starters: if leg.deep {
                    2 + (seed % 15) as usize * 7 % 15
                } else {
                    FEW[(seed % 4) as usize]
                },
                wal,
                reader: seed.is_multiple_of(2),
                seed,
            };
            findings.checked();
            for wrong in race(subject.catalogue, from, leg.image, &meeting, &start) {
                findings.add(Finding::new(meeting.to_string(), wrong));
            }
        }
    }
}
