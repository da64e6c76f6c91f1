//! Tests of the proof itself: it catches planted bugs, accepts near misses, and prints readable
//! reports.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod backing_up;
mod bookshelf;
mod case;
mod clashing;
mod fixtures;
mod generated;
mod interruption;
mod laws;
mod note;
mod planted;
mod report;
mod restoring;
mod starters;
mod random_walks;
mod storage_configs;
