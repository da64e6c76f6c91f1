//! The proof is proved: planted bugs are caught, near misses pass, and reports read well.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod backing_up;
mod bookshelf;
mod case;
mod clashing;
mod diff;
mod fixtures;
mod folder;
mod folder_command;
mod generate;
mod generated;
mod interruption;
mod judge;
mod laws;
mod machine;
mod note;
mod observing;
mod planted;
mod report;
mod restoring;
mod starters;
mod tours;
mod untrusted;
mod worlds;
