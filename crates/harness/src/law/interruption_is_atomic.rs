//! # Interruption is atomic
//!
//! A run that is cut leaves the file as it was before or as it is after, whatever cut it and wherever; the next
//! upgrade finishes the job; and what the engine said of the file is true. Each step is taken up and back alone, and
//! with others in longer runs, and cut by an interrupt at each instruction of SQLite's machine, by an I/O error, a full disk and a lock that
//! others hold at each call, once and for ever, by calls that are done and then fail, by memory that is refused
//! (in programs that call [`watch_memory`](crate::machine::watch_memory)), and by power cuts of
//! which nothing, everything or any part of what was not synced survives. A program that is killed is a power
//! cut that everything survives: it is killed at each call that changes the disk, every write among them. Power
//! cuts are made in the journal modes DELETE and WAL with `synchronous` `NORMAL`, `FULL` and `EXTRA`, the others in
//! two of these. After a COMMIT has returned, no power cut takes it back, whatever the connection was set to.
//! <https://sqlite.org/pragma.html#pragma_synchronous>
//!
//! Columns that are random or hold the time, on which no two tries agree, may hold anything after the step.
//!
//! What the application itself does each time it opens a file may stop half way, but the next start
//! must complete it.
//!
//! Not every point is tried unless that is asked for, and of runs of several steps not even then; the report says how
//! many of how many. A read that falls
//! short is not among the cuts: SQLite takes it for the end of the file, and no engine can tell.

use std::time::Duration;

use migrations::{Backups, Migrator, Options, Outcome, Version};
use rusqlite::Connection;

use super::{Finding, Findings, Law, Leg, step_file};
use crate::interruption::{Cuts, Engine, Passage};
use crate::journey::{Shape, can_go_back, proving};
use crate::machine::{Claim, Effort};
use crate::subject::Subject;

pub(super) const LAW: Law = Law {
    name: "interruption is atomic",
    walk: None,
    whole: None,
    leg: Some(check),
};

/// Seeded survivors at each power cut, with and without [`Leg::deep`].
const SEEDS: (u64, u64) = (12, 2);

/// At how many points a run of several steps is cut with [`Leg::deep`]. Its steps are cut at each of theirs.
const POINTS_OF_RUN: u64 = 1_000;

fn check(subject: &Subject<'_>, leg: &Leg<'_>, findings: &mut Findings) {
    if effort(leg).points == 0 {
        return;
    }
    let up = leg.journey.shape() == Shape::UpAndBack;
    let script = if up { "up.sql" } else { "down.sql" };
    if !up && !can_go_back(subject, leg.journey) {
        return;
    }
    let engine = |connection: Connection| migrate(subject, connection, leg.journey.via, up);
    // The laws about arriving tell of a step that fails by itself.
    let Ok(passage) = Passage::new(leg.image, &engine) else {
        return;
    };
    let file = step_file(subject, leg.journey, script);
    let object = match leg.journey.only_step() {
        Some(version) => format!("step {version} {}", if up { "up" } else { "down" }),
        None => format!("the run from {} to {}", leg.journey.from, leg.journey.via),
    };
    let hint = "everything that a step does belongs into its one transaction";
    // A run stops before and after a step that stands outside a transaction, and goes on from there.
    let stops = leg.journey.steps().any(|version| {
        let step = subject.catalogue.step(version);
        step.is_some_and(|step| step.outside().is_some())
    });
    let passage = match stops {
        true => passage.that_may_stop(),
        false => passage,
    };
    judge(leg, &passage.that_lasts(), &object, findings, |finding| {
        finding.in_file(file.clone()).hint(hint)
    });

    let newest = subject.catalogue.current_version();
    if up && leg.journey.via == newest && leg.journey.only_step().is_some() {
        start(subject, leg, findings);
    }
}

