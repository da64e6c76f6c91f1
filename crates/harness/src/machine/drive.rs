//! The driver: does a piece of work again and again, and makes it fail at each point in turn.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt;

use super::{Device, Fault, Machine, Survivors};
use crate::dice::Dice;
use crate::journey::text;

/// How many failures of one kind are kept; the rest is counted.
const KEPT: usize = 4;

/// How many disks are remembered; work that is sound leaves a handful.
const REMEMBERED: usize = 64;

/// What the work says of the file when it returns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claim {
    /// It is done.
    After,
    /// It failed, and the file is as it was.
    Before,
    /// It failed, and does not know.
    Unknown,
}

/// What is found in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Side {
    /// What it held before the work.
    Before,
    /// What the work makes of it.
    After,
    /// Anything else, in words.
    Neither(String),
}

/// A piece of work that must be whole or not at all.
pub struct Deed<'a> {
    /// The disk.
    pub device: Device,
    /// The name of the file in `image`.
    pub file: &'a str,
    /// The file at the start; empty for none.
    pub image: &'a [u8],
    /// What lies beside it at the start: names and bytes, the oldest first.
    pub files: &'a [(String, Vec<u8>)],
    /// Does the work on connections to the machine, and closes them.
    pub work: &'a dyn Fn(&Machine) -> Claim,
    /// Looks at the file through a new connection, on which SQLite recovers what a crash left.
    pub look: &'a dyn Fn(&Machine) -> Side,
    /// Whether work that is done survives a power cut. In journal mode DELETE it takes `synchronous = EXTRA`,
    /// in WAL mode `FULL`: <https://sqlite.org/pragma.html#pragma_synchronous>
    pub durable: bool,
    /// Whether the work is done again after each cut, and must then arrive.
    pub finish: bool,
    /// What must hold of the other files.
    pub beside: Option<&'a dyn Beside>,
}

/// What must hold of the files beside the one that is worked on.
pub trait Beside {
    /// What is wrong with them while the file is on this side, whatever cut the work.
    fn unsound(&self, machine: &Machine, side: &Side) -> Option<String>;

    /// What is wrong with their names when the work has ended by itself and said this.
    fn untidy(&self, names: &[String], claim: Claim, ended: Ended) -> Option<String>;
}

/// How work came to its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// A call has failed.
    Cut,
    /// Nothing failed, but an earlier try was cut.
    Again,
    /// Nothing failed, and nothing was there from before.
    Alone,
}

/// How the work is made to fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut {
    /// What fails.
    pub fault: Fault,
    /// Whether all later calls fail, too.
    pub forever: bool,
}

/// How much is tried.
#[derive(Clone, Copy, Debug)]
pub struct Effort {
    /// How many points of one kind; where there are more, they are taken evenly from all.
    pub points: u64,
    /// How many seeded kinds of [`Survivors`] at each power cut, besides nothing and everything.
    pub seeds: u64,
    /// Where the seeds begin.
    pub seed: u64,
}

impl Effort {
    /// Every point.
    pub fn exhaustive(seeds: u64) -> Effort {
        Effort {
            points: u64::MAX,
            seeds,
            seed: 1,
        }
    }

    /// The points to try of those from 1 to `all`: the last, and one of each of equal parts before it, which
    /// one by the seed, so that another seed tries others.
    fn choose(&self, all: u64) -> Vec<u64> {
        if self.points >= all {
            return (1..=all).collect();
        }
        let first = |part: u64| {
            let wide = u128::from(part) * u128::from(all) / u128::from(self.points);
            u64::try_from(wide).unwrap_or(all)
        };
        let within = |part: u64| {
            let width = (first(part + 1) - first(part)).max(1);
            first(part) + 1 + Dice::new(self.seed.wrapping_add(part)).under(width)
        };
        let last = self.points.saturating_sub(1);
        let points = (0..last).map(within);
        points.chain((self.points > 0).then_some(all)).collect()
    }
}

/// One point at which the file was neither before nor after, or not what the work had said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    /// How it was made to fail.
    pub cut: Cut,
    /// At which call, from 1.
    pub at: u64,
    /// Of how many.
    pub of: u64,
    /// What the power cut left; `None` where only the program ended.
    pub survivors: Option<Survivors>,
    /// What is wrong.
    pub message: String,
}

