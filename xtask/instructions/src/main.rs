//! The work whose instructions `cargo xtask bench --instructions` counts, one piece in each call.
//!
//! `xtask-instructions list` lists the pieces, `xtask-instructions PIECE` runs one. Valgrind counts
//! inside the function `measured` only; the code before prepares the work.

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

/// The result of a piece.
type Outcome = Result<(), Box<dyn Error>>;

/// A piece of work: its name, and a function that runs it in an empty folder.
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
        eprintln!(
            "error: there is no piece `{wanted}`\nhint: `xtask-instructions list` lists them"
        );
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

/// Runs `work`; valgrind counts between the start and the end of this function, which it finds by
/// name.
#[inline(never)]
fn measured(work: &mut dyn FnMut() -> Outcome) -> Outcome {
    black_box(work())
}

/// Counts the second run of `work`, when statements are prepared, pages are in the cache, and the
/// heap is large enough, so that the first run does not affect the count.
fn twice(work: &mut dyn FnMut() -> Outcome) -> Outcome {
    work()?;
    measured(work)
}
