//! The command `rowsafe`: checks SQLite migrations of any tool, and compares schemas by meaning.
//!
//! The crates [`folders`], [`lint`] and [`schema`] do the work; this one has the command line, the
//! options file and the exit codes. A program that checks migrations uses those crates.

mod cli;
mod input;

pub use cli::main;
