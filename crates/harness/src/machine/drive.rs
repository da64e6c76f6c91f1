//! The driver: does a piece of work again and again, and makes it fail at each point in turn.

use std::fmt;

use super::{Device, Fault, Machine, Survivors};

/// How many failures of one kind are kept; the rest is counted.
const KEPT: usize = 4;

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
    /// Does the work on connections to the machine, and closes them.
    pub work: &'a dyn Fn(&Machine) -> Claim,
    /// Looks at the file through a new connection, on which SQLite recovers what a crash left.
    pub look: &'a dyn Fn(&Machine) -> Side,
    /// Whether work that is done survives a power cut. In journal mode DELETE it takes `synchronous = EXTRA`,
    /// in WAL mode `FULL`: <https://sqlite.org/pragma.html#pragma_synchronous>
    pub durable: bool,
    /// Whether the work is done again after each cut, and must then arrive.
    pub finish: bool,
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

    /// The points to try of those from 1 to `all`: the first, the last, and evenly between.
    fn choose(&self, all: u64) -> Vec<u64> {
        match self.points {
            0 => Vec::new(),
            1 => vec![all],
            few if few < all => {
                let wide =
                    |point: u64| u128::from(point) * u128::from(all - 1) / u128::from(few - 1);
                (0..few).map(|point| 1 + wide(point) as u64).collect()
            }
            _ => (1..=all).collect(),
        }
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
            Fault::Interrupt => "interrupt",
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

/// Does the work with `cut` at each point that `effort` chooses, and looks at what is left: before or after,
/// whatever survives; what the work said of it; and after, when it is done once more.
///
/// # Errors
/// When the machine cannot be made, or the work does not arrive without a fault.
pub fn cut(deed: &Deed<'_>, cut: Cut, effort: &Effort) -> Result<Tally, String> {
    let machine = start(deed, cut, u64::MAX)?;
    if (deed.work)(&machine) != Claim::After {
        return Err("the work fails although nothing else does".to_owned());
    }
    // The power can also go when all is done.
    let of = machine.calls(cut.fault) + u64::from(cut.fault == Fault::PowerLoss);
    match (deed.look)(&machine.after_exit().map_err(text)?) {
        Side::After => {}
        side => {
            return Err(format!(
                "the work ends with {side:?} although nothing failed"
            ));
        }
    }
    let points = effort.choose(of);
    let mut tally = Tally {
        cut,
        tried: points.len() as u64,
        of,
        looks: 0,
        after: 0,
        wrong: 0,
        failures: Vec::new(),
    };
    for at in points {
        for end in try_point(deed, cut, at, &effort.ends(cut.fault, at))? {
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
    let found = try_point(deed, failure.cut, failure.at, &[failure.survivors])?;
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
    /// What is looked at after a cut at this point. What fails without a power cut is first looked at as it
    /// stands, and then as if the power went afterwards.
    fn ends(&self, fault: Fault, at: u64) -> Vec<Option<Survivors>> {
        let first = self.seed.wrapping_mul(1_000_003).wrapping_add(at * 1_009);
        let seeds = (0..self.seeds).map(|number| match number % 4 {
            3 => Survivors::InOrder(first + number),
            _ => Survivors::Seeded(first + number),
        });
        let (ends, seeds) = match fault {
            Fault::PowerLoss => (
                [Some(Survivors::Nothing), Some(Survivors::Everything)],
                seeds.take(usize::MAX),
            ),
            _ => ([None, Some(Survivors::Nothing)], seeds.take(1)),
        };
        ends.into_iter().chain(seeds.map(Some)).collect()
    }
}

fn try_point(
    deed: &Deed<'_>,
    cut: Cut,
    at: u64,
    ends: &[Option<Survivors>],
) -> Result<Vec<End>, String> {
    let machine = start(deed, cut, at)?;
    let claim = (deed.work)(&machine);
    let look = |survivors: &Option<Survivors>| {
        let again = match *survivors {
            Some(survivors) => machine.restart(survivors),
            None => machine.after_exit(),
        };
        let again = again.map_err(text)?;
        let side = (deed.look)(&again);
        let lasting = deed.durable || survivors.is_none();
        let message = judge(claim, &side, lasting).or_else(|| finish(deed, &again));
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

fn finish(deed: &Deed<'_>, machine: &Machine) -> Option<String> {
    if !deed.finish {
        return None;
    }
    let claim = (deed.work)(machine);
    if claim != Claim::After {
        return Some(format!("done again, it does not arrive but ends {claim:?}"));
    }
    match (deed.look)(machine) {
        Side::After => None,
        side => Some(format!("done again, it leaves {side:?}")),
    }
}

fn text(error: rusqlite::Error) -> String {
    error.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_are_all_or_even() {
        let effort = |points| Effort {
            points,
            ..Effort::exhaustive(0)
        };
        assert_eq!(effort(9).choose(4), [1, 2, 3, 4]);
        assert_eq!(effort(4).choose(4), [1, 2, 3, 4]);
        assert_eq!(effort(4).choose(10), [1, 4, 7, 10]);
        assert_eq!(effort(2).choose(1_000), [1, 1_000]);
        assert_eq!(effort(1).choose(1_000), [1_000]);
        assert!(effort(9).choose(0).is_empty());
    }
}
