//! Where the commands print. What they print may name files and tables that somebody else named,
//! and may not arrive.

use std::fmt;
use std::io::{self, Write};
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::escape;

/// Whether something that was said did not arrive.
static LOST: AtomicBool = AtomicBool::new(false);

/// Prints lines, as `println!` does; the end of one that is a name's is escaped only where the
/// caller does it.
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

/// Prints `text` and a line end on standard error; when nobody listens there, nothing can be told.
pub fn complain(text: fmt::Arguments<'_>) {
    let text = escape::lines(&text.to_string());
    let _ = writeln!(io::stderr(), "{text}");
}

/// Remembers that what another program had to say for this one did not arrive.
pub fn lose() {
    LOST.store(true, Ordering::Relaxed);
}

/// Whether something that was said did not arrive, which was told.
pub fn has_lost() -> bool {
    LOST.load(Ordering::Relaxed)
}

fn print(text: &str) {
    let mut stdout = io::stdout().lock();
    let printed = stdout.write_all(text.as_bytes());
    match printed.and_then(|()| stdout.flush()) {
        Ok(()) => {}
        // Whoever closed the pipe has read enough.
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
