//! How far a judgement is.

use std::sync::atomic::{AtomicUsize, Ordering};

use crate::options::Options;

/// How far a judgement is.
#[derive(Clone, Copy, Debug)]
pub struct Progress {
    /// What is counted: `steps`, then `long runs`.
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
    tell: Option<fn(&Progress)>,
}

impl Gauge {
    pub(crate) fn new(options: &Options, what: &'static str, all: usize) -> Gauge {
        Gauge {
            what,
            done: AtomicUsize::new(0),
            all,
            tell: options.progress,
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
        if let Some(tell) = gauge.tell {
            let (what, all) = (gauge.what, gauge.all);
            tell(&Progress { what, done, all });
        }
    }
}
