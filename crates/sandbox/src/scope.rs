//! A unit of work, such as everything for one step: it has its own budget, and ends with the run.

#![expect(
    clippy::disallowed_methods,
    reason = "a deadline is a matter of the clock"
)]

use std::cell::RefCell;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::application::Application;
use crate::stop::Stop;

/// The number of virtual machine instructions that count as a second, so that a limit in seconds is
/// the same on every machine.
pub const INSTRUCTIONS_PER_SECOND: u64 = 40_000_000;

/// The time at which a run ends, whatever its findings.
#[derive(Debug)]
pub struct Deadline {
    at: Option<Instant>,
    passed: AtomicBool,
}

impl Deadline {
    /// Creates a deadline that passes after `time`.
    pub fn after(time: Duration) -> Deadline {
        Deadline {
            // A time that the clock cannot represent means no deadline.
            at: Instant::now().checked_add(time),
            passed: AtomicBool::new(false),
        }
    }

    /// Whether the time is over.
    pub fn passed(&self) -> bool {
        let passed = || self.at.is_some_and(|at| Instant::now() >= at);
        self.passed.load(Ordering::Relaxed) || {
            let now = passed();
            if now {
                self.passed.store(true, Ordering::Relaxed);
            }
            now
        }
    }

    /// The remaining time; `None` without a deadline.
    pub fn left(&self) -> Option<Duration> {
        let at = self.at?;
        Some(at.saturating_duration_since(Instant::now()))
    }
}

/// A unit of work with a budget, which all sandboxes opened in it share.
#[derive(Debug)]
pub struct Scope {
    deadline: Arc<Deadline>,
    application: Arc<Application>,
    left: AtomicU64,
    seconds: u64,
    until: Mutex<Option<Instant>>,
    out: AtomicBool,
    /// The work that was not tried, each with the reason.
    untried: Mutex<Vec<String>>,
}

thread_local! {
    static CURRENT: RefCell<Vec<Arc<Scope>>> = const { RefCell::new(Vec::new()) };
}

/// The scope of the current thread.
pub(crate) fn current() -> Option<Arc<Scope>> {
    CURRENT.with_borrow(|all| all.last().cloned())
}

impl Scope {
    /// Creates a scope with this many seconds of SQLite's work, and at most twice that time by the
    /// clock.
    pub fn new(deadline: &Arc<Deadline>, seconds: u64) -> Arc<Scope> {
        Scope::with_application(deadline, seconds, &Arc::default())
    }

    /// Creates a scope whose sandboxes have the functions and collations of `application`.
    pub fn with_application(
        deadline: &Arc<Deadline>,
        seconds: u64,
        application: &Arc<Application>,
    ) -> Arc<Scope> {
        let scope = Scope {
            deadline: Arc::clone(deadline),
            application: Arc::clone(application),
            left: AtomicU64::default(),
            seconds,
            until: Mutex::default(),
            out: AtomicBool::default(),
            untried: Mutex::default(),
        };
        scope.renew();
        Arc::new(scope)
    }

    /// The objects that the application registers.
    pub fn application(&self) -> &Arc<Application> {
        &self.application
    }

    /// Restores the whole budget.
    pub fn renew(&self) {
        let twice = Duration::from_secs(self.seconds.saturating_mul(2));
        *lock(&self.until) = Instant::now().checked_add(twice);
        let work = self.seconds.saturating_mul(INSTRUCTIONS_PER_SECOND);
        self.left.store(work, Ordering::Relaxed);
        self.out.store(false, Ordering::Relaxed);
    }

    /// Runs `work` in this scope: the sandboxes that this thread opens during it share the budget.
    pub fn within<T>(self: &Arc<Scope>, work: impl FnOnce() -> T) -> T {
        struct Leave;
        impl Drop for Leave {
            fn drop(&mut self) {
                CURRENT.with_borrow_mut(|all| drop(all.pop()));
            }
        }
        CURRENT.with_borrow_mut(|all| all.push(Arc::clone(self)));
        let _leave = Leave;
        work()
    }

    /// Counts work, and returns whether none is left.
    pub(crate) fn spend(&self, work: u64) -> bool {
        let take = |left: u64| left.checked_sub(work);
        let spent = self
            .left
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, take);
        let late = || lock(&self.until).is_some_and(|until| Instant::now() >= until);
        if spent.is_err() || late() {
            self.out.store(true, Ordering::Relaxed);
        }
        self.is_over()
    }

    /// Whether no more work may be done.
    pub fn is_over(&self) -> bool {
        self.out.load(Ordering::Relaxed) || self.deadline.passed()
    }

    pub(crate) fn stopped(&self) -> Option<Stop> {
        if self.deadline.passed() {
            return Some(Stop::Scope("the time limit of the run is over".to_owned()));
        }
        self.out.load(Ordering::Relaxed).then(|| {
            let seconds = self.seconds;
            Stop::Scope(format!("its runs take more than {seconds} seconds of work"))
        })
    }

    /// Records work that was not tried on this thread.
    pub fn note(what: impl Into<String>) {
        if let Some(scope) = current() {
            let mut untried = lock(&scope.untried);
            let what = what.into();
            if !untried.contains(&what) {
                untried.push(what);
            }
        }
    }

    /// Returns the work that was not tried since the last call: the recorded items, and whether the
    /// budget ran out.
    pub fn take_untried(&self) -> Vec<String> {
        let mut all = std::mem::take(&mut *lock(&self.untried));
        // The end of the run's time is reported only once for the whole run.
        let stopped = self.stopped().filter(|_| !self.deadline.passed());
        let why = stopped.map(|stop| stop.why());
        all.extend(why.filter(|why| !all.iter().any(|other| other.ends_with(why.as_str()))));
        all
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
