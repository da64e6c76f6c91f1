//! A law: its name and its checks.

use crate::finding::Findings;
use crate::journey::{Journey, Trace};
use crate::subject::Subject;

/// One law: its name, and how it judges.
pub struct Law {
    /// Its name, as reports print it.
    pub name: &'static str,
    /// The checks that judge it.
    pub(crate) checks: &'static [Check],
}

/// One way in which a law judges.
#[derive(Clone, Copy)]
pub(crate) enum Check {
    /// Judges a finished journey.
    Trace(fn(&Subject<'_>, &Trace, &mut Findings)),
    /// Judges the catalogue as a whole, once.
    Catalogue(fn(&Subject<'_>, &mut Findings)),
    /// Judges one database on the first half of a journey, and makes its own runs for that.
    Probe(fn(&Subject<'_>, &Probe<'_>, &mut Findings)),
}

impl Law {
    /// Whether the check makes its own runs.
    pub(crate) fn probes(&self) -> bool {
        self.checks
            .iter()
            .any(|check| matches!(check, Check::Probe(_)))
    }

    /// Whether the check judges finished journeys.
    pub(crate) fn judges_traces(&self) -> bool {
        self.checks
            .iter()
            .any(|check| matches!(check, Check::Trace(_)))
    }
}

/// One database on the first half of a journey, for checks that make their own runs.
pub(crate) struct Probe<'a> {
    /// The journey.
    pub journey: Journey,
    /// The database at its start.
    pub image: &'a [u8],
    /// Whether every point gets a fault.
    pub deep: bool,
    /// The number of points that get a fault otherwise.
    pub points: u64,
    /// The seed of the first run.
    pub seed: u64,
}
