//! The common part of all programs here: their command line, and their timing.
//!
//! - `PROGRAM apply STEPS FILE` reads the steps, waits for the end of its standard input, applies
//!   the missing ones, and prints the nanoseconds.
//! - `PROGRAM open STEPS FILE TIMES` does the same TIMES times on a current file, and prints each
//!   time.
//! - `PROGRAM ask STEPS FILE TIMES` also runs [`FIRST_QUERY`] on the same connection.
//! - `PROGRAM move STEPS FILE` is `apply`, for a tool that has a better way than SQL.
//!
//! STEPS is a folder of folders `0001_name` with `up.sql` and `down.sql`. Reading it is not timed.

use std::error::Error;
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Instant;

/// The result of a tool.
pub type Outcome = Result<(), Box<dyn Error>>;

/// One step, from its folder.
pub struct Step {
    /// The number of the step, from 1.
    pub version: u32,
    /// The folder's name, such as `0001_name`.
    pub folder: String,
    pub up: String,
    pub down: String,
}

/// The work of a call.
pub struct Work {
    pub steps: Vec<Step>,
    /// The folder of the steps.
    pub folder: PathBuf,
    pub verb: Verb,
}

/// The verb of the command line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verb {
    Apply,
    /// Apply a step that moves data, for which a tool may have more than SQL.
    Move,
    /// Open a current file.
    Open,
    /// The same, and use the connection.
    Ask,
}

/// A query for which SQLite must read the schema.
pub const FIRST_QUERY: &str = "SELECT count(*) FROM t1";

/// Brings a file up to date with a tool.
pub type Apply = Box<dyn Fn(&Path) -> Outcome>;

/// Reads the command line, lets `prepare` prepare the tool, and times its work.
pub fn main(prepare: impl FnOnce(Work) -> Result<Apply, Box<dyn Error>>) -> ExitCode {
    match run(prepare) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(prepare: impl FnOnce(Work) -> Result<Apply, Box<dyn Error>>) -> Outcome {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let (verb, folder, file, times) = match words.as_slice() {
        ["apply", folder, file] => (Verb::Apply, folder, file, 1),
        ["move", folder, file] => (Verb::Move, folder, file, 1),
        ["open", folder, file, times] => (Verb::Open, folder, file, times.parse()?),
        ["ask", folder, file, times] => (Verb::Ask, folder, file, times.parse()?),
        _ => return Err("usage: apply|move STEPS FILE, or open|ask STEPS FILE TIMES".into()),
    };
    let apply = prepare(Work {
        steps: read(Path::new(folder))?,
        folder: PathBuf::from(folder),
        verb,
    })?;
    // So that many processes can be prepared and then start at the same moment.
    io::stdin().read_to_end(&mut Vec::new())?;
    let mut taken = Vec::with_capacity(times);
    for _ in 0..times {
        let begun = Instant::now();
        apply(Path::new(file))?;
        taken.push(begun.elapsed());
    }
    for time in taken {
        println!("{}", time.as_nanos());
    }
    Ok(())
}

fn read(folder: &Path) -> Result<Vec<Step>, Box<dyn Error>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(folder)? {
        folders.push(entry?.path());
    }
    folders.sort();
    let mut steps = Vec::new();
    for (version, path) in (1..).zip(folders) {
        let name = path.file_name().unwrap_or_default();
        steps.push(Step {
            version,
            folder: name.to_string_lossy().into_owned(),
            up: fs::read_to_string(path.join("up.sql"))?,
            down: fs::read_to_string(path.join("down.sql"))?,
        });
    }
    Ok(steps)
}
