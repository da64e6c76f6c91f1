//! The guarantees of the machine: faults, power loss, locks.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod machine;
