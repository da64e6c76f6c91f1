//! A random walk over the versions, with what happens to files in between.
//!
//! A journey goes to one version and back. Files go further: up three versions, back two, up again,
//! with rows written at each of them, programs that end and start, readers that hold their
//! transaction open, VACUUM, backups that are put back. A [`RandomWalk`] is a list of such actions;
//! [`Walker`] makes them one after another and holds every move to the laws, with what it saw of a
//! version the last time that the file stood there.
//!
//! The strategy is our own: the functions of proptest's state machines take no context, so a
//! subject could only be reached through a global, and their model cannot learn from the file what
//! a write did.

mod plan;
mod walker;
mod history;

pub(crate) use plan::RandomWalk;
pub(crate) use walker::{Stop, Walker};
