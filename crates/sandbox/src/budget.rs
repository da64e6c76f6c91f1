//! A deterministic work budget for a connection.
//!
//! Work is counted in virtual machine instructions of SQLite, not in time, so that an endless
//! statement stops at the same point on every machine.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rusqlite::Connection;

use crate::scope::{self, Scope};
use crate::stop::Stop;

/// The number of virtual machine instructions between two counts of the work.
const TICKS: i32 = 4_000;

/// The cost of a call of the authorizer, in instructions: SQLite resolves a name or expands a view.
const ASKED: u64 = 100;

/// The number of calls of the authorizer between two counts.
const QUESTIONS: u64 = 32;

/// The remaining work of a connection, in instructions. A connection without any is interrupted.
/// Its work also counts for the [`Scope`] in which the connection was opened.
#[derive(Debug)]
pub struct Budget(Meter);

/// A counter that several callbacks of a connection share.
#[derive(Clone, Debug)]
pub(crate) struct Meter {
    left: Arc<AtomicU64>,
    out: Arc<AtomicBool>,
    questions: Arc<AtomicU64>,
    scope: Option<Arc<Scope>>,
}

impl Meter {
    /// Counts a call of the authorizer, and returns whether no work is left.
    pub(crate) fn ask(&self) -> bool {
        let asked = self.questions.fetch_add(1, Ordering::Relaxed) + 1;
        asked.is_multiple_of(QUESTIONS) && self.spend(QUESTIONS * ASKED)
    }

    /// Counts work, and returns whether none is left.
    pub(crate) fn spend(&self, work: u64) -> bool {
        let take = |left: u64| match left {
            u64::MAX => Some(left),
            left => left.checked_sub(work),
        };
        let out = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take)
            .is_err();
        if out {
            self.out.store(true, Ordering::Relaxed);
        }
        out || self.scope.as_ref().is_some_and(|scope| scope.spend(work))
    }
}

impl Budget {
    /// Creates a budget that is limited only by the scope.
    pub(crate) fn of(connection: &Connection) -> rusqlite::Result<Budget> {
        let meter = Meter {
            left: Arc::new(AtomicU64::new(u64::MAX)),
            out: Arc::default(),
            questions: Arc::default(),
            scope: scope::current(),
        };
        let own = meter.clone();
        let piece = u64::from(TICKS.unsigned_abs());
        connection.progress_handler(TICKS, Some(move || own.spend(piece)))?;
        Ok(Budget(meter))
    }

    pub(crate) fn meter(&self) -> Meter {
        self.0.clone()
    }

    /// Limits the work from now on.
    pub fn limit(&self, instructions: u64) {
        self.0.out.store(false, Ordering::Relaxed);
        self.0.left.store(instructions, Ordering::Relaxed);
    }

    /// Removes the limit; the scope's own limit remains.
    pub fn unlimited(&self) {
        self.0.left.store(u64::MAX, Ordering::Relaxed);
    }

    /// The limit that was reached since the last [`limit`](Budget::limit), if any.
    pub(crate) fn stopped(&self) -> Option<Stop> {
        let scope = self.0.scope.as_ref().and_then(|scope| scope.stopped());
        let own = self.0.out.load(Ordering::Relaxed);
        scope.or(own.then_some(Stop::Statement))
    }
}
