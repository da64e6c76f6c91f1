//! The known results of a piece of work, so that no disk is checked twice.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::error::Error;
use crate::fault::{Fault, FaultPlan};
use crate::machine::Machine;
use crate::workload::{Claimed, Ending, Found, OtherFiles, Workload};

/// The maximum number of disks that are remembered; correct work leaves only a few.
const REMEMBERED: usize = 64;

/// The known results of a piece of work: the number of calls of each kind without a fault, and the
/// verdicts on disks that were checked.
#[derive(Debug, Default)]
pub struct SeenDisks {
    counts: [u64; Fault::ALL.len()],
    pub(crate) barriers: Vec<u64>,
    /// The verdicts by the exact content of a disk. Most faults leave the same few disks.
    disks: RefCell<BTreeMap<Files, DiskVerdict>>,
}

/// All files of a machine.
type Files = Vec<(String, Vec<u8>)>;

/// The verdict on a disk, and the result of repeating the work on it.
#[derive(Clone, Debug)]
pub(crate) struct DiskVerdict {
    pub(crate) found: Found,
    /// The problem after the work was done again.
    pub(crate) again: Option<String>,
    /// The problem with the other files.
    pub(crate) beside: Option<String>,
    pub(crate) names: Vec<String>,
}

impl SeenDisks {
    /// The number of points at which `fault` can hit the work. The power can also fail at the end.
    pub fn points(&self, fault: Fault) -> u64 {
        let counts = Fault::ALL.iter().zip(self.counts);
        let count = counts
            .filter(|(own, _)| **own == fault)
            .map(|(_, count)| count);
        count.sum::<u64>() + u64::from(fault == Fault::PowerLoss)
    }
}

impl Workload<'_> {
    /// Does the work once without a fault.
    ///
    /// # Errors
    /// If the machine cannot be made, or the work fails.
    pub fn measure(&self) -> Result<SeenDisks, Error> {
        self.measure_with(SeenDisks::default())
    }

    /// The same with the known results of the same work in other setups.
    ///
    /// # Errors
    /// As [`Workload::measure`].
    pub fn measure_with(&self, known: SeenDisks) -> Result<SeenDisks, Error> {
        // Counts each instruction, and stops at none.
        let machine = start(self, FaultPlan::nth(u64::MAX, Fault::Interrupt))?;
        if (self.work)(&machine) != Claimed::After {
            let reason = "the work fails without an injected fault";
            return Err(Error::Workload(reason.to_owned()));
        }
        let counts = Fault::ALL.map(|fault| machine.calls(fault));
        let barriers = machine.barriers();
        let disk = known.look(self, &machine.after_exit()?);
        let untidy =
            |beside: &dyn OtherFiles| beside.leftovers(&disk.names, Claimed::After, Ending::Clean);
        match (disk.found, disk.beside.or(self.beside.and_then(untidy))) {
            (Found::After, None) => Ok(SeenDisks {
                counts,
                barriers,
                ..known
            }),
            (Found::After, Some(wrong)) => Err(Error::Workload(wrong)),
            (found, _) => {
                let reason = format!("the work ends with {found:?} without an injected fault");
                Err(Error::Workload(reason))
            }
        }
    }
}

/// A machine with the files of the workload, and with the plan injected.
pub(crate) fn start(workload: &Workload<'_>, plan: FaultPlan) -> Result<Machine, Error> {
    let machine = Machine::with_file(workload.device, workload.file, workload.image)?;
    for (name, bytes) in workload.files {
        machine.put(name, bytes);
    }
    (workload.prepare)();
    machine.inject(plan);
    Ok(machine)
}

impl SeenDisks {
    /// Opens the file, which lets SQLite recover from a crash, and judges the disk afterwards.
    pub(crate) fn look(&self, workload: &Workload<'_>, machine: &Machine) -> DiskVerdict {
        let recovered = machine.connect(workload.file).and_then(|connection| {
            let schema = "SELECT count(*) FROM sqlite_schema";
            connection.query_row(schema, [], |_| Ok(()))
        });
        if let Err(error) = recovered {
            return DiskVerdict {
                found: Found::Neither(format!("it cannot be opened: {error}")),
                again: None,
                beside: None,
                names: Vec::new(),
            };
        }
        let names = machine.names();
        let files = names.iter();
        let files = files.map(|name| (name.clone(), machine.file(name).unwrap_or_default()));
        let files: Files = files.collect();
        if let Some(verdict) = self.disks.borrow().get(&files) {
            return verdict.clone();
        }
        let found = (workload.look)(machine);
        let beside = workload.beside.and_then(|own| own.problem(machine, &found));
        let again = do_again(workload, machine);
        let verdict = DiskVerdict {
            found,
            again,
            beside,
            names,
        };
        let mut disks = self.disks.borrow_mut();
        if disks.len() < REMEMBERED {
            disks.insert(files, verdict.clone());
        }
        verdict
    }
}

fn do_again(workload: &Workload<'_>, machine: &Machine) -> Option<String> {
    if !workload.finish {
        return None;
    }
    let claimed = (workload.work)(machine);
    if claimed != Claimed::After {
        return Some(format!(
            "done again, the work does not succeed but reports {claimed:?}"
        ));
    }
    let found = (workload.look)(machine);
    if found != Found::After {
        return Some(format!("done again, the work leaves {found:?}"));
    }
    let beside = workload.beside?;
    let untidy = || beside.leftovers(&machine.names(), claimed, Ending::Retried);
    beside.problem(machine, &found).or_else(untidy)
}
