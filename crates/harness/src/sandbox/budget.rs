//! How much work SQLite may still do for a connection, so that what never ends is stopped the same everywhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use rusqlite::Connection;

use super::{Scope, Stop, scope};

/// After how many instructions of SQLite's machine the work is counted.
const PIECE: i32 = 4_000;

/// What a question of the authorizer costs, in instructions: a name is resolved, or a view expanded.
const ASKED: u64 = 100;

/// After how many questions of the authorizer they are counted.
const QUESTIONS: u64 = 32;

/// How many instructions SQLite's machine does in a second, so that a limit in seconds is the same on every
/// machine.
pub(crate) const SPEED: u64 = 40_000_000;

/// What is left, in instructions; who has none left is interrupted. The work also counts for the [`Scope`] in which
/// the connection was opened.
#[derive(Debug)]
pub(crate) struct Budget(Meter);

/// A counter that several callbacks of a connection share.
#[derive(Clone, Debug)]
pub(super) struct Meter {
    left: Arc<AtomicU64>,
    out: Arc<AtomicBool>,
    questions: Arc<AtomicU64>,
    scope: Option<Arc<Scope>>,
}

impl Meter {
    /// Counts a question of the authorizer, and returns whether there is no work left.
    pub(super) fn ask(&self) -> bool {
        let asked = self.questions.fetch_add(1, Ordering::Relaxed) + 1;
        asked.is_multiple_of(QUESTIONS) && self.spend(QUESTIONS * ASKED)
    }

    /// Counts work, and returns whether there is none left.
    pub(super) fn spend(&self, work: u64) -> bool {
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
    /// No limit yet but that of the scope.
    pub(super) fn of(connection: &Connection) -> rusqlite::Result<Budget> {
        let meter = Meter {
            left: Arc::new(AtomicU64::new(u64::MAX)),
            out: Arc::default(),
            questions: Arc::default(),
            scope: scope::current(),
        };
        let own = meter.clone();
        let piece = u64::from(PIECE.unsigned_abs());
        connection.progress_handler(PIECE, Some(move || own.spend(piece)))?;
        Ok(Budget(meter))
    }

    pub(super) fn meter(&self) -> Meter {
        self.0.clone()
    }

    /// So many instructions from now on.
    pub(crate) fn limit(&self, instructions: u64) {
        self.0.out.store(false, Ordering::Relaxed);
        self.0.left.store(instructions, Ordering::Relaxed);
    }

    /// As long as the scope has work left.
    pub(crate) fn lift(&self) {
        self.0.left.store(u64::MAX, Ordering::Relaxed);
    }

    /// Which limit was reached since the last [`limit`](Budget::limit), if any.
    pub(super) fn stopped(&self) -> Option<Stop> {
        let scope = self.0.scope.as_ref().and_then(|scope| scope.stopped());
        let own = self.0.out.load(Ordering::Relaxed);
        scope.or(own.then_some(Stop::Statement))
    }
}
