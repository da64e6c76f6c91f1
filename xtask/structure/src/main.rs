//! Checks the structure: the arrows between crates, that no file imports another in a circle, and
//! the language of sources, pages and snapshots.

mod arrows;
mod circles;
mod imports;
mod language;
mod modules;

use std::process::ExitCode;

use xtask::project;

fn main() -> ExitCode {
    xtask::exit(project::root().and_then(|root| {
        arrows::check(&root)?;
        circles::check(&root)?;
        language::check(&root)?;
        Ok(true)
    }))
}
