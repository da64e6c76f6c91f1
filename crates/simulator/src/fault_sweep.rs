//! Repeats a piece of work, and makes it fail at each point in turn.

use std::fmt;

use crate::crash_state::CrashState;
use crate::error::Error;
use crate::fault::{Fault, FaultMode, FaultPlan, Repeat};
use crate::sampling::Sampling;
use crate::seen_disks::{SeenDisks, start};
use crate::workload::{Claimed, Ending, Found, Workload};

/// The maximum number of failures of one kind that are kept; the others are only counted.
const KEPT: usize = 4;

/// A point after which the file was neither before nor after, or not as the work reported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The fault that was injected.
    pub mode: FaultMode,
    /// The number of the call, from 1.
    pub at: u64,
    /// The number of calls.
    pub of: u64,
    /// The changes that survived the power cut; `None` if the power stayed on.
    pub crash_state: Option<CrashState>,
    /// The description of the problem.
    pub message: String,
}

/// The result of one kind of fault.
#[derive(Clone, Debug)]
pub struct SweepStats {
    /// The fault that was injected.
    pub mode: FaultMode,
    /// The number of tried points.
    pub tried: u64,
    /// The number of all points.
    pub of: u64,
    /// The number of disks that were checked.
    pub looks: u64,
    /// The number of these that contained the finished work.
    pub after: u64,
    /// The number of these that were wrong.
    pub wrong: u64,
    /// The first wrong ones.
    pub failures: Vec<Failure>,
}

impl fmt::Display for Failure {
    /// `power loss at 12 of 40, survivors by seed 3: …`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {} of {}", self.mode, self.at, self.of)?;
        match self.crash_state {
            None => {}
            Some(CrashState::Nothing) => f.write_str(", nothing unsynced survives")?,
            Some(CrashState::Everything) => f.write_str(", everything survives")?,
            Some(CrashState::InOrder(seed)) => write!(f, ", survivors in order by seed {seed}")?,
            Some(CrashState::Seeded(seed)) => write!(f, ", survivors by seed {seed}")?,
        }
        write!(f, ": {}", self.message)
    }
}

/// Does the work with `cut` at each point that `sampling` chooses, and checks the result: the file
/// is as before or as after, as the work reported, whatever survives; and it is as after when the
/// work is done again.
///
/// # Errors
/// If the machine cannot be made.
pub fn sweep(
    workload: &Workload<'_>,
    known: &SeenDisks,
    mode: FaultMode,
    sampling: &Sampling,
) -> Result<SweepStats, Error> {
    sweep_points(
        workload,
        known,
        mode,
        &sampling.choose(known.points(mode.fault)),
        sampling,
    )
}

/// The same with a power loss whenever the work makes, syncs, renames or removes a file, and at the
/// end: these calls change the durable content and names. The number of points in `sampling` does
/// not apply.
///
/// # Errors
/// As [`sweep()`].
pub fn sweep_barriers(
    workload: &Workload<'_>,
    known: &SeenDisks,
    sampling: &Sampling,
) -> Result<SweepStats, Error> {
    let power = FaultMode::forever(Fault::PowerLoss);
    let mut points = known.barriers.clone();
    points.push(known.points(Fault::PowerLoss));
    sweep_points(workload, known, power, &points, sampling)
}

fn sweep_points(
    workload: &Workload<'_>,
    known: &SeenDisks,
    mode: FaultMode,
    points: &[u64],
    sampling: &Sampling,
) -> Result<SweepStats, Error> {
    let of = known.points(mode.fault);
    let mut stats = SweepStats {
        mode,
        tried: points.len() as u64,
        of,
        looks: 0,
        after: 0,
        wrong: 0,
        failures: Vec::new(),
    };
    for &at in points {
        for end in try_point(workload, known, mode.at(at), &sampling.ends(mode.fault, at))? {
            stats.looks += 1;
            stats.after += u64::from(end.found == Found::After);
            let Some(message) = end.message else {
                continue;
            };
            stats.wrong += 1;
            if stats.failures.len() < KEPT {
                let crash_state = end.crash_state;
                stats.failures.push(Failure {
                    mode,
                    at,
                    of,
                    crash_state,
                    message,
                });
            }
        }
    }
    Ok(stats)
}

/// Tries the point of a failure again, and returns the problem that it shows now.
///
/// # Errors
/// As [`sweep()`].
pub fn repeat_failure(workload: &Workload<'_>, failure: &Failure) -> Result<Option<String>, Error> {
    let found = try_point(
        workload,
        &SeenDisks::default(),
        failure.mode.at(failure.at),
        &[failure.crash_state],
    )?;
    Ok(found.into_iter().find_map(|end| end.message))
}

/// The state after one fault.
struct End {
    crash_state: Option<CrashState>,
    found: Found,
    /// The problem with it.
    message: Option<String>,
}

fn try_point(
    workload: &Workload<'_>,
    known: &SeenDisks,
    plan: FaultPlan,
    ends: &[Option<CrashState>],
) -> Result<Vec<End>, Error> {
    let machine = start(workload, plan)?;
    let claimed = (workload.work)(&machine);
    machine.clear_faults();
    let look = |crash_state: &Option<CrashState>| {
        let again = match *crash_state {
            Some(crash_state) => machine.restart(crash_state)?,
            None => machine.after_exit()?,
        };
        let disk = known.look(workload, &again);
        let lasting = workload.durable || crash_state.is_none();
        // Work that can do nothing any more cannot clean up either.
        let disk_is_dead = plan.repeat == Repeat::Forever && plan.fault == Fault::IoError;
        let helpless = crash_state.is_some() || disk_is_dead;
        let beside = workload.beside.filter(|_| !helpless);
        let leftovers = beside.and_then(|own| own.leftovers(&disk.names, claimed, Ending::Faulted));
        let message = contradiction(claimed, &disk.found, lasting);
        Ok(End {
            crash_state: *crash_state,
            message: message.or(disk.beside).or(leftovers).or(disk.again),
            found: disk.found,
        })
    };
    ends.iter().map(look).collect()
}

/// Describes the contradiction between a claim and the state that was found.
fn contradiction(claimed: Claimed, found: &Found, lasting: bool) -> Option<String> {
    match (claimed, found) {
        (_, Found::Neither(what)) => Some(format!("neither before nor after: {what}")),
        (Claimed::After, Found::Before) if lasting => {
            Some("the work reported success, but the file is as it was before".to_owned())
        }
        (Claimed::Before, Found::After) => {
            Some("the work reported a failure, but the file contains the result".to_owned())
        }
        _ => None,
    }
}
