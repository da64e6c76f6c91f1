//! Compares two databases.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod comparing;
