//! The command `rowsafe`: checks SQLite migrations of any tool, and compares schemas by meaning.
//!
//! The work is done by the crates [`folders`], [`lint`] and [`schema`]; here are the command line, the
//! options file and the exit codes. To check migrations from a program, use these crates.

mod cli;
mod input;

pub use cli::main;
