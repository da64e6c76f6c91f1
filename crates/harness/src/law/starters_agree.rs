//! # Starters agree
//!
//! Many programs open one file at once: each step runs once, nobody fails, and the file holds what one of them
//! alone would have made of it. On an empty file, on the golden of each version, with a WAL and without, with a
//! reader in between; in many orders, each drawn from a seed that gives it again. What the application itself does
//! each time it has opened a file counts, too.

use migrations::{Catalogue, Version};
use rusqlite::Connection;

use super::{Finding, Findings, Law};
use crate::fixture;
use crate::starters::{Meeting, meet, upgrade, works_alone};
use crate::subject::Subject;

pub(super) const LAW: Law = Law {
    name: "starters agree",
    walk: None,
    whole: Some(check),
};

/// How many orders are tried of each meeting.
const ORDERS: u64 = 3;

fn check(subject: &Subject<'_>, findings: &mut Findings) {
    let mut files: Vec<(Version, String, Vec<u8>)> = vec![(0, "empty".to_owned(), Vec::new())];
    for (version, file, script) in fixture::files(subject).found {
        // The law *history is frozen* tells a fixture that cannot be loaded.
        let image = fixture::load(&script).and_then(|connection| fixture::image(&connection));
        if let Ok(image) = image {
            files.push((version, file, image));
        }
    }
    let start = |catalogue: &Catalogue, connection: Connection| {
        let (ran, connection) = upgrade(catalogue, connection)?;
        let opened = subject.application.opened(&connection);
        opened.map_err(|error| format!("what it does when it has opened the file: {error}"))?;
        Ok(ran)
    };
    for (from, file, image) in files {
        // Other laws tell what fails also without company.
        if !works_alone(subject.catalogue, &image, &start) {
            continue;
        }
        for seed in 1..=ORDERS {
            for wal in [false, true] {
                let meeting = Meeting {
                    starters: 2 + (seed as usize * 3) % 15,
                    wal,
                    reader: seed.is_multiple_of(2),
                    seed,
                };
                findings.checked();
                let object = format!("`{file}`: {meeting}");
                for wrong in meet(subject.catalogue, from, &image, &meeting, &start) {
                    findings.add(Finding::new(&object, wrong));
                }
            }
        }
    }
}
