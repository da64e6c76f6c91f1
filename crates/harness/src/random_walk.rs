//! A random walk over the versions, with the events in the life of a file in between.
//!
//! A journey goes to one version and back. Files go further: up three versions, back two, up again,
//! with rows written at each of them, programs that end and start, readers that hold a transaction
//! open, VACUUM, and restored backups. A [`RandomWalk`] is a list of such actions. [`Walker`]
//! performs them one after the other and judges every action by the laws, with its observation of
//! the version from the last time that the file was at it.
//!
//! The strategy does not use proptest's state machines: their functions take no context, so they
//! could only reach a subject through a global, and their model cannot learn from the file what a
//! write did.

mod plan;
mod walker;
mod history;

pub(crate) use plan::RandomWalk;
pub(crate) use walker::{Stop, Walker};
