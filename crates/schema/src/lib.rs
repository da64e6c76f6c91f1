//! Reads everything a SQLite database declares, compares two schemas **by meaning**, and names each
//! change.
//!
//! ```text
//! sqlite_schema ─▶ read ─▶ parse ─▶ Schema ─▶ normal ─┬▶ diff ─▶ Change, Change …
//!                                                     └▶ fingerprint
//! ```
//!
//! SQLite keeps a schema as the text of its `CREATE` statements, and `ALTER TABLE` edits that text,
//! so equal schemas have different texts. The pragmas omit `CHECK`, `COLLATE`, `ON CONFLICT` and
//! others. So this crate parses the text and combines it with the pragmas. Two schemas are equal if
//! SQLite would treat their rows alike: whitespace, comments, quotes, the case of names and
//! keywords, and the choice between a column constraint and a table constraint mean nothing.
//!
//! ```
//! use rusqlite::Connection;
//! use schema::{Schema, diff};
//!
//! let upgraded = Connection::open_in_memory()?;
//! upgraded.execute_batch(
//!     "CREATE TABLE note(id INTEGER PRIMARY KEY);
//!      ALTER TABLE note ADD COLUMN label TEXT DEFAULT '';",
//! )?;
//! let fresh = Connection::open_in_memory()?;
//! fresh.execute_batch(
//!     r#"CREATE TABLE "note" (
//!          id    integer PRIMARY KEY, -- an alias of the rowid
//!          label text DEFAULT ''
//!        );
//!        CREATE INDEX note_label ON note(label DESC) WHERE label <> '';"#,
//! )?;
//!
//! let changes = diff(&Schema::read(&upgraded)?, &Schema::read(&fresh)?);
//! let listed: Vec<String> = changes.iter().map(ToString::to_string).collect();
//! assert_eq!(listed, ["ADD INDEX note_label ON note(label DESC) WHERE label <> ''"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! [`Schema::read`] reads the database `main`, [`Schema::read_from`] any other database of the
//! connection. [`Schema::internal`] lists SQLite's own objects (`sqlite_sequence`, `sqlite_stat1`,
//! automatic indexes, the shadow tables of virtual tables), which are never compared.
//!
//! Each [`Change`] has a [`Risk`]: whether it can lose data, fail on data, or break readers. A
//! [`Comparison`] also finds renames. [`Schema::fingerprint`] is a hash of everything that is
//! compared.
//!
//! Nothing here writes, and nothing panics, whatever the file contains: a statement that cannot be
//! parsed is kept and compared as text.

/// Runs the examples of the README as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

// SQL as text, and foreign text for printing.
pub mod sql;
mod text;
pub mod escape;
pub mod markdown;

// The declarations of a database.
mod schema;
mod table;

// From a database to its declarations.
mod parse;
mod read;
mod cache;

// The compared part, and its hash.
mod fingerprint;
mod normal;

// From two schemas to their changes.
mod change;
mod diff;
mod risk;

// The same with renames.
mod compare;
mod rename;

// For readers.
mod error;
mod listing;
mod show;

pub use cache::clear_thread_cache;
pub use change::{Change, ChangeKind, Object};
pub use compare::{ColumnOrder, Comparison};
pub use diff::diff;
pub use error::Error;
pub use fingerprint::Fingerprint;
pub use rename::Rename;
pub use risk::Risk;
pub use schema::{
    Index, IndexPart, Internal, InternalKind, PartKind, Schema, Trigger, TriggerEvent,
    TriggerParts, TriggerTime, View,
};
pub use table::{
    Affinity, Check, Column, Conflict, ForeignKey, Generated, IndexedColumn, PrimaryKey, Table,
    TableKind, Unique,
};
