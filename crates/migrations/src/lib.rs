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
//! # What the engine promises
//!
//! Each promise names a test in `tests/it` that would fail without it.
//!
//! 1. **All or nothing.** All steps of a run, their ledger rows and `user_version` share one `COMMIT`
//!    ([`Commit::PerStep`] for files too large for that). After an error the file is looked at again, and
//!    [`Error::outcome`] says what is in it. An interrupt that never ends can leave only
//!    [`Outcome::Unknown`]. `atomic::a_run_that_fails_half_way_leaves_the_file`
//! 2. **Nobody races.** `BEGIN IMMEDIATE` first, waiting as long as [`Options::busy_timeout`] says; then the
//!    version is read, then decided. `starters::eight_starters_on_a_fresh_file`
//! 3. **Foreign keys** are off before `BEGIN`, checked before `COMMIT` in the tables that the run touched and
//!    their children, and afterwards what they were. Only violations that the run made count; a row that
//!    pointed nowhere before may point nowhere else. `foreign_keys::a_rebuilt_parent_keeps_its_children`
//! 4. **Nothing is lost unasked.** One backup for each run that writes to a file ([`Backups`]), and
//!    [`restore`]. What a step loses is declared in its notes; a run that would cost rows refuses without
//!    [`Options::accept_loss`], naming them. `backups::a_run_that_writes_takes_one_backup_before_it_does`,
//!    `consent::a_refusal_names_all_losses_of_all_steps_at_once`
//! 5. **An older build can go back.** The ledger keeps each way back with its digest.
//!    `history::an_older_build_goes_back_with_what_the_file_carries`
//! 6. **It refuses to guess.** A file that is newer, foreign, damaged, drifted or whose history was edited is
//!    left as it is, and so is one that a red flag stands before (`docs/red-flags.md`).
//!    `history::drift_is_refused_in_both_directions`
//! 7. **Opening an up-to-date file costs almost nothing**: one pragma and one row.
//!    `directions::nothing_to_do_is_said_and_nothing_is_written`
//!
//! A step cannot open or close a transaction, attach a file, set a pragma or write the ledger:
//! [SQLite's authorizer](https://sqlite.org/c3ref/set_authorizer.html) refuses it. A connection that is given to
//! [`Migrator::with_connection`] loses an authorizer and a commit hook of its own.

mod notes;
mod step;
mod catalogue;
mod query;
mod file;
mod plan;
mod loss;
mod red_flag;
mod options;
mod run;
mod report;
mod outside;
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

pub use backup::{BackupFile, Backups, Progress, Restored, backups, replace_content, restore};
pub use catalogue::Catalogue;
pub use error::{Error, ErrorKind, Outcome, Place};
pub use file::FileState;
pub use ledger::{Entry, LEDGER_TABLE};
pub use loss::AtRisk;
pub use migrator::Migrator;
pub use notes::{Compatibility, Declared, Meaning, Notes, Rename, SECTIONS};
pub use options::{Commit, Options};
pub use plan::{Direction, Move, Plan, plan};
pub use query::{Access, Query};
pub use rehearsal::{Rehearsal, TableChange, WayBack};
pub use report::{Remark, Remarks, Report, StepReport};
pub use step::{Back, BoxError, Code, Step, digest};

/// What a connection is made of; an application names the same version of it, or this one.
pub use rusqlite;

/// A state of the schema: 0 is an empty file, 1 the first version that was shipped.
pub type Version = u32;
