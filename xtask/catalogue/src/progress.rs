//! The progress of a long proof: a bar at a terminal, a line from time to time in a log.

use std::sync::{LazyLock, Mutex, PoisonError};
use std::time::{Duration, Instant};
use xtask::complain;

use harness::Progress;
use indicatif::{ProgressBar, ProgressStyle};
use xtask::escape;

/// The maximum time without a line in a log.
const SILENCE: Duration = Duration::from_secs(30);

static SCREEN: LazyLock<Mutex<Screen>> = LazyLock::new(|| {
    let style = ProgressStyle::with_template("{bar:30} {pos}/{len}, {eta} left: {msg}");
    let bar = ProgressBar::new(0);
    // The template is a constant; without it the bar only looks plainer.
    if let Ok(style) = style {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(500));
    Mutex::new(Screen {
        bar,
        reported: Instant::now(),
        begun: Instant::now(),
        now: String::new(),
    })
});

struct Screen {
    bar: ProgressBar,
    reported: Instant,
    begun: Instant,
    /// The journey that began last.
    now: String,
}

/// Reports the progress of the proof on standard error.
pub(crate) fn report(progress: &Progress) {
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
    } else if screen.bar.is_hidden() && screen.reported.elapsed() > SILENCE {
        screen.reported = Instant::now();
        let seconds = screen.begun.elapsed().as_secs();
        let now = &screen.now;
        complain!("verify-migrations: {done} of {all} journeys after {seconds} s, now {now}");
    }
}
