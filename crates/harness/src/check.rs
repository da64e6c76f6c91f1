//! What a law is: its name and its checks.

use crate::finding::Findings;
use crate::journey::{Journey, Trace};
use crate::subject::Subject;

/// One law: its name, and how it judges.
pub struct Law {
    /// Its name, as reports print it.
    pub name: &'static str,
    /// How it judges.
    pub(crate) checks: &'static [Check],
}

/// One way in which a law judges.
#[derive(Clone, Copy)]
pub(crate) enum Check {
    /// Judges a finished journey.
    Trace(fn(&Subject<'_>, &Trace, &mut Findings)),
    /// Judges the catalogue as a whole, once.
    Catalogue(fn(&Subject<'_>, &mut Findings)),
    /// Judges one database on the first half of a journey, by making runs of its own.
    Probe(fn(&Subject<'_>, &Probe<'_>, &mut Findings)),
}

impl Law {
    /// Whether it makes runs of its own.
    pub(crate) fn probes(&self) -> bool {
        self.checks
            .iter()
            .any(|check| matches!(check, Check::Probe(_)))
    }

    /// Whether it judges finished journeys.
    pub(crate) fn judges_traces(&self) -> bool {
        self.checks
            .iter()
            .any(|check| matches!(check, Check::Trace(_)))
    }
}

/// One database on the first half of a journey, for laws that make it themselves.
pub(crate) struct Probe<'a> {
    /// Which journey.
    pub journey: Journey,
    /// The database at its start.
    pub image: &'a [u8],
    /// Whether everything is tried.
    pub deep: bool,
    /// Otherwise, at how many points.
    pub points: u64,
    /// Where seeds begin.
    pub seed: u64,
}
