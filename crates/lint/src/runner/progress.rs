//! How far the run is: counts finished steps and long runs, and reports each to the caller.

use std::sync::atomic::{AtomicUsize, Ordering};

/// How many of the steps, or of the long runs, are done.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// The unit: `steps`, then `long runs`.
    pub what: &'static str,
    /// How many of them are done.
    pub done: usize,
    /// How many there are.
    pub all: usize,
}

/// Counts what is done, on any thread.
pub(crate) struct Gauge {
    what: &'static str,
    done: AtomicUsize,
    all: usize,
    report: Option<fn(&Progress)>,
}

impl Gauge {
    /// A gauge at zero that calls `report` each time one more of `all` is done.
    pub(crate) fn new(report: Option<fn(&Progress)>, what: &'static str, all: usize) -> Gauge {
        Gauge {
            what,
            done: AtomicUsize::new(0),
            all,
            report,
        }
    }

    /// One more will be done when the value is dropped.
    pub(crate) fn when_done(&self) -> WhenDone<'_> {
        WhenDone(self)
    }
}

/// One of what a gauge counts, under way.
pub(crate) struct WhenDone<'a>(&'a Gauge);

impl Drop for WhenDone<'_> {
    fn drop(&mut self) {
        let gauge = self.0;
        let done = gauge.done.fetch_add(1, Ordering::Relaxed) + 1;
        if let Some(report) = gauge.report {
            let (what, all) = (gauge.what, gauge.all);
            report(&Progress { what, done, all });
        }
    }
}
