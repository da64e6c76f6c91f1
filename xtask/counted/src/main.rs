//! The work whose instructions `cargo xtask bench --instructions` counts, one piece in each call.
//!
//! `xtask-counted list` names the pieces, `xtask-counted PIECE` does one. What is counted is what
//! happens inside of the function `measured`; what comes before only makes it ready.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "this is a command's report"
)]

mod judging;
mod lookup;
mod schemas;
mod steps;

use std::error::Error;
use std::hint::black_box;
use std::path::Path;
use std::process::ExitCode;

/// What a piece may fail with.
type Outcome = Result<(), Box<dyn Error>>;

/// A piece of work: its name, and what does it in an empty folder.
type Piece = (&'static str, fn(&Path) -> Outcome);

const PIECES: [Piece; 15] = [
    ("opening/10", |folder| steps::opening(folder, 10)),
    ("opening/100", |folder| steps::opening(folder, 100)),
    ("opening/1000", |folder| steps::opening(folder, 1_000)),
    ("opening/raw", |folder| steps::opening_raw(folder, 100)),
    ("opening-by-header/100", |folder| {
        steps::opening_by_header(folder, 100)
    }),
    ("opening-by-header/raw", |folder| {
        steps::opening_header_raw(folder, 100)
    }),
    ("applying/100", |folder| steps::applying(folder, 100)),
    ("applying/raw", |folder| steps::applying_raw(folder, 100)),
    ("schema/reading-100", |_| schemas::reading(100)),
    ("schema/diff-100", |_| schemas::diff(100)),
    ("traininglogs/last-common", |folder| {
        lookup::last_exercise(folder, "Squat", true)
    }),
    ("traininglogs/last-absent", |folder| {
        lookup::last_exercise(folder, "Never Done", false)
    }),
    ("traininglogs/between", lookup::sessions_between),
    ("traininglogs/opening", lookup::opening),
    ("judging/6", |_| judging::judging()),
];

fn main() -> ExitCode {
    let wanted = std::env::args().nth(1).unwrap_or_default();
    if wanted == "list" {
        for (name, _) in PIECES {
            println!("{name}");
        }
        return ExitCode::SUCCESS;
    }
    let Some((_, piece)) = PIECES.iter().find(|(name, _)| *name == wanted) else {
        eprintln!("error: there is no piece `{wanted}`\nhint: `xtask-counted list` names them");
        return ExitCode::FAILURE;
    };
    let folder = tempfile::tempdir().map_err(Box::from);
    match folder.and_then(|folder| piece(folder.path())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: `{wanted}` failed: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Does `work`; valgrind counts between the entry and the return of this function, which it knows
/// by its name.
#[inline(never)]
fn measured(work: &mut dyn FnMut() -> Outcome) -> Outcome {
    black_box(work())
}

/// Counts the second time of `work`, when statements are prepared, pages are read, and the heap has
/// the room that it needs: what came before leaves no trace in the count.
fn twice(work: &mut dyn FnMut() -> Outcome) -> Outcome {
    work()?;
    measured(work)
}
