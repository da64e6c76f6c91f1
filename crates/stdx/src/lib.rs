//! Helpers that the standard library lacks: seeded random numbers and work on all cores.
//!
//! For the crates of this workspace only; the interface may change in any release.

mod parallel;
mod rng;

pub use parallel::map_parallel;
pub use rng::Rng;
