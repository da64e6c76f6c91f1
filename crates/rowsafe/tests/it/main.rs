//! The command as people and CI jobs run it.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod check;
mod diff;
mod readme;
mod untrusted;
