//! Folders as the users of other tools write them.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on must stop")]

mod layouts;
