//! Memory that is refused: which of SQLite's requests on this thread gets none.

use std::cell::Cell;

/// What happens to requests for memory on one thread.
#[derive(Clone, Copy)]
struct Plan {
    count: u64,
    at: u64,
    forever: bool,
}

thread_local! {
    /// None where nobody counts.
    static PLAN: Cell<Option<Plan>> = const { Cell::new(None) };
}

/// Counts the requests of this thread from now on, and refuses the `at`-th, with `forever` all that follow.
pub(super) fn plan(at: u64, forever: bool) {
    let count = 0;
    PLAN.set(Some(Plan { count, at, forever }));
}

/// Ends counting.
pub(super) fn forget() {
    PLAN.set(None);
}

/// How often this thread has asked.
pub(super) fn count() -> u64 {
    PLAN.get().map_or(0, |plan| plan.count)
}

/// Whether a request of this thread gets memory.
pub(super) fn asked() -> bool {
    let Some(plan) = PLAN.get() else {
        return true;
    };
    let now = plan.count + 1;
    PLAN.set(Some(Plan { count: now, ..plan }));
    now != plan.at && !(plan.forever && now > plan.at)
}
