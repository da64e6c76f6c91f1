//! Runs untrusted SQL in memory: it reaches no other file, does no more work than its budget
//! allows, and stays within size limits.
//!
//! Every connection on which untrusted SQL runs comes from here: [`Sandbox`] for a database in
//! memory, [`confine()`] for a file that is only read. The first line of defence is the authorizer,
//! which denies every action that is not listed. The second does not depend on it: no database can
//! be attached, defensive mode is on, the schema is not trusted, no extension loads, temporary
//! storage stays in memory, and values, statements and programs have a maximum size.

mod sqlite_message;
mod image;
mod strict_quotes;
mod stop;
mod application;
mod scope;
mod budget;
mod allowed;
mod limits;
mod needs;
mod confine;
mod register;
mod sandbox;

pub use application::{Application, Collation, ObjectKind};
pub use budget::Budget;
pub use confine::{confine, limit_memory};
pub use image::{from_image, image};
pub use sandbox::{Halt, Sandbox};
pub use scope::{Deadline, INSTRUCTIONS_PER_SECOND, Scope};
pub use sqlite_message::{is_interrupted, sqlite_message};
pub use stop::Stop;
pub use strict_quotes::StrictQuotes;

/// Runs the example of the README as a test.
#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;
