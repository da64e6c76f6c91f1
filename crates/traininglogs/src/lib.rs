//! Training logs in one SQLite file.
//!
//! ```text
//! versions/ ─▶ catalogue ─▶ open (upgrades) ─▶ log, ask
//! ```
//!
//! A *session* is a JSON document with its exercises, stored as it was logged. All other data in
//! the file is derived from the documents or additional to them, so that a later version can make
//! what it needs for existing sessions. The versions of the schema are folders under `versions/`,
//! embedded by [`catalogue()`]; each [query](QUERIES) declares the versions for which it works.
//!
//! ```
//! use traininglogs::{NewSession, TrainingLogs};
//!
//! let folder = tempfile::tempdir()?;
//! let mut logs = TrainingLogs::open(&folder.path().join("traininglogs.db"))?;
//! assert_eq!(logs.report().to, traininglogs::CURRENT_VERSION);
//!
//! let id = logs.log_session(&NewSession {
//!     document: r#"{"date":"2025-01-02","exercises":[{"name":"Squat"}]}"#.to_owned(),
//!     duration_minutes: Some(50),
//!     ..NewSession::default()
//! })?;
//!
//! let last = logs.last_exercise("Squat")?.ok_or("no session has it")?;
//! assert_eq!((last.session_id, last.date.as_deref()), (id, Some("2025-01-02")));
//! assert_eq!(logs.sessions_longer_than(45)?.len(), 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

// Every version of the schema, and the code of version 2.
mod catalogue;
mod exercises;

// The readable part of a document, and every statement that is run.
mod document;
mod queries;

// The file, queries, logging, and consistency.
mod database;
mod log;

mod consistency;
mod error;
mod value;

#[doc(hidden)]
pub mod command;
#[cfg(feature = "generate")]
pub mod generate;

pub use catalogue::{APPLICATION_ID, CURRENT_VERSION, STEPS, catalogue};
pub use consistency::inconsistencies;
pub use database::{LastExercise, Session, TrainingLogs};
pub use document::{Document, UNKNOWN, Unreadable};
pub use error::{Error, ErrorKind};
pub use exercises::exercise_id;
pub use jiff::Timestamp;
pub use log::{NewSession, write_session};
pub use queries::{QUERIES, query};
