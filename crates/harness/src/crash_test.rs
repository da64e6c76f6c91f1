//! Takes one database to a different version and injects faults everywhere: interrupts, failing
//! calls and power cuts, in the journal modes and settings that applications use.

mod backups;
mod fleeting;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::error::Error;
use crate::observation;
use backups::Watched;
pub use backups::{BESIDE, Backups, FILE};
use fleeting::{fleeting, without};
use observe::Observation;
use simulator::{
    Claimed, Device, Failure, Fault, FaultMode, Found, Machine, Order, OtherFiles, Sampling,
    SeenDisks, SweepStats, Workload, repeat_failure, sweep, sweep_barriers,
};

/// The maximum number of differences that a message lists.
const LISTED: usize = 3;

/// The function that brings a database to a different version: it receives a connection, and closes
/// it.
pub type Engine<'a> = &'a dyn Fn(rusqlite::Connection) -> Claimed;

/// The work of a passage on a machine.
type Work<'a> = Box<dyn Fn(&Machine, Option<Setup>) -> Claimed + 'a>;

/// The configuration of a file by its application.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Setup {
    /// [`journal_mode`](https://sqlite.org/pragma.html#pragma_journal_mode): `DELETE` or `WAL`.
    pub journal: &'static str,
    /// [`synchronous`](https://sqlite.org/pragma.html#pragma_synchronous).
    pub synchronous: &'static str,
    /// Whether a COMMIT that has returned survives a power cut. In journal mode DELETE only `EXTRA`
    /// promises it: otherwise the deleted journal may reappear and roll back the commit.
    pub durable: bool,
    /// The order that the disk must keep, because SQLite relies on it.
    pub order: Order,
}

/// The setups that are tried, the most usual first.
///
/// In journal mode DELETE at `FULL`, SQLite commits a transaction by deleting its journal, and
/// truncates the file afterwards. It syncs neither: on a disk that truncates the file and restores
/// the journal, the journal is played back into a file that lacks pages. At `NORMAL` the journal
/// itself may be incomplete.
pub const SETUPS: [Setup; 5] = [
    setup("DELETE", "FULL", false, Order::Metadata),
    setup("WAL", "FULL", true, Order::None),
    setup("WAL", "NORMAL", false, Order::None),
    setup("DELETE", "EXTRA", true, Order::None),
    setup("DELETE", "NORMAL", false, Order::All),
];

const fn setup(
    journal: &'static str,
    synchronous: &'static str,
    durable: bool,
    order: Order,
) -> Setup {
    Setup {
        journal,
        synchronous,
        durable,
        order,
    }
}

/// One kind of fault.
#[derive(Clone, Copy, Debug)]
struct Way {
    mode: FaultMode,
    /// Whether only the most usual setups are tried: without a power cut, `synchronous` makes no
    /// difference.
    only_usual: bool,
}

const fn once(fault: Fault) -> Way {
    Way {
        mode: FaultMode::once(fault),
        only_usual: true,
    }
}

const fn forever(fault: Fault) -> Way {
    Way {
        mode: FaultMode::forever(fault),
        only_usual: true,
    }
}

/// The kinds of faults.
const WAYS: [Way; 13] = [
    Way {
        mode: FaultMode::forever(Fault::PowerLoss),
        only_usual: false,
    },
    once(Fault::Interrupt),
    forever(Fault::Interrupt),
    once(Fault::IoError),
    forever(Fault::IoError),
    once(Fault::DoneButFailed),
    forever(Fault::DoneButFailed),
    once(Fault::Full),
    forever(Fault::Full),
    once(Fault::Busy),
    forever(Fault::Busy),
    once(Fault::NoMemory),
    forever(Fault::NoMemory),
];

/// The kinds of `faults` that this process can inject.
fn ways(faults: &[Fault]) -> impl Iterator<Item = Way> {
    let possible = |fault| fault != Fault::NoMemory || simulator::watches_memory();
    let ways = WAYS.into_iter();
    ways.filter(move |way| faults.contains(&way.mode.fault) && possible(way.mode.fault))
}

/// The number of the most usual setups, at the start of the list.
const USUAL: usize = 2;

