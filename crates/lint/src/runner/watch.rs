//! The watch over a check while it runs: the deadline, where the work is, and what was not tried.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::mpsc::RecvTimeoutError;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use crate::options::Options;
use sandbox::{Application, Deadline, Scope};

/// How many times the work of a statement all runs of one step may take.
const STEP: u64 = 12;

/// How long the work may take to notice that the time is over. What one call of a function does in
/// SQLite cannot be interrupted.
const GRACE: Duration = Duration::from_secs(2);

/// The phases of the work on a step, in their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    Read,
    Empty,
    Schema,
    Rows,
    Names,
    Long,
}

impl Phase {
    /// Completes `while …`.
    pub(crate) fn clause(self, step: &str) -> String {
        match self {
            Phase::Read => format!("`{step}` was cut into statements"),
            Phase::Empty => format!("`{step}` ran on an empty database"),
            Phase::Schema => format!("the schema after `{step}` was read"),
            Phase::Rows => format!("`{step}` was judged"),
            Phase::Names => format!("the names that the schema after `{step}` uses were followed"),
            Phase::Long => format!("rows from before `{step}` were carried to the end"),
        }
    }
}

/// Watches a check: its deadline, where the work is, and what was not tried.
pub(crate) struct Watch {
    pub(crate) deadline: Arc<Deadline>,
    /// The objects that the application registers, shared by all runs.
    pub(crate) application: Arc<Application>,
    seconds: u64,
    notes: Mutex<Notes>,
}

/// The notes of a watch.
#[derive(Clone, Default)]
pub(crate) struct Notes {
    /// The steps that were not tried in full, each with the reason.
    pub(crate) untried: BTreeSet<(usize, String)>,
    /// The work under way, and how many threads do it.
    under_way: BTreeMap<(Phase, usize), usize>,
}

impl Notes {
    /// The earliest of what is under way.
    pub(crate) fn under_way(&self) -> Option<(Phase, usize)> {
        self.under_way.keys().next().copied()
    }
}

impl Watch {
    pub(crate) fn new(options: &Options, deadline: &Arc<Deadline>) -> Watch {
        let seconds = options.statement_timeout.as_secs().max(1);
        Watch {
            application: Arc::new(options.application()),
            deadline: Arc::clone(deadline),
            seconds: seconds.saturating_mul(STEP),
            notes: Mutex::default(),
        }
    }

    /// A copy of the notes so far.
    pub(crate) fn notes(&self) -> Notes {
        self.change(|notes| notes.clone())
    }

    /// The work of one step.
    pub(crate) fn scope(&self) -> Arc<Scope> {
        Scope::with_application(&self.deadline, self.seconds, &self.application)
    }

    fn change<T>(&self, change: impl FnOnce(&mut Notes) -> T) -> T {
        change(&mut self.notes.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Notes that work is under way until the value is dropped; after the deadline the note stays.
    pub(crate) fn begin(&self, phase: Phase, place: usize) -> UnderWay<'_> {
        self.change(|notes| *notes.under_way.entry((phase, place)).or_default() += 1);
        UnderWay {
            watch: self,
            key: (phase, place),
        }
    }

    /// Notes what was not tried of a step.
    pub(crate) fn untried(&self, place: usize, untried: impl IntoIterator<Item = String>) {
        self.change(|notes| {
            let each = untried.into_iter().map(|why| (place, why));
            notes.untried.extend(each);
        });
    }
}

/// Something under way.
pub(crate) struct UnderWay<'a> {
    watch: &'a Watch,
    key: (Phase, usize),
}

impl Drop for UnderWay<'_> {
    fn drop(&mut self) {
        if !self.watch.deadline.passed() {
            self.watch.change(|notes| {
                if let Some(count) = notes.under_way.get_mut(&self.key) {
                    *count -= 1;
                }
                notes.under_way.retain(|_, count| *count > 0);
            });
        }
    }
}

/// Does `work` on another thread, and waits for it a little longer than until `deadline`; `None`
/// where it goes on. Without a deadline there is nothing to wait for, and it is done here.
pub fn until<T: Send + 'static>(
    deadline: &Deadline,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let Some(left) = deadline.left() else {
        return Some(work());
    };
    let (send, receive) = std::sync::mpsc::channel();
    let worker = thread::spawn(move || {
        // Nobody may wait any more.
        let _ = send.send(work());
    });
    match receive.recv_timeout(left.saturating_add(GRACE)) {
        Ok(done) => Some(done),
        Err(RecvTimeoutError::Timeout) => None,
        // It sent nothing and goes no further: it panicked.
        Err(RecvTimeoutError::Disconnected) => match worker.join() {
            Err(panic) => std::panic::resume_unwind(panic),
            Ok(()) => None,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_in_time_gives_its_result_and_other_work_none() {
        let enough = Deadline::after(Duration::from_secs(600));
        assert_eq!(until(&enough, || 7), Some(7));
        let none = Deadline::after(Duration::ZERO);
        let (never, wait) = std::sync::mpsc::channel::<()>();
        assert_eq!(until(&none, move || wait.recv().is_ok()), None);
        drop(never);
    }

    #[test]
    #[should_panic(expected = "the work panics")]
    fn a_panic_is_no_timeout() {
        let enough = Deadline::after(Duration::from_secs(600));
        until(&enough, || panic!("the work panics"));
    }
}
