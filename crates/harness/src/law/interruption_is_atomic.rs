//! # Interruption is atomic
//!
//! An interrupted run leaves the file as before or as after, whatever interrupts it and at any
//! point; the next upgrade completes the work; and the engine's report about the file is true. Each
//! step runs up and back alone, and with others in longer runs. The faults are an interrupt at each
//! instruction of SQLite's virtual machine; an I/O error, a full disk and a lock of a different
//! connection at each call, once and permanently; calls that succeed but report an error; refused
//! memory (in programs that call [`watch_memory`](simulator::watch_memory)); and power cuts after
//! which nothing, everything or any part of the unsynced changes survives. A killed process equals
//! a power cut after which everything survives: it is killed at each call that changes the disk,
//! including every write. Power cuts happen in the journal modes DELETE and WAL with `synchronous`
//! `NORMAL`, `FULL` and `EXTRA`, the other faults in two of these setups. No power cut undoes a
//! COMMIT that has returned, whatever the settings of the connection.
//! <https://sqlite.org/pragma.html#pragma_synchronous>
//!
//! Each run backs the file up, and every call of the backup gets faults, too: the copy, its sync,
//! its rename, the sync of the directory, the removal of older backups. A file with the name of a
//! backup is complete, whatever interrupted the run. If the file is as after, a backup contains the
//! file as before. A failed run leaves nothing beside a file that is as before; the next run
//! removes the remains of a killed one; the oldest backups are removed first. Restoring a backup
//! gets the same faults, and a damaged backup is refused.
//!
//! Columns that are random or hold the time differ from one try to the next, so they may hold
//! anything after the step.
//!
//! The work that the application itself does each time it opens a file may stop half way, but the
//! next start must complete it.
//!
//! Not every point is tried by default, and in runs of several steps not even with
//! [`Settings::deep`](crate::Settings::deep); the report gives the number of tried points and of
//! all points. A short read is not among the faults: SQLite takes it for the end of the file, and
//! no engine can detect it.

use std::path::Path;
use std::time::Duration;

use migrations::{Backups, Migrator, Options, Outcome, Version};
use rusqlite::Connection;

use crate::check::{Check, Law, Probe};
use crate::crash_test::{
    BESIDE, Backups as Watched, CrashTest, Engine, FILE, Setup, SetupStats, connect_and_write,
};
use crate::error::Error;
use crate::evidence::step_file;
use crate::finding::{Finding, Findings};
use crate::journey::{Shape, can_go_back, proving};
use crate::subject::Subject;
use simulator::{Claimed, Device, Machine, Sampling};

pub(super) const LAW: Law = Law {
    name: "interruption is atomic",
    checks: &[Check::Probe(check)],
};

/// The number of random survivors at each power cut, with and without [`Probe::deep`].
const SEEDS: (u64, u64) = (12, 2);

/// The number of points at which a run of several steps gets faults with [`Probe::deep`]. Each of
/// its steps gets faults at all of its own points.
const POINTS_OF_RUN: u64 = 1_000;

fn check(subject: &Subject<'_>, leg: &Probe<'_>, findings: &mut Findings) {
    if sampling(leg).points == 0 {
        return;
    }
    let up = leg.journey.shape() == Shape::UpAndBack;
    let script = if up { "up.sql" } else { "down.sql" };
    if !up && !can_go_back(subject, leg.journey) {
        return;
    }
    let object = match leg.journey.only_step() {
        Some(version) => format!("step {version} {}", if up { "up" } else { "down" }),
        None => format!("the run from {} to {}", leg.journey.from, leg.journey.via),
    };
    // A run stops before and after a step outside a transaction, and continues from there.
    let stops = leg.journey.steps().any(|version| {
        let step = subject.catalogue.step(version);
        step.is_some_and(|step| step.non_transactional().is_some())
    });
    let (keep, backups) = beside(leg, stops);
    let work = |machine: &Machine, setup: Option<Setup>| match connect_and_write(machine, setup) {
        Ok(connection) => migrate(
            subject,
            connection,
            (leg.journey.via, up),
            &options(machine, keep),
        ),
        Err(_) => Claimed::Before,
    };
    let passage = match CrashTest::with_backups(leg.image, backups, &work) {
        Ok(passage) => passage,
        Err(error) => {
            // The laws about journeys report a step that fails without a fault.
            let alone: Engine<'_> = &|connection| {
                let options = proving().backups(Backups::Off);
                migrate(subject, connection, (leg.journey.via, up), &options)
            };
            if CrashTest::new(leg.image, alone).is_ok() {
                findings.add(Finding::new(object, format!("with a backup, {error}")));
            }
            return;
        }
    };
    let file = step_file(subject, leg.journey, script);
    let hint = "everything that a step does belongs in its one transaction";
    let passage = if stops { passage.resumable() } else { passage };
    let passage = passage.durable();
    // A problem with backups is not the fault of a step.
    let dress = |finding: Finding| {
        if finding.message.contains(BESIDE) {
            finding
        } else {
            finding.in_file(file.clone()).hint(hint)
        }
    };
    judge(passage.cut(&sampling(leg)), &object, findings, dress);

    let newest = subject.catalogue.current_version();
    if up && leg.journey.via == newest && leg.journey.only_step().is_some() {
        judge(
            passage.cut_power_at_barriers(&sampling(leg)),
            &object,
            findings,
            dress,
        );
        if leg.journey.from > 0 {
            putting_back(subject, leg, passage.result(), findings);
        }
        start(subject, leg, findings);
    }
}

