//! Databases made from a schema alone: every table gets rows that satisfy what it declares.
//!
//! ```text
//! Schema ─▶ plan ─▶ build (each row tried on SQLite) ─▶ content ─▶ shrink
//! ```
//!
//! A [`Generator`] reads columns, keys, references and conditions out of a
//! [`Schema`](schema::Schema), draws values that ought to satisfy them, and lets SQLite judge each
//! row on a database that never commits. So triggers, collations, partial indexes and whatever a
//! CHECK says hold by trial, and what cannot be filled is [reported](Unseeded) in SQLite's own
//! words. The same seed gives the same database on every machine.
//!
//! [`Profile`] separates ordinary values from those at the edges. The [values](EdgeValue) of a
//! shrunk database show whether a failure depends on a value at the edges: ordinary values are
//! simpler than any of them, so a mark that is left is one that it needs.
//!
//! ```
//! use generate::{Generator, Profile};
//! use rusqlite::Connection;
//! use schema::Schema;
//!
//! let empty = Connection::open_in_memory()?;
//! empty.execute_batch(
//!     "CREATE TABLE list (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE COLLATE NOCASE);
//!      CREATE TABLE item (
//!          list_id INTEGER NOT NULL REFERENCES list(id),
//!          state TEXT NOT NULL CHECK (state IN ('open', 'done'))
//!      );",
//! )?;
//! let generator = Generator::new(&Schema::read(&empty)?, &empty)?.profile(Profile::Hostile);
//! let made = generator.generate(7);
//! assert!(made.unseeded.is_empty());
//! made.content.put_into(&empty)?;
//! let rows: i64 = empty.query_row("SELECT count(*) FROM item", [], |row| row.get(0))?;
//! assert!(rows > 0);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

// What a schema asks of its rows.
mod value_hints;
mod condition;
mod plan;

// Values.
mod stamp;
mod need;
mod pattern;
mod role;
mod hostile;

// Rows.
mod content;
mod generated;
mod model;
mod trial;
mod build;

// The way back to the smallest database.
mod prepared;
mod shrink_value;
mod shrink;

mod generator;
mod rows_about;

pub use condition::{literals, values_against};
pub use content::{Content, Insert};
pub use generated::{EdgeValue, Generated, Profile, Unseeded};
pub use generator::{Generator, seeded_runner};
pub use hostile::why;
pub use rows_about::{RowValues, rows_about};
pub use value_hints::{ValueHints, names};

/// The README's example runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
