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
//! # Promises
//!
//! Each promise has a test of its name in `tests/it/promises.rs`, whose comment names the test
//! files for its corner cases.
//!
//! 1. **All or nothing.** All steps of a run, their ledger rows and `user_version` share one
//!    `COMMIT`. After an error the engine reads the file again, and [`Error::outcome`] reports its
//!    state. `promises::all_or_nothing`
//!
//!    *Limits*: with [`Commit::PerStep`], and around a step that runs outside a transaction,
//!    earlier commits stay after an error, and [`Outcome::CommittedTo`] reports them. An endless
//!    interrupt can leave [`Outcome::Unknown`]. A run uses [SQLite's strongest sync
//!    level](https://sqlite.org/pragma.html#pragma_synchronous) (`EXTRA`), whatever the
//!    connection's own setting; a disk that falsely reports a completed sync can still lose the
//!    run.
//! 2. **Nobody races.** A run begins with `BEGIN IMMEDIATE`, then reads the version, then decides.
//!    Without a WAL, it excludes readers before its first write. [`Options::busy_timeout`] limits
//!    all waits of a run together. The unfinished work of a killed process is rolled back first.
//!    `promises::nobody_races`, `readers`
//!
//!    *Limits*: a run that waits longer than the timeout fails with [`ErrorKind::Busy`] and leaves
//!    no lock. Without a WAL, any reader can cause that. Locks are those of the file system: [not
//!    every network file system has them](https://sqlite.org/faq.html#q5).
//! 3. **Foreign keys** are off before `BEGIN`, checked before `COMMIT`, and restored afterwards.
//!    Only violations that the run caused count; [`Report::dangling`] lists the older ones.
//!    `promises::foreign_keys_are_off_then_checked_then_restored`
//!
//!    *Limits*: the check covers the tables that the run touched and their children. A row without
//!    a parent before the run may lack a different parent after it. Keys that SQLite could not
//!    check before the run are not checked.
//! 4. **Nothing is lost unasked.** There is one backup for each run that writes to a file
//!    ([`Backups`]), and [`restore`]. The notes of a step declare its losses; a run that would cost
//!    rows refuses without [`Options::accept_loss`] and names them.
//!    `promises::nothing_is_lost_unasked`
//!
//!    *Limits*: an undeclared loss is found by the proof before release, and in a file by
//!    [`Options::rehearse`], which is off because it costs two copies of the file. A database in
//!    memory has no backup, and no backup stays if a run leaves the file unchanged. Those who can
//!    read the file can read its copies ([`SystemFiles`]).
//! 5. **An older build can go back.** The ledger keeps each down migration with its digest. A step
//!    that only the file knows is trusted less than a step of the catalogue: it may call only
//!    SQLite's own functions and those that are registered as
//!    [innocuous](https://sqlite.org/c3ref/c_deterministic.html#sqliteinnocuous), its time is
//!    limited ([`Options::stored_time_limit`]), undeclared losses of rows and values need consent,
//!    and it must lead to the schema of its target. `promises::an_older_build_can_go_back`,
//!    `stored`
//!
//!    *Limits*: an irreversible step prevents going back. The digest finds edits, not a forger who
//!    recomputes it. Losses are counted, so replaced values are not noticed (the backup has them).
//! 6. **It refuses to guess.** The engine leaves a file unchanged that is newer, foreign, damaged
//!    or drifted, whose history was edited, that has several names (hard links), that was moved
//!    while it was open, or whose plan raises a red flag (`docs/red-flags.md`). It refuses a path
//!    that SQLite would not read as a file. `promises::it_refuses_to_guess`
//!
//!    *Limits*: damage is searched for when a run has something to write. Then every page is read,
//!    in the backup or, without one, in the file ([`Options::check`]). An up-to-date file is opened
//!    without that.
//! 7. **Opening an up-to-date file costs almost nothing**: one pragma and one row.
//!    `promises::opening_an_up_to_date_file_costs_one_pragma_and_one_row`
//!
//!    *Limits*: this reads only the newest row of the ledger, whose digest covers the steps before
//!    it. If an older engine wrote the ledger, or a comment of a step was edited, every row is read
//!    until the next run. Schema drift is found by the next run or by [`Migrator::drift`].
//!
//! A step cannot open or close a transaction, attach a file, write to an attached database, set a
//! pragma or write the ledger. [SQLite's authorizer](https://sqlite.org/c3ref/set_authorizer.html)
//! allows the listed actions and refuses all others; the connection's own
//! [limits](https://sqlite.org/c3ref/limit.html) and
//! [settings](https://sqlite.org/c3ref/c_dbconfig_defensive.html) are a second line of defence. A
//! connection that is given to [`Migrator::with_connection`] loses its own authorizer and commit
//! hook. During a run it neither enforces foreign keys nor allows writes to `sqlite_schema`;
//! afterwards its settings are restored.

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

/// The crate of the connections; an application depends on the same version of it, or uses this.
pub use rusqlite;

/// A state of the schema: 0 is an empty file, 1 the first released version.
pub type Version = u32;

/// Runs the example of the README as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
