//! A stamp that distinguishes a file before a run from the same file after it.

use crate::Version;
use crate::entry::Entry;
use crate::outcome::Outcome;

/// A stamp that distinguishes a file before a run from the same file after it.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct FileStamp {
    pub(crate) user_version: i64,
    pub(crate) ledger: Option<Vec<Entry>>,
    pub(crate) empty: bool,
}

impl FileStamp {
    /// The outcome of a run to version `to`, if `self` is read after it and `before` before it.
    pub(crate) fn outcome(&self, before: &FileStamp, to: Version) -> Outcome {
        if self == before {
            Outcome::RolledBack
        } else if self.user_version == i64::from(to) {
            Outcome::Committed
        } else {
            Outcome::Unknown
        }
    }

    /// Whether the file had no table at all.
    pub(crate) fn is_empty(&self) -> bool {
        self.empty
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A third version comes from a different process in between.
    #[test]
    fn what_became_of_a_run_is_read_off_the_file() {
        let stamp = |user_version| FileStamp {
            user_version,
            ledger: None,
            empty: false,
        };
        let outcome = |now| stamp(now).outcome(&stamp(1), 3);
        assert_eq!(outcome(1), Outcome::RolledBack);
        assert_eq!(outcome(3), Outcome::Committed);
        assert_eq!(outcome(2), Outcome::Unknown);
    }
}