/// What trying one kind of cut gave.
#[derive(Clone, Debug)]
pub struct Tally {
    /// How the work was made to fail.
    pub cut: Cut,
    /// At how many points.
    pub tried: u64,
    /// How many points there are.
    pub of: u64,
    /// How many disks were looked at.
    pub looks: u64,
    /// How many of these held the work.
    pub after: u64,
    /// How many of these were wrong.
    pub wrong: u64,
    /// The first of the wrong ones.
    pub failures: Vec<Failure>,
}

impl fmt::Display for Cut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.fault {
            Fault::PowerLoss => return f.write_str("power loss"),
            Fault::IoError => "I/O error",
            Fault::DoneButFailed => "I/O error after the deed",
            Fault::Full => "full disk",
            Fault::ShortRead => "short read",
            Fault::Busy => "lock held by others",
            Fault::Interrupt => "interrupt",
            Fault::NoMemory => "no memory",
        };
        write!(
            f,
            "{what} {}",
            if self.forever { "for ever" } else { "once" }
        )
    }
}

impl fmt::Display for Failure {
    /// `power loss at 12 of 40, survivors by seed 3: …`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {} of {}", self.cut, self.at, self.of)?;
        match self.survivors {
            None => {}
            Some(Survivors::Nothing) => f.write_str(", nothing unsynced survives")?,
            Some(Survivors::Everything) => f.write_str(", everything survives")?,
            Some(Survivors::InOrder(seed)) => write!(f, ", survivors in order by seed {seed}")?,
            Some(Survivors::Seeded(seed)) => write!(f, ", survivors by seed {seed}")?,
        }
        write!(f, ": {}", self.message)
    }
}

/// What is known of a piece of work: how many calls of each kind it makes when nothing fails, and what was
/// said of disks that were looked at.
#[derive(Debug, Default)]
pub struct Known {
    counts: [u64; Fault::ALL.len()],
    barriers: Vec<u64>,
    /// What is wrong, or not, with a disk that holds exactly this. Most cuts leave the same few.
    disks: RefCell<BTreeMap<Files, Verdict>>,
}

/// All files of a machine.
type Files = Vec<(String, Vec<u8>)>;

/// What a disk holds, and what doing the work again makes of it.
#[derive(Clone, Debug)]
struct Verdict {
    side: Side,
    again: Option<String>,
    /// What is wrong with the other files.
    beside: Option<String>,
    names: Vec<String>,
}

impl Known {
    /// At how many points `fault` can hit the work. The power can also go when all is done.
    pub fn of(&self, fault: Fault) -> u64 {
        let counts = Fault::ALL.iter().zip(self.counts);
        let count = counts
            .filter(|(own, _)| **own == fault)
            .map(|(_, count)| count);
        count.sum::<u64>() + u64::from(fault == Fault::PowerLoss)
    }
}

impl Deed<'_> {
    /// Does the work once without a fault.
    ///
    /// # Errors
    /// When the machine cannot be made, or the work does not arrive.
    pub fn measure(&self) -> Result<Known, String> {
        self.measure_with(Known::default())
    }

    /// The same with what is known of the same work in other setups.
    ///
    /// # Errors
    /// As [`Deed::measure`].
    pub fn measure_with(&self, known: Known) -> Result<Known, String> {
        let watched = Cut {
            fault: Fault::Interrupt,
            forever: false,
        };
        let machine = start(self, watched, u64::MAX)?;
        if (self.work)(&machine) != Claim::After {
            return Err("the work fails although nothing else does".to_owned());
        }
        let counts = Fault::ALL.map(|fault| machine.calls(fault));
        let barriers = machine.barriers();
        let found = known.verdict(self, &machine.after_exit().map_err(text)?);
        let untidy = |beside: &dyn Beside| beside.untidy(&found.names, Claim::After, Ended::Alone);
        match (found.side, found.beside.or(self.beside.and_then(untidy))) {
            (Side::After, None) => Ok(Known {
                counts,
                barriers,
                ..known
            }),
            (Side::After, Some(wrong)) => Err(wrong),
            (side, _) => Err(format!(
                "the work ends with {side:?} although nothing failed"
            )),
        }
    }
}