/// The number of kinds of faults in `faults`; each setup counts separately.
fn kinds(faults: &[Fault]) -> u64 {
    let setups = |only_usual| if only_usual { USUAL } else { SETUPS.len() };
    ways(faults).map(|way| setups(way.only_usual) as u64).sum()
}

/// The share of kind number `kind`, from 1, in all points. If there are fewer points than kinds,
/// the seed decides which kinds get one.
fn part(sampling: &Sampling, kind: u64, kinds: u64) -> Sampling {
    let until = |kind: u64| {
        let points = u128::from(sampling.points) * u128::from(kind + sampling.seed % kinds);
        points / u128::from(kinds)
    };
    let points = u64::try_from(until(kind) - until(kind - 1)).unwrap_or(u64::MAX);
    Sampling {
        points,
        seed: sampling.seed.wrapping_mul(101).wrapping_add(kind),
        ..*sampling
    }
}

impl fmt::Display for Setup {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.journal, self.synchronous)
    }
}

/// The migration of one database, and its observations before and after.
pub struct CrashTest<'a> {
    image: &'a [u8],
    work: Work<'a>,
    /// The files beside the database, and the conditions on them; `None` if the work takes no
    /// backup.
    backups: Option<Backups>,
    before: Observation,
    /// The observation after, without the values that differ from one try to the next.
    after: Observation,
    /// Columns, by folded table and position, that are random or hold the time: their values differ
    /// from one try to the next.
    fleeting: BTreeSet<(String, usize)>,
    /// The bytes of the file after.
    result: Vec<u8>,
    /// Whether [`Found::Before`] means exactly as before, or any state that a second try completes.
    strict: bool,
    /// Whether it promises more durability than its setup.
    lasting: bool,
}

/// The result of the faults in one setup.
#[derive(Clone, Debug)]
pub struct SetupStats {
    /// The setup.
    pub setup: Setup,
    /// The result of one kind of fault.
    pub stats: SweepStats,
}

