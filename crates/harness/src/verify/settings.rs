//! The part of the proof that runs.

use crate::check::Law;
use crate::journey::Journey;

/// The part of the proof that runs. The default is all of it.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Only this journey.
    pub journey: Option<Journey>,
    /// Only the databases of this name: a fixture, `empty`, `filled …`, `generated` (by the
    /// application), `plain` or `hostile` (from the schema alone), `clashing` (with rows that a
    /// step does not allow), `storage` (golden databases under other storage configurations) or
    /// `walk` (random walks).
    pub fixture: Option<String>,
    /// Only this law.
    pub law: Option<String>,
    /// The seed of the generated databases.
    pub seed: u64,
    /// The number of databases that are generated for each journey of one step; longer ones get a
    /// third, unless `deep` or `journey` is set.
    pub cases: u32,
    /// Whether every point gets a fault, and not only some.
    pub deep: bool,
    /// Called when a journey begins and when it ends, from any thread.
    pub progress: Option<fn(&Progress)>,
}

/// The progress of a proof.
#[derive(Clone, Debug)]
pub struct Progress {
    /// The number of finished journeys, each with one database or with many generated ones.
    pub done: usize,
    /// The number of all journeys.
    pub all: usize,
    /// The journey that begins now, such as `v3..v4..v3 golden`; `None` when one has ended.
    pub begins: Option<String>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            journey: None,
            fixture: None,
            law: None,
            seed: 1,
            cases: 24,
            deep: false,
            progress: None,
        }
    }
}

impl Settings {
    /// Whether the settings select this law.
    pub(crate) fn wants(&self, law: &Law) -> bool {
        self.law.as_ref().is_none_or(|name| name == law.name)
    }
}
