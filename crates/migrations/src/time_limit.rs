//! A time limit for SQL that is not trusted.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rusqlite::Connection;

/// The pause before a connection is interrupted again, in case the first interrupt had no effect.
const AGAIN: Duration = Duration::from_millis(10);

/// Interrupts a connection when its time is over, until this is dropped. It leaves a progress
/// handler of the application in place. <https://sqlite.org/c3ref/interrupt.html>
pub(crate) struct TimeLimit {
    over: Arc<AtomicBool>,
    /// Dropped to end the thread.
    alive: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl TimeLimit {
    pub(crate) fn start(connection: &Connection, limit: Duration) -> TimeLimit {
        let handle = connection.get_interrupt_handle();
        let over = Arc::new(AtomicBool::new(false));
        let (alive, ended) = channel::<()>();
        let flag = Arc::clone(&over);
        let thread = thread::spawn(move || {
            let mut wait = limit;
            while ended.recv_timeout(wait) == Err(RecvTimeoutError::Timeout) {
                flag.store(true, Ordering::Relaxed);
                handle.interrupt();
                wait = AGAIN;
            }
        });
        TimeLimit {
            over,
            alive: Some(alive),
            thread: Some(thread),
        }
    }

    /// Ends the limit; returns whether the time was over before the work.
    pub(crate) fn end(self) -> bool {
        let over = Arc::clone(&self.over);
        drop(self);
        over.load(Ordering::Relaxed)
    }
}

impl Drop for TimeLimit {
    fn drop(&mut self) {
        drop(self.alive.take());
        // The thread does not panic, and an interrupt after this point would hit unrelated work.
        let _ = self.thread.take().map(JoinHandle::join);
    }
}