impl<'a> CrashTest<'a> {
    /// Lets `engine` migrate the database in `image`, and records the states before and after.
    ///
    /// # Errors
    /// If the migration fails, or a file cannot be read.
    pub fn new(image: &'a [u8], engine: Engine<'a>) -> Result<CrashTest<'a>, Error> {
        let work = move |machine: &Machine, setup: Option<Setup>| match connect(machine, setup) {
            Ok(connection) => engine(connection),
            Err(_) => Claimed::Before,
        };
        CrashTest::of(image, Box::new(work), None)
    }

    /// The same for work that writes a backup beside the file before it changes the file, and that
    /// uses more of the machine than a connection: it takes connections from [`connect`] or
    /// [`connect_and_write`].
    ///
    /// After any fault, a file with the name of a backup is complete, and if the file is as after,
    /// one of the backups contains the file as before. Failed work leaves no other file beside a
    /// file that is as before, and repeated work leaves nothing but backups.
    ///
    /// # Errors
    /// As [`CrashTest::new`].
    pub fn with_backups(
        image: &'a [u8],
        backups: Backups,
        work: &'a dyn Fn(&Machine, Option<Setup>) -> Claimed,
    ) -> Result<CrashTest<'a>, Error> {
        CrashTest::of(image, Box::new(work), Some(backups))
    }

    fn of(
        image: &'a [u8],
        work: Work<'a>,
        backups: Option<Backups>,
    ) -> Result<CrashTest<'a>, Error> {
        let before = observe(&machine(image, &[])?)?;
        let files = backups.as_ref().map_or(&[][..], |own| &own.files);
        let once = || -> Result<Machine, Error> {
            let machine = machine(image, files)?;
            match work(&machine, None) {
                Claimed::After => Ok(machine),
                _ => Err(Error::from("the work fails without an injected fault")),
            }
        };
        let (machine, again) = (once()?, once()?);
        let after = observe(&machine)?;
        let fleeting = fleeting(&after, &observe(&again)?);
        let result = machine.file(FILE).unwrap_or_default();
        Ok(CrashTest {
            image,
            work,
            backups,
            before,
            after: without(after, &fleeting),
            fleeting,
            result,
            strict: true,
            lasting: false,
        })
    }

    /// The same for work that may stop half way, if a second try completes it.
    #[must_use]
    pub fn resumable(self) -> CrashTest<'a> {
        CrashTest {
            strict: false,
            ..self
        }
    }

    /// The same for work that promises to survive any power cut once it is done, in every setup.
    #[must_use]
    pub fn durable(self) -> CrashTest<'a> {
        CrashTest {
            lasting: true,
            ..self
        }
    }

    /// The bytes of the file after.
    pub fn result(&self) -> &[u8] {
        &self.result
    }

    /// Whether the states before and after are the same.
    pub fn is_no_op(&self) -> bool {
        self.before == self.after
    }

    /// Injects faults everywhere, or at as many points as `sampling` allows; all kinds of faults
    /// share them.
    ///
    /// # Errors
    /// If the machine cannot be made, or the work fails in a setup without faults.
    pub fn cut(&self, sampling: &Sampling) -> Result<Vec<SetupStats>, Error> {
        self.cut_by(&Fault::ALL, sampling)
    }

    /// The same with some kinds of faults only.
    ///
    /// # Errors
    /// As [`CrashTest::cut`].
    pub fn cut_by(&self, faults: &[Fault], sampling: &Sampling) -> Result<Vec<SetupStats>, Error> {
        let mut found = Vec::new();
        let (mut kind, kinds) = (0, kinds(faults));
        // All setups of one journal mode leave the same disks.
        let mut known: BTreeMap<&str, SeenDisks> = BTreeMap::new();
        for (number, setup) in SETUPS.into_iter().enumerate() {
            let mut measured = false;
            for Way { mode, only_usual } in ways(faults) {
                if only_usual && number >= USUAL {
                    continue;
                }
                kind += 1;
                let part = part(sampling, kind, kinds);
                if part.points == 0 {
                    continue;
                }
                let mut own = known.remove(setup.journal).unwrap_or_default();
                let stats = self.with_workload(setup, |workload| {
                    if !measured {
                        own = workload.measure_with(std::mem::take(&mut own))?;
                        measured = true;
                    }
                    Ok(sweep(workload, &own, mode, &part)?)
                })?;
                known.insert(setup.journal, own);
                found.push(SetupStats { setup, stats });
            }
        }
        Ok(found)
    }

    /// Tries the point of a failure again, and returns the problem that it shows now.
    ///
    /// # Errors
    /// As [`CrashTest::cut`].
    pub fn repeat(&self, setup: Setup, failure: &Failure) -> Result<Option<String>, Error> {
        self.with_workload(setup, |workload| Ok(repeat_failure(workload, failure)?))
    }

    /// Cuts the power whenever the work makes, syncs, renames or removes a file, in the most usual
    /// setups.
    ///
    /// # Errors
    /// As [`CrashTest::cut`].
    pub fn cut_power_at_barriers(&self, sampling: &Sampling) -> Result<Vec<SetupStats>, Error> {
        let setups = SETUPS.into_iter().take(USUAL);
        let cuts = setups.map(|setup| {
            let cut = |workload: &Workload<'_>| {
                Ok(sweep_barriers(workload, &workload.measure()?, sampling)?)
            };
            let stats = self.with_workload(setup, cut)?;
            Ok(SetupStats { setup, stats })
        });
        cuts.collect()
    }

    fn with_workload<T>(
        &self,
        setup: Setup,
        act: impl FnOnce(&Workload<'_>) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let image = in_mode(self.image, setup.journal)?;
        let work = |machine: &Machine| (self.work)(machine, Some(setup));
        let beside = self.backups.as_ref().map(|own| self.watched(own));
        let beside = beside.as_ref().map(|own| own as &dyn OtherFiles);
        act(&Workload {
            device: Device {
                order: if self.lasting {
                    Order::None
                } else {
                    setup.order
                },
                ..Device::default()
            },
            file: FILE,
            image: &image,
            files: self.backups.as_ref().map_or(&[], |own| &own.files),
            prepare: &schema::clear_thread_cache,
            work: &work,
            look: &|machine| self.look(machine),
            durable: setup.durable || self.lasting,
            finish: true,
            beside,
        })
    }

    fn watched<'p>(&'p self, backups: &'p Backups) -> Watched<'p> {
        Watched {
            backups,
            before: &self.before,
            after: &self.after,
            fleeting: &self.fleeting,
            due: self.before.ledger.is_some() || !self.before.schema.is_empty(),
            strict: self.strict,
            whole: RefCell::default(),
        }
    }

    fn look(&self, machine: &Machine) -> Found {
        match observe(machine) {
            Ok(found) if found == self.before => Found::Before,
            Ok(found) if without(found.clone(), &self.fleeting) == self.after => Found::After,
            Ok(_) if !self.strict => Found::Before,
            Ok(found) => Found::Neither(self.describe(&found)),
            Err(error) => Found::Neither(error.to_string()),
        }
    }

    /// Describes the differences between the file and the nearer of the states before and after.
    fn describe(&self, found: &Observation) -> String {
        let unlike = |end: &Observation| observe::differences(end, found, &[]);
        let (before, after) = (unlike(&self.before), unlike(&self.after));
        let (name, differences) = if before.len() <= after.len() {
            ("before", before)
        } else {
            ("after", after)
        };
        let listed = differences.iter().take(LISTED).map(|difference| {
            let (was, is) = (&difference.before, &difference.after);
            format!("{} is {is}, not {was}", difference.object)
        });
        let listed: Vec<String> = listed.collect();
        let more = differences.len().saturating_sub(LISTED);
        let more = match more {
            0 => String::new(),
            more => format!(" and {more} more"),
        };
        format!("it is not as {name}: {}{more}", listed.join("; "))
    }
}

