//! Reads everything a SQLite database declares, compares two schemas **by meaning**, and names each
//! change.
//!
//! ```text
//! sqlite_schema ─▶ read ─▶ parse ─▶ Schema ─▶ normal ─┬▶ diff ─▶ Change, Change …
//!                                                     └▶ fingerprint
//! ```
//!
//! SQLite keeps a schema as the text of its `CREATE` statements, and `ALTER TABLE` edits that text,
//! so equal schemas have different texts. The pragmas in turn are blind to `CHECK`, `COLLATE`, `ON
//! CONFLICT` and others. So the text is parsed, what SQLite itself knows is asked of SQLite, and
//! two schemas are equal when SQLite would treat their rows alike: blanks, comments, quotes, the
//! case of names and keywords, and whether a constraint stands beside its column or below, are
//! nothing.
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
//! [`Schema::read`] reads the schema `main`, [`Schema::read_from`] any other of the connection;
//! neither mixes them. What is SQLite's own (`sqlite_sequence`, `sqlite_stat1`, automatic indexes,
//! the shadow tables of virtual tables) is told by [`Schema::internal`] and never compared.
//!
//! Each [`Change`] says what may go wrong on the way, its [`Risk`]. A [`Comparison`] knows of
//! renames besides. [`Schema::fingerprint`] stands for all that is compared.
//!
//! Nothing here writes, and nothing panics, whatever the file holds: what cannot be parsed is kept
//! as text and compared as text.

/// The README's examples run as tests.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

// SQL as text, and text from outside as it is printed.
pub mod sql;
mod text;
pub mod escape;
pub mod markdown;

// What a database declares.
mod schema;
mod table;

// From a database to that.
mod parse;
mod read;
mod cache;

// What of it is compared, and the value that stands for that.
mod fingerprint;
mod normal;

// From two of them to their changes.
mod change;
mod diff;
mod risk;

// The same with renames.
mod compare;
mod rename;

// For people.
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
