//! The command as people and CI jobs run it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod check;
mod diff;
mod readme;
#[path = "../../../../xtask/tests/samples/mod.rs"]
mod samples;
mod untrusted;