/// The number of backups that the run of a leg keeps, and the backups that it finds, of a version
/// of which it takes none: some runs keep all, some only the newest, some two.
fn beside(leg: &Probe<'_>, stops: bool) -> (Backups, Watched) {
    let keep = match leg.seed % 3 {
        // Such a run also backs up the file from which it continues; the first backup is the one
        // that counts.
        _ if stops => None,
        0 => None,
        1 => Some(2),
        _ => Some(1),
    };
    let number = |keep| u32::try_from(keep).unwrap_or(u32::MAX);
    let backups = keep.map_or(Backups::KeepAll, |keep| Backups::Keep(number(keep)));
    let files = ["v1000.backup", "v1000.2.backup"].map(|ending| {
        let name = format!("{FILE}.{ending}");
        (name.clone(), name.into_bytes())
    });
    let files = files.to_vec();
    (backups, Watched { files, keep })
}

/// A backup of the file before the run is restored over the file after it; a damaged backup is
/// refused.
fn putting_back(subject: &Subject<'_>, leg: &Probe<'_>, upgraded: &[u8], findings: &mut Findings) {
    let name = format!("{FILE}.v{}.backup", leg.journey.from);
    let restore = |machine: &Machine| {
        let options = options(machine, Backups::KeepAll);
        let (backup, file) = (Path::new(&name), Path::new(FILE));
        let restored = migrations::restore(subject.catalogue, backup, file, &options);
        claim(restored.map_err(|error| error.outcome()))
    };
    let work = |machine: &Machine, _: Option<Setup>| restore(machine);
    let backups = Watched {
        files: vec![(name.clone(), leg.image.to_vec())],
        keep: None,
    };
    let object = "restoring a backup";
    let passage = match CrashTest::with_backups(upgraded, backups, &work) {
        Ok(passage) => passage.durable(),
        Err(error) => return findings.add(Finding::new(object, error)),
    };
    judge(passage.cut(&sampling(leg)), object, findings, |finding| {
        finding
    });
    judge(
        passage.cut_power_at_barriers(&sampling(leg)),
        object,
        findings,
        |finding| finding,
    );
    for image in damaged(leg.image) {
        findings.checked();
        if let Some(wrong) = takes_damage(upgraded, (&name, &image), &restore) {
            findings.add(Finding::new(object, wrong));
        }
    }
}

/// The file with one page overwritten, for each page that begins a table or an index.
fn damaged(image: &[u8]) -> Vec<Vec<u8>> {
    let number = |row: &rusqlite::Row<'_>| row.get::<_, u32>(0);
    let roots = || -> rusqlite::Result<(u32, Vec<u32>)> {
        let connection = sandbox::from_image(image).map_err(|_| rusqlite::Error::InvalidQuery)?;
        let size = connection.pragma_query_value(None, "page_size", number)?;
        let mut statement = connection.prepare(
            "SELECT rootpage FROM sqlite_schema WHERE rootpage > 1 ORDER BY 1 DESC LIMIT 3",
        )?;
        let roots = statement.query_map([], number)?;
        Ok((size, roots.collect::<rusqlite::Result<_>>()?))
    };
    let (size, roots) = roots().unwrap_or_default();
    let damage = |root: u32| {
        let mut image = image.to_vec();
        let (size, root) = (size as usize, root as usize);
        image.get_mut((root - 1) * size..root * size)?.fill(0x55);
        Some(image)
    };
    roots.into_iter().filter_map(damage).collect()
}