/// Opens the file with the configuration of `setup`.
///
/// # Errors
/// If SQLite reports an error.
pub fn connect(machine: &Machine, setup: Option<Setup>) -> rusqlite::Result<rusqlite::Connection> {
    let connection = machine.connect(FILE)?;
    if let Some(setup) = setup {
        connection.pragma_update(None, "synchronous", setup.synchronous)?;
    }
    Ok(connection)
}

/// The same for an application that has already written through this connection: then its WAL
/// exists under a durable name, and a later sync of it does not sync the directory.
///
/// # Errors
/// As [`connect`].
pub fn connect_and_write(
    machine: &Machine,
    setup: Option<Setup>,
) -> rusqlite::Result<rusqlite::Connection> {
    let connection = connect(machine, setup)?;
    if setup.is_some_and(|setup| setup.journal == "WAL") {
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        connection.pragma_update(None, "user_version", version)?;
    }
    Ok(connection)
}

fn machine(image: &[u8], files: &[(String, Vec<u8>)]) -> Result<Machine, Error> {
    let machine = Machine::with_file(Device::default(), FILE, image)?;
    for (name, bytes) in files {
        machine.put(name, bytes);
    }
    Ok(machine)
}

/// The database with this journal mode in its header.
fn in_mode(image: &[u8], journal: &str) -> Result<Vec<u8>, Error> {
    if journal == "DELETE" {
        return Ok(image.to_vec());
    }
    let machine = machine(image, &[])?;
    let connection = machine.connect(FILE)?;
    let set = format!("PRAGMA journal_mode = {journal}");
    connection.query_row(&set, [], |_| Ok(()))?;
    drop(connection);
    machine
        .file(FILE)
        .ok_or_else(|| Error::from("the file is gone"))
}

/// Opens the file, which lets SQLite recover from a crash, and observes its content.
fn observe(machine: &Machine) -> Result<Observation, Error> {
    let connection = machine.connect(FILE)?;
    let check = "PRAGMA integrity_check(1)";
    let said: String = connection.query_row(check, [], |row| row.get(0))?;
    match said.as_str() {
        "ok" => observation::observe(&connection),
        said => Err(Error::from(format!("it is damaged: {said}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_points_are_shared_out() {
        for (points, seed) in [(0, 1), (1, 5), (7, 3), (21, 2), (100, 9)] {
            let sampling = Sampling {
                points,
                seeds: 0,
                seed,
            };
            let kinds = 25;
            let part = |kind| part(&sampling, kind, kinds).points;
            let parts: Vec<u64> = (1..=kinds).map(part).collect();
            assert_eq!(parts.iter().sum::<u64>(), points);
            let (low, high) = (points / kinds, points.div_ceil(kinds));
            assert!(
                parts.iter().all(|own| (low..=high).contains(own)),
                "{parts:?}"
            );
        }
    }
}
