//! Databases made from a schema alone: every table gets rows that satisfy its declarations.
//!
//! ```text
//! Schema ─▶ plan ─▶ build (each row tried on SQLite) ─▶ content ─▶ shrink
//! ```
//!
//! A [`Generator`] reads the columns, keys, references and conditions of a
//! [`Schema`](schema::Schema), draws values that should satisfy them, and lets SQLite judge each
//! row on a database that never commits. So triggers, collations, partial indexes and any CHECK
//! hold by trial. A table that cannot be filled is [reported](Unseeded) with SQLite's own message.
//! The same seed makes the same database on every machine.
//!
//! [`Profile`] separates ordinary values from edge values. The [edge values](EdgeValue) of a shrunk
//! database show whether a failure depends on one: ordinary values are simpler than any edge value,
//! so an edge value that remains is necessary for the failure.
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

// The demands of a schema on its rows.
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

// The way to the smallest database.
mod prepared;
mod shrink_value;
mod shrink;

mod generator;

pub use condition::{literals, values_against};
pub use content::{Content, Insert};
pub use generated::{EdgeValue, Generated, Profile, Unseeded};
pub use generator::{Generator, seeded_runner};
pub use hostile::why;
pub use value_hints::{ValueHints, names};

/// Runs the example of the README as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
