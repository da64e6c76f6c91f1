//! Versioned, reversible migrations of a SQLite file.
//!
//! ```text
//! versions/ ─▶ catalogue ─▶ plan ─▶ run ─▶ ledger
//! ```
//!
//! A *version* is a state of the schema, counted 1, 2, 3 … without gaps; a *step* is the folder
//! that leads to it and back. All steps of one database are its [`Catalogue`]. A [`plan()`] is
//! computed from values before anything is written; a run carries it out in one transaction,
//! together with its rows in the *ledger* (the table [`LEDGER_TABLE`]) and `user_version`.
//!
//! ```
//! use migrations::{Down, Catalogue, Migrator, Options, Step};
//!
//! const NOTES: &str = "…"; // what changes and why; without it a run is refused, unless …
//! let catalogue = Catalogue::new(vec![
//!     Step::new(
//!         "0001_note",
//!         "CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL);",
//!         Down::Sql("DROP TABLE note;".into()),
//!         NOTES,
//!     ),
//!     Step::new(
//!         "0002_note_label",
//!         "ALTER TABLE note ADD COLUMN label TEXT;",
//!         Down::Sql("ALTER TABLE note DROP COLUMN label;".into()),
//!         NOTES,
//!     ),
//! ])?;
//!
//! let folder = tempfile::tempdir()?;
//! let path = folder.path().join("notes.db");
//! let options = Options::default().allow_undocumented(true);
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
//! Each promise has a test of its name in `tests/it/promises.rs`, whose comment names the files
//! that try its corners.
//!
//! 1. **All or nothing.** All steps of a run, their ledger rows and `user_version` share one
//!    `COMMIT`. After an error the file is looked at again, and [`Error::outcome`] says what is in
//!    it. `promises::all_or_nothing`
//!
//!    *Limits*: with [`Commit::PerStep`], and around a step that stands outside a transaction, what
//!    was committed before the error stays, and [`Outcome::CommittedTo`] says so. An interrupt that
//!    never ends can leave [`Outcome::Unknown`]. A run syncs as much as [SQLite
//!    can](https://sqlite.org/pragma.html#pragma_synchronous) (`EXTRA`), whatever the connection is
//!    set to; a disk that only says that it has synced can still lose it.
//! 2. **Nobody races.** `BEGIN IMMEDIATE` first; then the version is read, then decided. Without a
//!    WAL, readers are kept out before the first write. [`Options::busy_timeout`] is for all waits
//!    of a run together. What a killed process left half done is rolled back first.
//!    `promises::nobody_races`, `readers`
//!
//!    *Limits*: a run that waits longer than the timeout fails with [`ErrorKind::Busy`] and leaves
//!    no lock. Without a WAL, that is so as long as anybody reads. Locks are the file system's:
//!    [not every network file system has them](https://sqlite.org/faq.html#q5).
//! 3. **Foreign keys** are off before `BEGIN`, checked before `COMMIT`, and afterwards what they
//!    were. Only violations that the run made count; those that were there are told in
//!    [`Report::dangling`]. `promises::foreign_keys_are_off_then_checked_then_restored`
//!
//!    *Limits*: checked are the tables that the run touched and their children. A row that pointed
//!    nowhere before may point nowhere else. Keys that SQLite cannot check are left out where they
//!    were so before.
//! 4. **Nothing is lost unasked.** One backup for each run that writes to a file ([`Backups`]), and
//!    [`restore`]. What a step loses is declared in its notes; a run that would cost rows refuses
//!    without [`Options::accept_loss`], naming them. `promises::nothing_is_lost_unasked`
//!
//!    *Limits*: a loss that no notes declare is found by the proof before release, and in a file by
//!    [`Options::rehearse`], which is off because it costs two copies of the file. A database in
//!    memory has no backup, and where a run leaves the file as it was, none stays. Copies can be
//!    read by those who can read the file ([`SystemFiles`]).
//! 5. **An older build can go back.** The ledger keeps each way back with its digest. What only the
//!    file knows is trusted less than a step of the catalogue: it may call SQLite's own functions
//!    and those that are registered as
//!    [innocuous](https://sqlite.org/c3ref/c_deterministic.html#sqliteinnocuous), its time is
//!    limited ([`Options::stored_time_limit`]), rows and values that it costs without declaring it
//!    need consent, and it must lead to the schema of its target.
//!    `promises::an_older_build_can_go_back`, `stored`
//!
//!    *Limits*: a step that is irreversible stops it. The digest finds edits, not a forger who
//!    computes it again: rows are counted, so values that are replaced by others are not noticed
//!    (the backup has them).
//! 6. **It refuses to guess.** A file that is newer, foreign, damaged, drifted or whose history was
//!    edited is left as it is, and so is one that a red flag stands before (`docs/red-flags.md`),
//!    one that has several names (hard links), and one that was moved while it was open. A path
//!    that SQLite would not take for a file is refused. `promises::it_refuses_to_guess`
//!
//!    *Limits*: damage is looked for when a run has something to write: every page is read, in the
//!    backup or, without one, in the file ([`Options::check`]). A file that is up to date is opened
//!    without that.
//! 7. **Opening an up-to-date file costs almost nothing**: one pragma and one row.
//!    `promises::opening_an_up_to_date_file_costs_one_pragma_and_one_row`
//!
//!    *Limits*: this looks at the newest row of the ledger, whose digest covers the steps before
//!    it. In a file whose ledger an older engine wrote, or where a comment of a step was edited,
//!    every row is read until the next run. A schema that drifted is found with the next run, or by
//!    [`Migrator::drift`].
//!
//! A step cannot open or close a transaction, attach a file, write to one that is attached, set a
//! pragma or write the ledger: [SQLite's authorizer](https://sqlite.org/c3ref/set_authorizer.html)
//! allows what is listed and refuses the rest, and the connection's own
//! [limits](https://sqlite.org/c3ref/limit.html) and
//! [settings](https://sqlite.org/c3ref/c_dbconfig_defensive.html) stand behind it. A connection
//! that is given to [`Migrator::with_connection`] loses an authorizer and a commit hook of its own,
//! and during a run neither enforces foreign keys nor lets `sqlite_schema` be written; its settings
//! come back.

