//! One journey with one database, or with many generated ones.

use generate::Profile;

use crate::fixture::Fixture;
use crate::journey::{Journey, STORAGE, WALK};
use crate::storage_config::StorageConfig;

/// One journey with one database, or with many generated ones.
pub(super) struct Task<'a> {
    pub(super) journey: Journey,
    pub(super) source: Source<'a>,
    /// The number of points on its first half that get a fault, unless every point does.
    pub(super) points: u64,
}

/// The origin of a journey's rows.
#[derive(Clone, Copy)]
pub(super) enum Source<'a> {
    Fixture(&'a Fixture),
    /// Content as the application's own builds write it.
    Application,
    /// Content that is made from the schema alone.
    Schema(Profile),
    /// Content from all of these, with some rows changed so that the step does not allow them.
    Clash(&'a [Fixture]),
    /// A golden database under another storage configuration.
    StorageConfig(&'a Fixture, StorageConfig),
    /// Random walks from one of this many golden databases.
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
