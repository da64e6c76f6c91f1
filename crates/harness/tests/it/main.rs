//! The proof is proved: planted bugs are caught, near misses pass, and reports read well.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod case;
mod fixtures;
mod generate;
mod generated;
mod laws;
mod observing;
mod planted;
mod report;
