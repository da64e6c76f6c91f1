//! A progress bar for a person at a terminal. Nothing is written if standard error is none.

use std::sync::LazyLock;

use indicatif::{ProgressBar, ProgressStyle};

use lint::Progress;

static BAR: LazyLock<ProgressBar> = LazyLock::new(|| {
    let bar = ProgressBar::new(0);
    // The template is a constant; a broken one would only look plainer.
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} {msg}") {
        bar.set_style(style);
    }
    bar
});

/// Shows the progress.
pub(crate) fn show(progress: &Progress) {
    if progress.done == 1 {
        BAR.set_length(progress.all as u64);
        BAR.set_message(progress.what);
        BAR.set_position(0);
    }
    // Two threads may report in another order than they counted.
    BAR.inc(1);
}

/// Removes the bar before the report is printed.
pub(crate) fn clear() {
    BAR.finish_and_clear();
}
