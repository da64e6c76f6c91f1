//! Versioned, reversible migrations of a SQLite file.
//!
//! ```text
//! versions/ ─▶ catalogue ─▶ plan ─▶ run ─▶ ledger
//! ```
//!
//! A *version* is a state of the schema, counted 1, 2, 3 … without gaps; a *step* is the folder that
//! leads to it and back. All steps of one database are its [`Catalogue`]. A [`plan()`] is computed from
//! values before anything is written; a run carries it out in one transaction, together with its rows
//! in the *ledger* (the table [`LEDGER_TABLE`]) and `user_version`.
//!
//! ```
//! use migrations::{Back, Catalogue, Migrator, Options, Step};
//!
//! const NOTES: &str = "…"; // what changes and why; without it a run is refused, unless …
//! let catalogue = Catalogue::new(vec![
//!     Step::new(
//!         "0001_note",
//!         "CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL);",
//!         Back::Sql("DROP TABLE note;".into()),
//!         NOTES,
//!     ),
//!     Step::new(
//!         "0002_note_label",
//!         "ALTER TABLE note ADD COLUMN label TEXT;",
//!         Back::Sql("ALTER TABLE note DROP COLUMN label;".into()),
//!         NOTES,
//!     ),
//! ])?;
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("notes.db");
//! let options = Options { allow_undocumented: true, ..Options::default() };
//! let mut file = Migrator::create(&catalogue, &path, options)?;
//! let report = file.upgrade()?;
//! assert_eq!((report.from, report.to), (0, 2));
//!
//! file.rollback_to(1)?;
//! assert_eq!(file.version()?, 1);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! In an application the steps are folders beside the crate, embedded with [`steps!`].
//!
//! # What holds
//!
//! - **All or nothing.** All steps of a run, their ledger rows and `user_version` share one `COMMIT`
//!   ([`Commit::PerStep`] for files too large for that).
//!   After an error the file is looked at again, and [`Error::outcome`] says what is in it.
//! - **Nobody races.** `BEGIN IMMEDIATE` first, then the version is read, then decided.
//! - **Foreign keys** are off before `BEGIN`, checked before `COMMIT`, and afterwards what they were.
//!   Only violations that the run made count.
//! - **A step cannot** open or close a transaction, attach a file, set a pragma or touch the ledger:
//!   [SQLite's authorizer](https://sqlite.org/c3ref/set_authorizer.html) refuses it.
//! - **Nothing is lost unasked.** What a step loses is declared in its notes; a run that would cost
//!   rows refuses without [`Options::accept_loss`], naming them.
//! - **It refuses to guess.** A file that is newer, foreign, drifted or whose history was edited is
//!   left as it is.

mod notes;
mod step;
mod catalogue;
mod query;
mod file;
mod plan;
mod loss;
mod red_flag;
mod run;
mod transaction;
mod guard;
mod touched;
mod foreign_keys;
mod ledger;
mod backup;
mod rehearsal;
mod connect;
mod migrator;
mod error;

pub use backup::{BackupFile, Backups, Progress, Restored, backups, restore};
pub use catalogue::Catalogue;
pub use error::{Error, ErrorKind, Outcome, Place};
pub use file::FileState;
pub use ledger::{Entry, LEDGER_TABLE};
pub use loss::AtRisk;
pub use migrator::Migrator;
pub use notes::{Compatibility, Declared, Meaning, Notes, Rename, SECTIONS};
pub use plan::{Direction, Move, Plan, plan};
pub use query::{Access, Query};
pub use rehearsal::{Rehearsal, TableChange, WayBack};
pub use run::{Commit, Options, Remark, Remarks, Report, StepReport};
pub use step::{Back, BoxError, Code, Step, digest};

/// What a connection is made of; an application names the same version of it, or this one.
pub use rusqlite;

/// A state of the schema: 0 is an empty file, 1 the first version that was shipped.
pub type Version = u32;
