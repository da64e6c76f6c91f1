//! The queries that an application declares, with the versions for which they are valid.

use crate::Version;

/// Whether a query only reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Access {
    /// It changes nothing.
    Reads,
    /// It inserts, updates or deletes.
    Writes,
}

/// A query of the application.
///
/// A catalogue's proof prepares each query at every version that it claims. An upgrade that would
/// break a query of the previous version is reported.
#[derive(Clone, Copy, Debug)]
pub struct Query {
    /// The application's name for it.
    pub name: &'static str,
    /// One statement.
    pub sql: &'static str,
    /// The first version for which it is valid.
    pub since: Version,
    /// The last version, or `None` while it is still valid.
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
