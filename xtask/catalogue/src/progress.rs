//! The progress of a long proof: a bar for a person at a terminal, a line now and then for a log.

use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};
use xtask::complain;

use harness::Progress;
use indicatif::{ProgressBar, ProgressStyle};
use xtask::escape;

/// The maximum time for which a log stays silent.
const SILENCE: Duration = Duration::from_secs(30);

static SCREEN: LazyLock<Mutex<Screen>> = LazyLock::new(|| {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len}, {eta} left: {msg}");
    let bar = ProgressBar::new(0);
    // The template is a constant; a broken one would only look plainer.
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(500));
    Mutex::new(Screen {
        bar,
        told: Instant::now(),
        begun: Instant::now(),
        now: String::new(),
    })
});

struct Screen {
    bar: ProgressBar,
    told: Instant,
    begun: Instant,
    /// The journey that began last.
    now: String,
}

/// Tells how far the proof is, on standard error.
pub(crate) fn tell(progress: &Progress) {
    let mut screen = SCREEN.lock().unwrap_or_else(PoisonError::into_inner);
    let (done, all) = (progress.done, progress.all);
    screen.bar.set_length(all as u64);
    screen.bar.set_position(done as u64);
    if let Some(name) = &progress.begins {
        let name = escape::line(name).into_owned();
        screen.bar.set_message(name.clone());
        screen.now = name;
    }
    if done == all {
        screen.bar.finish_and_clear();
    } else if screen.bar.is_hidden() && screen.told.elapsed() > SILENCE {
        screen.told = Instant::now();
        let seconds = screen.begun.elapsed().as_secs();
        let now = &screen.now;
        complain!("verify-migrations: {done} of {all} journeys after {seconds} s, now {now}");
    }
}
