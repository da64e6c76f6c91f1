//! Does a piece of work again and again, and makes it fail at each point in turn.

use std::fmt;

use crate::crash_state::CrashState;
use crate::error::Error;
use crate::fault::{Fault, FaultMode, FaultPlan, Repeat};
use crate::sampling::Sampling;
use crate::seen_disks::{SeenDisks, start};
use crate::workload::{Claimed, Ending, Found, Workload};

/// The maximum number of failures of one kind that are kept; the rest is only counted.
const KEPT: usize = 4;

/// One point at which the file was neither before nor after, or not what the work had said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// The fault that was injected.
    pub mode: FaultMode,
    /// At which call, from 1.
    pub at: u64,
    /// Of how many.
    pub of: u64,
    /// The changes that the power cut left; `None` if only the program ended.
    pub crash_state: Option<CrashState>,
    /// The description of the problem.
    pub message: String,
}

/// The result of trying one kind of fault.
#[derive(Clone, Debug)]
pub struct SweepStats {
    /// The fault that was injected.
    pub mode: FaultMode,
    /// At how many points.
    pub tried: u64,
    /// The number of existing points.
    pub of: u64,
    /// The number of disks that were looked at.
    pub looks: u64,
    /// The number of these that held the finished work.
    pub after: u64,
    /// The number of these that were wrong.
    pub wrong: u64,
    /// The first of the wrong ones.
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

/// Does the work with `cut` at each point that `sampling` chooses, and checks the result: before or
/// after, whatever survives; as the work claimed; and after, when it is done once more.
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

/// The same with the power lost wherever the work makes, syncs, names or removes a file, and when
/// all is done: what is durable, and under which name, changes there. Of the points the sampling's
/// number does not count.
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

/// Tries the point of a failure once more, and returns what is wrong there now.
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

/// The state that was found after one fault.
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
        // Whoever cannot do anything any more cannot clean up either.
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
            Some("it was said to be done, and the file is as it was before".to_owned())
        }
        (Claimed::Before, Found::After) => {
            Some("it was said to have failed, and the file holds the result".to_owned())
        }
        _ => None,
    }
}