/// Does the work with `cut` at each point that `effort` chooses, and looks at what is left: before or after,
/// whatever survives; what the work said of it; and after, when it is done once more.
///
/// # Errors
/// When the machine cannot be made.
pub fn cut(deed: &Deed<'_>, known: &Known, cut: Cut, effort: &Effort) -> Result<Tally, String> {
    cut_at(
        deed,
        known,
        cut,
        &effort.choose(known.of(cut.fault)),
        effort,
    )
}

/// The same with the power lost wherever the work makes, syncs, names or removes a file, and when all is done:
/// what is durable, and under which name, changes there. Of the points the effort's number does not count.
///
/// # Errors
/// As [`cut()`].
pub fn cut_at_barriers(deed: &Deed<'_>, known: &Known, effort: &Effort) -> Result<Tally, String> {
    let power = Cut {
        fault: Fault::PowerLoss,
        forever: true,
    };
    let mut points = known.barriers.clone();
    points.push(known.of(Fault::PowerLoss));
    cut_at(deed, known, power, &points, effort)
}

fn cut_at(
    deed: &Deed<'_>,
    known: &Known,
    cut: Cut,
    points: &[u64],
    effort: &Effort,
) -> Result<Tally, String> {
    let of = known.of(cut.fault);
    let mut tally = Tally {
        cut,
        tried: points.len() as u64,
        of,
        looks: 0,
        after: 0,
        wrong: 0,
        failures: Vec::new(),
    };
    for &at in points {
        for end in try_point(deed, known, cut, at, &effort.ends(cut.fault, at))? {
            tally.looks += 1;
            tally.after += u64::from(end.side == Side::After);
            let Some(message) = end.message else {
                continue;
            };
            tally.wrong += 1;
            if tally.failures.len() < KEPT {
                let survivors = end.survivors;
                tally.failures.push(Failure {
                    cut,
                    at,
                    of,
                    survivors,
                    message,
                });
            }
        }
    }
    Ok(tally)
}

/// Tries the point of a failure once more, and returns what is wrong there now.
///
/// # Errors
/// As [`cut`].
pub fn repeat(deed: &Deed<'_>, failure: &Failure) -> Result<Option<String>, String> {
    let found = try_point(
        deed,
        &Known::default(),
        failure.cut,
        failure.at,
        &[failure.survivors],
    )?;
    Ok(found.into_iter().find_map(|end| end.message))
}

/// What was found after one cut.
struct End {
    survivors: Option<Survivors>,
    side: Side,
    /// What is wrong with it.
    message: Option<String>,
}

impl Effort {
    /// What is looked at after a cut at this point. Where the power stays, the disk is looked at as it is: of
    /// a power cut after a call that failed SQLite promises little.
    fn ends(&self, fault: Fault, at: u64) -> Vec<Option<Survivors>> {
        if fault != Fault::PowerLoss {
            return vec![None];
        }
        let first = self
            .seed
            .wrapping_mul(1_000_003)
            .wrapping_add(at.wrapping_mul(1_009));
        let seeds = (0..self.seeds).map(|number| match number % 4 {
            3 => Survivors::InOrder(first.wrapping_add(number)),
            _ => Survivors::Seeded(first.wrapping_add(number)),
        });
        let both = [Survivors::Nothing, Survivors::Everything];
        both.into_iter().chain(seeds).map(Some).collect()
    }
}

