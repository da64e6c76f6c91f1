//! The output of the commands. It may contain names of files and tables from elsewhere, and
//! printing may fail.

use std::fmt;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::escape;

/// Whether some output was lost.
static LOST: AtomicBool = AtomicBool::new(false);

/// Prints lines, as `println!` does; the caller escapes names that may contain line ends.
#[macro_export]
macro_rules! say {
    ($($text:tt)*) => { $crate::screen::say(format_args!($($text)*)) };
}

/// Prints lines on standard error, as `eprintln!` does.
#[macro_export]
macro_rules! complain {
    ($($text:tt)*) => { $crate::screen::complain(format_args!($($text)*)) };
}

/// Prints `text` and a line end.
pub fn say(text: fmt::Arguments<'_>) {
    print(&format!("{}\n", escape::lines(&text.to_string())));
}

/// Prints a JSON document.
pub fn say_document(document: &Value) {
    print(&escape::json(&format!("{document:#}\n")));
}

/// Prints `text` and a line end on standard error; if that is closed, the text is lost.
pub fn complain(text: fmt::Arguments<'_>) {
    let text = escape::lines(&text.to_string());
    let _ = writeln!(io::stderr(), "{text}");
}

/// Records that output of a different program for this one was lost.
pub fn lose() {
    LOST.store(true, Ordering::Relaxed);
}

/// Whether some output was lost, which has been reported.
pub fn has_lost() -> bool {
    LOST.load(Ordering::Relaxed)
}

fn print(text: &str) {
    let mut stdout = io::stdout().lock();
    let printed = stdout.write_all(text.as_bytes());
    match printed.and_then(|()| stdout.flush()) {
        Ok(()) => {}
        // If the reader closed the pipe, it has read enough.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        Err(error) if !has_lost() => {
            lose();
            complain(format_args!(
                "error: the result could not be printed, the work goes on: {error}"
            ));
        }
        Err(_) => {}
    }
}
