//! The points of a sweep, and their seeds.

use stdx::Rng;

use crate::crash_state::CrashState;
use crate::fault::Fault;

/// The extent of a sweep.
#[derive(Clone, Copy, Debug)]
pub struct Sampling {
    /// The maximum number of points of one kind; if there are more, the sample is spread evenly.
    pub points: u64,
    /// The number of seeded [`CrashState`]s at each power cut, besides nothing and everything.
    pub seeds: u64,
    /// The first seed.
    pub seed: u64,
}

impl Sampling {
    /// Every point.
    pub fn exhaustive(seeds: u64) -> Sampling {
        Sampling {
            points: u64::MAX,
            seeds,
            seed: 1,
        }
    }

    /// The points to try from 1 to `all`: the last one, and one from each of equal parts before it,
    /// chosen by the seed.
    pub(crate) fn choose(&self, all: u64) -> Vec<u64> {
        if self.points >= all {
            return (1..=all).collect();
        }
        let first = |part: u64| {
            let wide = u128::from(part) * u128::from(all) / u128::from(self.points);
            u64::try_from(wide).unwrap_or(all)
        };
        let within = |part: u64| {
            let width = (first(part + 1) - first(part)).max(1);
            first(part) + 1 + Rng::new(self.seed.wrapping_add(part)).below(width)
        };
        let last = self.points.saturating_sub(1);
        let points = (0..last).map(within);
        points.chain((self.points > 0).then_some(all)).collect()
    }

    /// Lists the crash states to check after a fault at this point. If the power stays on, only the
    /// current disk is checked, because SQLite promises little about a power cut after a failed
    /// call.
    pub(crate) fn ends(&self, fault: Fault, at: u64) -> Vec<Option<CrashState>> {
        if fault != Fault::PowerLoss {
            return vec![None];
        }
        let first = self
            .seed
            .wrapping_mul(1_000_003)
            .wrapping_add(at.wrapping_mul(1_009));
        let seeds = (0..self.seeds).map(|number| match number % 4 {
            3 => CrashState::InOrder(first.wrapping_add(number)),
            _ => CrashState::Seeded(first.wrapping_add(number)),
        });
        let both = [CrashState::Nothing, CrashState::Everything];
        both.into_iter().chain(seeds).map(Some).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_power_cut_is_also_a_kill() {
        let sampling = Sampling {
            points: 1,
            seeds: 0,
            seed: 1,
        };
        for at in 1..9 {
            let ends = sampling.ends(Fault::PowerLoss, at);
            assert!(ends.contains(&Some(CrashState::Everything)), "{ends:?}");
        }
    }

    #[test]
    fn points_are_all_or_even() {
        let sampling = |points, seed| Sampling {
            points,
            seeds: 0,
            seed,
        };
        assert_eq!(sampling(9, 1).choose(4), [1, 2, 3, 4]);
        assert_eq!(sampling(4, 1).choose(4), [1, 2, 3, 4]);
        assert_eq!(sampling(1, 1).choose(1_000), [1_000]);
        assert!(sampling(0, 1).choose(9).is_empty());
        assert!(sampling(9, 1).choose(0).is_empty());
        let mut seen: Vec<u64> = (0..200)
            .flat_map(|seed| sampling(3, seed).choose(10))
            .collect();
        seen.sort_unstable();
        seen.dedup();
        assert_eq!(seen, [1, 2, 3, 4, 5, 6, 10]);
        let points = sampling(3, 7).choose(10);
        assert!(
            points.len() == 3 && points[0] <= 3 && points[1] > 3,
            "{points:?}"
        );
    }
}
