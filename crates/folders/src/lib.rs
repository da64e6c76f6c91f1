//! A folder of migrations that another tool's users wrote, read as that tool reads it.
//!
//! ```text
//! DIR ─▶ layout ─▶ History ─▶ the way that tool would run it ─▶ findings
//! ```
//!
//! Each layout is one file here, and says in its first lines from which page of its tool each rule
//! is taken. Nothing is run and nothing is written.

mod layout_list;
mod layout_name;
mod options;
mod history;
mod fault;
mod remedy;
mod input_error;

mod natural;
mod glob;
mod source_tree;
mod project_files;
mod collect;
mod selection;
mod placeholders;
mod dot_commands;
mod fit;

mod d1;
mod dbmate;
mod diesel;
mod drizzle;
mod flyway;
mod golang_migrate;
mod goose;
mod ours;
mod plain_names;
mod ordered;
mod plain;
mod prisma;
mod refinery;
mod rusqlite_migration;
mod sqitch;
mod sqldelight;
mod sql_migrate;
mod sqlx;

mod layout;
mod errors;
mod detect;
mod read;
mod tool_records;
mod fates;
mod edits;
mod shipped;

pub use fault::{Fault, FaultKind, Harm};
pub use history::{Down, Gap, History, Migration, Script};
pub use input_error::InputError;
pub use layout_name::{LayoutName, UnknownLayout};
pub use options::Options;
pub use read::{read, read_files};
pub use remedy::Remedy;
pub use shipped::compare_shipped;

/// The README's example runs as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
