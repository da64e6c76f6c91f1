//! Refuses SQLite's requests for memory on this thread.

use std::cell::Cell;

use crate::fault::FaultPlan;

/// The requests for memory on one thread.
#[derive(Clone, Copy)]
struct Watched {
    count: u64,
    plan: FaultPlan,
}

thread_local! {
    /// The state; `None` while nothing is counted.
    static WATCHED: Cell<Option<Watched>> = const { Cell::new(None) };
}

/// Counts the requests of this thread from now on, and refuses those that `plan` hits.
pub(crate) fn watch_requests(plan: FaultPlan) {
    WATCHED.set(Some(Watched { count: 0, plan }));
}

/// Stops counting.
pub(crate) fn forget_requests() {
    WATCHED.set(None);
}

/// The number of requests of this thread.
pub(crate) fn count_requests() -> u64 {
    WATCHED.get().map_or(0, |watched| watched.count)
}

/// Counts a request, and returns whether it is granted.
pub(crate) fn grant_request() -> bool {
    let Some(watched) = WATCHED.get() else {
        return true;
    };
    let count = watched.count + 1;
    WATCHED.set(Some(Watched { count, ..watched }));
    !watched.plan.hits_call(count)
}
