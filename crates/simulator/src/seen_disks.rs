//! What is known of a piece of work, so that the same disk is not looked at twice.

use std::cell::RefCell;
use std::collections::BTreeMap;

use crate::error::Error;
use crate::fault::{Fault, FaultPlan};
use crate::machine::Machine;
use crate::workload::{Claimed, Ending, Found, OtherFiles, Workload};

/// How many disks are remembered; work that is sound leaves a handful.
const REMEMBERED: usize = 64;

/// What is known of a piece of work: how many calls of each kind it makes when nothing fails, and
/// what was said of disks that were looked at.
#[derive(Debug, Default)]
pub struct SeenDisks {
    counts: [u64; Fault::ALL.len()],
    pub(crate) barriers: Vec<u64>,
    /// What is wrong, or not, with a disk that holds exactly this. Most cuts leave the same few.
    disks: RefCell<BTreeMap<Files, DiskVerdict>>,
}

/// All files of a machine.
type Files = Vec<(String, Vec<u8>)>;

/// What a disk holds, and what doing the work again makes of it.
#[derive(Clone, Debug)]
pub(crate) struct DiskVerdict {
    pub(crate) found: Found,
    /// What is wrong after the work was done again.
    pub(crate) again: Option<String>,
    /// What is wrong with the other files.
    pub(crate) beside: Option<String>,
    pub(crate) names: Vec<String>,
}

impl SeenDisks {
    /// At how many points `fault` can hit the work. The power can also go when all is done.
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
    /// When the machine cannot be made, or the work does not arrive.
    pub fn measure(&self) -> Result<SeenDisks, Error> {
        self.measure_with(SeenDisks::default())
    }

    /// The same with what is known of the same work in other setups.
    ///
    /// # Errors
    /// As [`Workload::measure`].
    pub fn measure_with(&self, known: SeenDisks) -> Result<SeenDisks, Error> {
        // Counts each instruction, and stops at none.
        let machine = start(self, FaultPlan::nth(u64::MAX, Fault::Interrupt))?;
        if (self.work)(&machine) != Claimed::After {
            let reason = "the work fails although nothing else does";
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
                let reason = format!("the work ends with {found:?} although nothing failed");
                Err(Error::Workload(reason))
            }
        }
    }
}

/// A machine with the files of the workload, on which the plan is under way.
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
    /// Opens the file, which lets SQLite recover what a crash left, and judges what is then on the
    /// disk.
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
            "done again, it does not arrive but ends {claimed:?}"
        ));
    }
    let found = (workload.look)(machine);
    if found != Found::After {
        return Some(format!("done again, it leaves {found:?}"));
    }
    let beside = workload.beside?;
    let untidy = || beside.leftovers(&machine.names(), claimed, Ending::Retried);
    beside.problem(machine, &found).or_else(untidy)
}
