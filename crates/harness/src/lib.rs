//! The proof: builds a database at every past version, migrates it forward and back, and checks
//! laws.
//!
//! ```text
//! fixtures/ ─▶ journey ─▶ observe ─▶ laws ─▶ report
//! ```
//!
//! A [`Subject`] is what the proof is about: a catalogue with its fixtures, and the declarations of
//! its application (queries, the writes of each build, consistency conditions). [`verify()`] takes
//! each golden fixture, and databases that proptest generates, on a [`Journey`] between every pair
//! of versions and back. It observes everything that must survive, and lets each of the [`LAWS`]
//! judge. If all laws hold, golden databases go on journeys under other physical
//! [`StorageConfig`]s, and on random walks over the versions, with writes, readers and restarts in
//! between. The result is a value, a [`Report`], that prints as text or as JSON. A run that checked
//! nothing fails.
//!
//! Nothing here refers to a table of a particular application.

mod error;
mod subject;
mod observation;
mod fixture;
mod repeat;
mod finding;
mod check;
mod evidence;
mod journey;
mod integrity;
mod refusals;
mod rename;
mod clash;
mod simulated_files;
pub mod crash_test;
pub mod concurrent_starts;
mod law;
mod storage_config;
mod from_schema;
mod random_walk;
mod verify;
mod report;
pub mod docs;
pub mod draft;
pub mod freeze;

pub use check::Law;
pub use error::{Error, ErrorKind};
pub use finding::{Finding, Findings};
pub use fixture::{Fixture, Frozen, FrozenStep, dump, load, text_digest as fixture_digest};
pub use generate::{Content, Insert};
pub use journey::{Again, Checkpoint, Journey, Shape, Trace};
pub use law::LAWS;
pub use observation::{LEDGER, compare, observe};
pub use observe::{Comparison, Difference, Observation, Rows, Value};
pub use repeat::Repeat;
pub use report::{Broken, JourneyReport, LawReport, Report};
pub use schema::diff;
pub use simulated_files::simulated_files;
pub use storage_config::StorageConfig;
pub use subject::{Application, NoApplication, Subject};
pub use verify::{Progress, Settings, verify};

/// The README's example runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
