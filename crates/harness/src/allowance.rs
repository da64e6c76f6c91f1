//! How much work SQLite may still do for a connection, so that what never ends is stopped the same everywhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use rusqlite::Connection;

/// What is left, in pieces of work; who has none left is interrupted.
#[derive(Debug)]
pub(crate) struct Allowance(Arc<AtomicU64>);

impl Allowance {
    /// No limit yet, for a connection whose work comes in pieces of so many instructions.
    pub(crate) fn of(connection: &Connection, piece: i32) -> rusqlite::Result<Allowance> {
        let allowance = Allowance(Arc::new(AtomicU64::new(u64::MAX)));
        let left = Arc::clone(&allowance.0);
        let spend = move || {
            let spent = left.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |left| {
                left.checked_sub(1)
            });
            spent.is_err()
        };
        connection.progress_handler(piece, Some(spend))?;
        Ok(allowance)
    }

    pub(crate) fn limit(&self, pieces: u64) {
        self.0.store(pieces, Ordering::Relaxed);
    }

    /// As long as it takes.
    pub(crate) fn lift(&self) {
        self.limit(u64::MAX);
    }
}
