//! The machine keeps its promises: faults, power loss, locks.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod machine;