fn try_point(
    deed: &Deed<'_>,
    known: &Known,
    cut: Cut,
    at: u64,
    ends: &[Option<Survivors>],
) -> Result<Vec<End>, String> {
    let machine = start(deed, cut, at)?;
    let claim = (deed.work)(&machine);
    machine.mend();
    let look = |survivors: &Option<Survivors>| {
        let again = match *survivors {
            Some(survivors) => machine.restart(survivors),
            None => machine.after_exit(),
        };
        let again = again.map_err(text)?;
        let found = known.verdict(deed, &again);
        let lasting = deed.durable || survivors.is_none();
        // Whoever cannot do anything any more cannot clean up either.
        let helpless = survivors.is_some() || cut.forever && cut.fault == Fault::IoError;
        let untidy = deed.beside.filter(|_| !helpless);
        let untidy = untidy.and_then(|beside| beside.untidy(&found.names, claim, Ended::Cut));
        let message = judge(claim, &found.side, lasting);
        let message = message.or(found.beside).or(untidy).or(found.again);
        let side = found.side;
        let survivors = *survivors;
        Ok(End {
            survivors,
            side,
            message,
        })
    };
    ends.iter().map(look).collect()
}

fn start(deed: &Deed<'_>, cut: Cut, at: u64) -> Result<Machine, String> {
    let machine = Machine::with_file(deed.device, deed.file, deed.image).map_err(text)?;
    for (name, bytes) in deed.files {
        machine.put(name, bytes);
    }
    // The work is that of a process that starts, whatever this thread did before.
    schema::forget();
    machine.fail(cut.fault, at, cut.forever);
    Ok(machine)
}

/// What is wrong with a file on this side after such a claim.
fn judge(claim: Claim, side: &Side, lasting: bool) -> Option<String> {
    match (claim, side) {
        (_, Side::Neither(what)) => Some(format!("neither before nor after: {what}")),
        (Claim::After, Side::Before) if lasting => {
            Some("it was said to be done, and the file is as it was before".to_owned())
        }
        (Claim::Before, Side::After) => {
            Some("it was said to have failed, and the file holds the result".to_owned())
        }
        _ => None,
    }
}

impl Known {
    /// Opens the file, which lets SQLite recover what a crash left, and judges what is then on the disk.
    fn verdict(&self, deed: &Deed<'_>, machine: &Machine) -> Verdict {
        let recovered = machine.connect(deed.file).and_then(|connection| {
            let schema = "SELECT count(*) FROM sqlite_schema";
            connection.query_row(schema, [], |_| Ok(()))
        });
        if let Err(error) = recovered {
            return Verdict {
                side: Side::Neither(format!("it cannot be opened: {error}")),
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
        let side = (deed.look)(machine);
        let beside = deed.beside.and_then(|own| own.unsound(machine, &side));
        let again = finish(deed, machine);
        let verdict = Verdict {
            side,
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

fn finish(deed: &Deed<'_>, machine: &Machine) -> Option<String> {
    if !deed.finish {
        return None;
    }
    let claim = (deed.work)(machine);
    if claim != Claim::After {
        return Some(format!("done again, it does not arrive but ends {claim:?}"));
    }
    let side = (deed.look)(machine);
    if side != Side::After {
        return Some(format!("done again, it leaves {side:?}"));
    }
    let beside = deed.beside?;
    let untidy = || beside.untidy(&machine.names(), claim, Ended::Again);
    beside.unsound(machine, &side).or_else(untidy)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_power_cut_is_also_a_kill() {
        let effort = Effort {
            points: 1,
            seeds: 0,
            seed: 1,
        };
        for at in 1..9 {
            let ends = effort.ends(Fault::PowerLoss, at);
            assert!(ends.contains(&Some(Survivors::Everything)), "{ends:?}");
        }
    }

    #[test]
    fn points_are_all_or_even() {
        let effort = |points, seed| Effort {
            points,
            seeds: 0,
            seed,
        };
        assert_eq!(effort(9, 1).choose(4), [1, 2, 3, 4]);
        assert_eq!(effort(4, 1).choose(4), [1, 2, 3, 4]);
        assert_eq!(effort(1, 1).choose(1_000), [1_000]);
        assert!(effort(0, 1).choose(9).is_empty());
        assert!(effort(9, 1).choose(0).is_empty());
        let mut seen: Vec<u64> = (0..200)
            .flat_map(|seed| effort(3, seed).choose(10))
            .collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, [1, 2, 3, 4, 5, 6, 10]);
        let points = effort(3, 7).choose(10);
        assert!(
            points.len() == 3 && points[0] <= 3 && points[1] > 3,
            "{points:?}"
        );
    }
}
