//! An observation of a file of the engine: its ledger does not count as data.

use migrations::LEDGER_TABLE;
use observe::{Comparison, LedgerTable, Observation};
use rusqlite::Connection;

use crate::error::Error;

/// The engine's ledger, without its times.
pub const LEDGER: LedgerTable = LedgerTable {
    name: LEDGER_TABLE,
    columns: &["version", "name", "up_digest", "down_sql"],
};

/// Observes a file of the engine.
///
/// # Errors
/// If the file cannot be read.
pub fn observe(connection: &Connection) -> Result<Observation, Error> {
    Ok(Observation::read(connection, Some(LEDGER))?)
}

/// Compares two files of the engine of any size, without holding their rows in memory.
///
/// # Errors
/// If a file cannot be read.
pub fn compare(before: &Connection, after: &Connection) -> Result<Comparison, Error> {
    Ok(observe::compare(before, after, Some(LEDGER))?)
}
