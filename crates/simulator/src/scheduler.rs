//! Threads that take turns: one runs at a time, and a seed decides which is next, so that an
//! interleaving can be repeated.
//!
//! A thread gives its turn away at defined places: in SQLite's [progress
//! handler](https://sqlite.org/c3ref/progress_handler.html), in the middle of a statement, and in
//! its [busy handler](https://sqlite.org/c3ref/busy_handler.html), while it waits for a lock.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use rusqlite::Connection;

use stdx::Rng;

/// The number of virtual machine steps between two places at which a connection gives its turn
/// away.
const STEPS: i32 = 5;

/// The number of waits for one lock before it is reported as busy: a program that gets every
/// hundredth turn among sixteen still has a hundred turns.
const PATIENCE: i32 = 20_000;

thread_local! {
    /// The table at which this thread takes turns, and its seat.
    static SEAT: RefCell<Option<(Arc<Table>, usize)>> = const { RefCell::new(None) };
}

/// The work of one thread.
pub type Task<'a, T> = Box<dyn FnOnce() -> T + Send + 'a>;

struct Table {
    state: Mutex<State>,
    /// One for each seat, so that only the thread with the turn is woken.
    called: Vec<Condvar>,
}

struct State {
    rng: Rng,
    /// The reciprocal of the probability with which an optional turn change happens.
    rarely: u64,
    seated: Vec<bool>,
    turn: usize,
}

/// Runs `tasks` to their ends, each on its own thread and one at a time, in an order that `seed`
/// determines. A task that panics gives `None`.
pub fn take_turns<T: Send>(seed: u64, tasks: Vec<Task<'_, T>>) -> Vec<Option<T>> {
    let mut state = State {
        rng: Rng::new(seed),
        rarely: 1,
        seated: vec![true; tasks.len()],
        turn: 0,
    };
    // The seeds range from threads that change places all the time to threads that mostly finish
    // their work; consecutive seeds have all kinds.
    state.rarely = [1, 3, 16, 100][(seed % 4) as usize];
    state.pass();
    let table = Arc::new(Table {
        state: Mutex::new(state),
        called: tasks.iter().map(|_| Condvar::new()).collect(),
    });
    thread::scope(|scope| {
        let mut threads = Vec::new();
        for (seat, task) in tasks.into_iter().enumerate() {
            let table = Arc::clone(&table);
            threads.push(scope.spawn(move || {
                SEAT.set(Some((Arc::clone(&table), seat)));
                table.wait(seat, table.lock());
                let done = catch_unwind(AssertUnwindSafe(task)).ok();
                table.leave(seat);
                done
            }));
        }
        let join = |thread: thread::ScopedJoinHandle<'_, Option<T>>| thread.join().ok().flatten();
        threads.into_iter().map(join).collect()
    })
}

/// Lets a connection give its thread's turn away, in the middle of statements and at locks.
pub fn seat(connection: &Connection) -> rusqlite::Result<()> {
    connection.busy_handler(Some(wait_for_lock))?;
    connection.progress_handler(
        STEPS,
        Some(|| {
            give_way(false);
            false
        }),
    )
}

fn wait_for_lock(tries: i32) -> bool {
    give_way(true);
    tries < PATIENCE
}

/// Gives the turn to another thread, always or sometimes, and waits until it is back.
pub fn give_way(surely: bool) {
    let seat = SEAT.with_borrow(Clone::clone);
    if let Some((table, seat)) = seat {
        let mut state = table.lock();
        let rarely = state.rarely;
        if surely || state.rng.one_in(rarely) {
            state.pass();
            table.call(&state);
            table.wait(seat, state);
        }
    }
}

impl Table {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait(&self, seat: usize, mut state: MutexGuard<'_, State>) {
        while let Some(called) = self.called.get(seat).filter(|_| state.turn != seat) {
            state = called.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    fn call(&self, state: &State) {
        if let Some(called) = self.called.get(state.turn) {
            called.notify_one();
        }
    }

    fn leave(&self, seat: usize) {
        let mut state = self.lock();
        if let Some(seated) = state.seated.get_mut(seat) {
            *seated = false;
        }
        state.pass();
        self.call(&state);
    }
}

impl State {
    /// Chooses the next of the remaining threads.
    fn pass(&mut self) {
        let seats: Vec<usize> = (0..)
            .zip(&self.seated)
            .filter(|(_, seated)| **seated)
            .map(|(seat, _)| seat)
            .collect();
        if let Some(next) = self.rng.choose(&seats) {
            self.turn = *next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The order in which three tasks write their names.
    fn order(seed: u64) -> String {
        let book = Mutex::new(String::new());
        let book = &book;
        let task = |name: char| -> Box<dyn FnOnce() + Send + '_> {
            Box::new(move || {
                for _ in 0..5 {
                    book.lock().unwrap().push(name);
                    give_way(true);
                }
            })
        };
        take_turns(seed, vec![task('a'), task('b'), task('c')]);
        book.lock().unwrap().clone()
    }

    #[test]
    fn a_seed_gives_the_same_order_again() {
        for seed in 0..20 {
            let first = order(seed);
            assert_eq!(first.len(), 15);
            assert_eq!(order(seed), first);
        }
        assert_ne!(order(1), order(2));
    }

    #[test]
    fn one_that_panics_does_not_stop_the_others() {
        let tasks: Vec<Box<dyn FnOnce() -> u8 + Send>> =
            vec![Box::new(|| panic!("on purpose")), Box::new(|| 7)];
        assert_eq!(take_turns(1, tasks), [None, Some(7)]);
    }
}
