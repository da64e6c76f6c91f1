//! The proof: builds a database at every past version, migrates it forward and back, and checks laws.
//!
//! ```text
//! fixtures/ ─▶ journey ─▶ observe ─▶ laws ─▶ report
//! ```
//!
//! A [`Subject`] is what is proved: a catalogue with its fixtures, and what its application declares
//! (queries, the writes of each build, what must be consistent). [`verify()`] takes each golden fixture, and
//! databases that proptest makes, on a [`Journey`] between every pair of versions and back, observes
//! everything that must survive, and lets each of the [`LAWS`] judge. Where all is well, golden databases
//! go on journeys in other physical [`World`]s, and on tours: random walks over the versions, with writes, readers
//! and restarts in between. The result is a value, a
//! [`Report`], that prints as text or as JSON. A run that checked nothing fails.
//!
//! Nothing here knows a table of any application.

mod dice;
mod parallel;
mod subject;
mod fixture;
mod hint;
pub mod generate;
mod fill;
mod journey;
mod sandbox;
mod observe;
mod trouble;
mod refusals;
mod rename;
mod clash;
mod law;
mod verify;
mod report;
pub mod machine;
pub mod interruption;
pub mod docs;
pub mod draft;
pub mod freeze;
mod turns;
pub mod starters;
mod world;
mod tour;
pub mod folder;
mod markdown;
mod refusal;
mod source;
pub mod judge;
pub mod command;

pub use fixture::{Fixture, Frozen, FrozenStep, dump, load, text_digest as fixture_digest};
pub use journey::{Again, Journey, Shape, Station, Walk};
pub use law::{Finding, Findings, LAWS, Law};
pub use observe::{Comparison, LedgerRow, Observation, Rows, Value, compare};
pub use report::{Broken, JourneyReport, LawReport, Report};
pub use schema::diff;
pub use subject::{Application, Content, Insert, Silent, Subject};
pub use verify::{Progress, Settings, verify};
pub use world::World;

/// The README's example runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
