//! Everything in a SQLite database that must survive a migration, as a value; and two databases
//! compared.
//!
//! ```text
//! connection ─▶ observation ─▶ differences
//! ```
//!
//! [`Observation::read`] reads a database whole: schema, rows with their types and exact bytes, the
//! counters of AUTOINCREMENT, `user_version` and `application_id`. [`differences`] compares two of
//! them. [`compare()`] compares two databases of any size without holding their rows.

mod error;
mod value;
mod search_table;
mod rows;
mod ledger_table;
mod observation;
mod difference;
mod compare;
mod stream;

pub use compare::{Excuse, differences, schema_difference};
pub use difference::{Difference, compare_rows};
pub use error::Error;
pub use ledger_table::LedgerTable;
pub use observation::{Observation, read_sequences};
pub use rows::{Rows, read_rows};
pub use search_table::{ROWID, check_agrees_with_content, search_option};
pub use stream::{Comparison, compare};
pub use value::Value;

/// The README's example runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
