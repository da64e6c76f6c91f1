//! The queries an application declares, with the versions they are good for.

use crate::Version;

/// Whether a query only reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It changes nothing.
    Reads,
    /// It inserts, updates or deletes.
    Writes,
}

/// One query of the application.
///
/// A catalogue's proof prepares each at every version it claims, and an upgrade that would break
/// a query of the version before is told.
#[derive(Clone, Copy, Debug)]
pub struct Query {
    /// How the application calls it.
    pub name: &'static str,
    /// One statement.
    pub sql: &'static str,
    /// The first version it is good for.
    pub since: Version,
    /// The last one, or `None` as long as it is good.
    pub until: Option<Version>,
    /// Whether it only reads.
    pub access: Access,
}

impl Query {
    /// Whether the query claims to work at `version`.
    pub fn good_for(&self, version: Version) -> bool {
        self.since <= version && self.until.is_none_or(|until| version <= until)
    }
}