/// What the application does when it opens the file that has just been upgraded.
fn start(subject: &Subject<'_>, leg: &Leg<'_>, findings: &mut Findings) {
    let Some(image) = upgraded(subject, leg) else {
        return;
    };
    let engine: Engine<'_> = &|connection| match subject.application.opened(&connection) {
        Ok(()) => Claim::After,
        Err(_) => Claim::Unknown,
    };
    let Ok(passage) = Passage::new(&image, engine) else {
        return;
    };
    // A start that writes each time breaks the law *again does nothing*.
    let again = Passage::new(passage.result(), engine);
    if passage.goes_nowhere() || !again.is_ok_and(|again| again.goes_nowhere()) {
        return;
    }
    let hint = "what runs at each start and writes more than once belongs into one transaction";
    let object = "the application's own start";
    judge(leg, &passage.that_may_stop(), object, findings, |finding| {
        finding.hint(hint)
    });
}

fn upgraded(subject: &Subject<'_>, leg: &Leg<'_>) -> Option<Vec<u8>> {
    let connection = crate::fixture::from_image(leg.image).ok()?;
    let mut migrator = Migrator::with_connection(subject.catalogue, connection, options());
    migrator.upgrade_to(leg.journey.via).ok()?;
    crate::fixture::image(migrator.connection()).ok()
}

fn effort(leg: &Leg<'_>) -> Effort {
    let all = match leg.journey.only_step() {
        Some(_) => u64::MAX,
        None => POINTS_OF_RUN,
    };
    Effort {
        points: if leg.deep { all } else { leg.points },
        seeds: if leg.deep { SEEDS.0 } else { SEEDS.1 },
        seed: leg.seed,
    }
}

fn judge(
    leg: &Leg<'_>,
    passage: &Passage<'_>,
    object: &str,
    findings: &mut Findings,
    dress: impl Fn(Finding) -> Finding,
) {
    match passage.cut(&effort(leg)) {
        Ok(all) => {
            for Cuts { tally, .. } in &all {
                findings.checked += usize::try_from(tally.looks).unwrap_or(usize::MAX);
                findings.points.0 += tally.tried;
                findings.points.1 += tally.of;
            }
            if let Some(finding) = worst(object, &all) {
                findings.add(dress(finding));
            }
        }
        Err(error) => findings.add(dress(Finding::new(object, error))),
    }
}

/// The first failure, and how many there are in which setups: they mostly have one cause.
fn worst(object: &str, all: &[Cuts]) -> Option<Finding> {
    let broken: Vec<&Cuts> = all.iter().filter(|cuts| cuts.tally.wrong > 0).collect();
    let first = broken.first()?;
    let failure = first.tally.failures.first()?;
    let wrong: u64 = broken.iter().map(|cuts| cuts.tally.wrong).sum();
    let mut kinds: Vec<String> = broken
        .iter()
        .map(|cuts| cuts.tally.cut.to_string())
        .collect();
    kinds.sort();
    kinds.dedup();
    let more = match wrong {
        1 => String::new(),
        wrong => format!("\n{wrong} cuts show it: {}", kinds.join(", ")),
    };
    Some(Finding::new(
        object,
        format!("{}, {failure}{more}", first.setup),
    ))
}

fn options() -> Options {
    Options {
        backups: Backups::Off,
        // Nobody gives back a lock that is missed.
        busy_timeout: Duration::ZERO,
        ..proving()
    }
}

fn migrate(subject: &Subject<'_>, connection: Connection, to: Version, up: bool) -> Claim {
    let mut migrator = Migrator::with_connection(subject.catalogue, connection, options());
    let result = match up {
        true => migrator.upgrade_to(to),
        false => migrator.rollback_to(to),
    };
    match result.map_err(|error| error.outcome()) {
        Ok(_) | Err(Outcome::Committed) => Claim::After,
        Err(Outcome::Untouched | Outcome::RolledBack) => Claim::Before,
        Err(Outcome::CommittedTo(_) | Outcome::Unknown) => Claim::Unknown,
    }
}