/// Reports a problem with restoring a damaged backup: it must be refused, and the file must not
/// change.
fn takes_damage(
    file: &[u8],
    (name, backup): (&str, &[u8]),
    restore: &dyn Fn(&Machine) -> Claimed,
) -> Option<String> {
    let machine = Machine::with_file(Device::default(), FILE, file).ok()?;
    machine.put(name, backup);
    let claimed = restore(&machine);
    let changed = machine.file(FILE).as_deref() != Some(file);
    match (claimed, changed) {
        (Claimed::Before, false) => None,
        (_, true) => Some("a damaged backup replaced the content of the file".to_owned()),
        (claimed, false) => Some(format!(
            "restoring a damaged backup did not fail: it reports {claimed:?}"
        )),
    }
}

/// Does the work of the application when it opens the upgraded file.
fn start(subject: &Subject<'_>, leg: &Probe<'_>, findings: &mut Findings) {
    let Some(image) = upgraded(subject, leg) else {
        return;
    };
    let engine: Engine<'_> = &|connection| match subject.application.opened(&connection) {
        Ok(()) => Claimed::After,
        Err(_) => Claimed::Unknown,
    };
    let Ok(passage) = CrashTest::new(&image, engine) else {
        return;
    };
    // A start that writes each time breaks the law *again does nothing*.
    let again = CrashTest::new(passage.result(), engine);
    if passage.is_no_op() || !again.is_ok_and(|again| again.is_no_op()) {
        return;
    }
    let hint = "code that runs at each start and writes more than once belongs in one transaction";
    let object = "the application's start";
    let passage = passage.resumable();
    judge(passage.cut(&sampling(leg)), object, findings, |finding| {
        finding.hint(hint)
    });
}

fn upgraded(subject: &Subject<'_>, leg: &Probe<'_>) -> Option<Vec<u8>> {
    let connection = sandbox::from_image(leg.image).ok()?;
    let mut migrator = Migrator::with_connection(subject.catalogue, connection, proving());
    migrator.upgrade_to(leg.journey.via).ok()?;
    sandbox::image(migrator.connection()).ok()
}

fn sampling(leg: &Probe<'_>) -> Sampling {
    let all = match leg.journey.only_step() {
        Some(_) => u64::MAX,
        None => POINTS_OF_RUN,
    };
    Sampling {
        points: if leg.deep { all } else { leg.points },
        seeds: if leg.deep { SEEDS.0 } else { SEEDS.1 },
        seed: leg.seed,
    }
}

fn judge(
    cuts: Result<Vec<SetupStats>, Error>,
    object: &str,
    findings: &mut Findings,
    dress: impl Fn(Finding) -> Finding,
) {
    match cuts {
        Ok(all) => {
            for SetupStats { stats, .. } in &all {
                findings.checked += usize::try_from(stats.looks).unwrap_or(usize::MAX);
                findings.points.0 += stats.tried;
                findings.points.1 += stats.of;
            }
            findings.found.extend(worst(object, &all).map(dress));
        }
        Err(error) => findings.add(dress(Finding::new(object, error))),
    }
}

/// The first failure, with the number of failures and their setups: most of them have one cause.
fn worst(object: &str, all: &[SetupStats]) -> Option<Finding> {
    let broken: Vec<&SetupStats> = all.iter().filter(|cuts| cuts.stats.wrong > 0).collect();
    let first = broken.first()?;
    let failure = first.stats.failures.first()?;
    let wrong: u64 = broken.iter().map(|cuts| cuts.stats.wrong).sum();
    let mut kinds: Vec<String> = broken
        .iter()
        .map(|cuts| cuts.stats.mode.to_string())
        .collect();
    kinds.sort();
    kinds.dedup();
    let more = match wrong {
        1 => String::new(),
        wrong => format!("\n{wrong} faults show it: {}", kinds.join(", ")),
    };
    Some(Finding::new(
        object,
        format!("{}, {failure}{more}", first.setup),
    ))
}

/// The options of a run on a machine.
fn options(machine: &Machine, backups: Backups) -> Options {
    proving()
        .backups(backups)
        .files(crate::simulated_files(machine))
        // No other thread releases the injected lock, so waiting is useless.
        .busy_timeout(Duration::ZERO)
}

fn migrate(
    subject: &Subject<'_>,
    connection: Connection,
    (to, up): (Version, bool),
    options: &Options,
) -> Claimed {
    let mut migrator = Migrator::with_connection(subject.catalogue, connection, *options);
    let result = if up {
        migrator.upgrade_to(to)
    } else {
        migrator.rollback_to(to)
    };
    claim(result.map_err(|error| error.outcome()))
}

fn claim<T>(result: Result<T, Outcome>) -> Claimed {
    match result {
        Ok(_) | Err(Outcome::Committed) => Claimed::After,
        Err(Outcome::Untouched | Outcome::RolledBack) => Claimed::Before,
        Err(Outcome::CommittedTo(_) | Outcome::Unknown) => Claimed::Unknown,
    }
}