mod notes;
mod digest;
mod step;
mod query;
mod catalogue;
mod entry;
mod ledger;
mod file_stamp;
mod file;
mod planned_step;
mod plan;
mod loss;
mod red_flag;
mod progress;
mod files;
mod options;
mod skipped_rows;
mod report;
mod backfill;
mod authorizer;
mod sandbox;
mod synced;
mod confined;
mod lock_wait;
mod time_limit;
mod rollback;
mod transaction;
mod execute;
mod non_transactional;
mod affected_tables;
mod foreign_keys;
mod run;
mod connect;
mod backup;
mod rehearsal;
mod build;
mod migrator;
mod facts;
mod outcome;
mod remedy;
mod error;

pub use backfill::Backfill;
pub use backfill::batch::{Made, Source};
pub use backup::restore::{Restored, replace_content, restore};
pub use backup::{BackupFile, backups};
pub use catalogue::Catalogue;
pub use digest::digest;
pub use entry::Entry;
pub use error::{BoxError, Error, ErrorKind, Place};
pub use facts::AtRisk;
pub use file::FileState;
pub use files::{FileInfo, Files, NewFile, SystemFiles};
pub use ledger::{LEDGER_TABLE, Repaired};
pub use migrator::Migrator;
pub use notes::{Compatibility, Declaration, Meaning, Notes, SECTIONS};
pub use options::{Backups, Commit, Options};
pub use outcome::Outcome;
pub use plan::{Plan, plan};
pub use planned_step::{Direction, PlannedStep};
pub use progress::{Progress, Work};
pub use query::{Access, Query};
pub use rehearsal::compare::TableChange;
pub use rehearsal::{Rehearsal, WayBack};
pub use remedy::Remedy;
pub use report::{Dangling, Report, StepReport};
pub use skipped_rows::{SkippedRow, SkippedRows};
pub use step::{Down, Step, StepFn};

pub use schema::Rename;
pub use schema::escape;

/// What a connection is made of; an application names the same version of it, or this one.
pub use rusqlite;

/// A state of the schema: 0 is an empty file, 1 the first version that was shipped.
pub type Version = u32;

/// The README's example runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
