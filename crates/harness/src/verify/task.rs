//! One journey with one database, or with many generated ones.

use generate::Profile;

use crate::fixture::Fixture;
use crate::journey::{Journey, STORAGE, WALK};
use crate::storage_config::StorageConfig;

/// One journey with one database, or with many generated ones.
pub(super) struct Task<'a> {
    pub(super) journey: Journey,
    pub(super) source: Source<'a>,
    /// At how many points something is made to fail on its first half, unless everything is tried.
    pub(super) points: u64,
}

/// Where the rows of a journey come from.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    Fixture(&'a Fixture),
    /// From the application, as its own builds would have written them.
    Application,
    /// From the schema alone.
    Schema(Profile),
    /// From all of these, with some rows changed to what the step does not allow.
    Clash(&'a [Fixture]),
    /// From a golden database, in another storage configuration.
    StorageConfig(&'a Fixture, StorageConfig),
    /// Random walks from one of so many golden databases.
    RandomWalks(&'a Fixture, usize),
}

impl<'a> Task<'a> {
    pub(super) fn new(journey: Journey, source: Source<'a>) -> Task<'a> {
        let points = 0;
        Task {
            journey,
            source,
            points,
        }
    }

    pub(super) fn data(&self) -> &str {
        match self.source {
            Source::Fixture(fixture) => &fixture.name,
            Source::Application => "generated",
            Source::Schema(Profile::Plain) => "plain",
            Source::Schema(Profile::Hostile) => "hostile",
            Source::Clash(_) => "clashing",
            Source::StorageConfig(..) => STORAGE,
            Source::RandomWalks(..) => WALK,
        }
    }
}
