//! Chance that is the same for the same seed on every machine.

/// [SplitMix64](https://prng.di.unimi.it/splitmix64.c): small, fast, and enough to choose by.
#[derive(Clone, Debug)]
pub(crate) struct Dice(u64);

impl Dice {
    pub(crate) fn new(seed: u64) -> Dice {
        Dice(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `end`; 0 where there is none.
    pub(crate) fn under(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// The same for what is counted in memory.
    pub(crate) fn below(&mut self, end: usize) -> usize {
        let end = u64::try_from(end).unwrap_or(u64::MAX);
        usize::try_from(self.under(end)).unwrap_or(0)
    }

    /// Yes once in `end` cases.
    pub(crate) fn one_in(&mut self, end: u64) -> bool {
        self.under(end) == 0
    }

    pub(crate) fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[0]
    }

    /// A number from `low` to `high`, both included; `low` where there is none.
    pub(crate) fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = high.wrapping_sub(low).cast_unsigned();
        match (high < low, span.checked_add(1)) {
            (true, _) => low,
            (false, Some(span)) => low.wrapping_add((self.next() % span).cast_signed()),
            (false, None) => self.next().cast_signed(),
        }
    }

    /// Yes in `percent` of a hundred cases.
    pub(crate) fn chance(&mut self, percent: usize) -> bool {
        self.below(100) < percent
    }

    pub(crate) fn pick<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len()))
    }

    /// One of `all`, which must not be empty to mean anything.
    pub(crate) fn word(&mut self, all: &[&'static str]) -> &'static str {
        self.pick(all).copied().unwrap_or_default()
    }
}
