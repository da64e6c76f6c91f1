//! Checks the structure: the arrows between crates, and that no file imports another in a circle.

mod arrows;
mod circles;
mod imports;
mod modules;

use std::process::ExitCode;

use xtask::project;

fn main() -> ExitCode {
    xtask::exit(project::root().and_then(|root| {
        arrows::check(&root)?;
        circles::check(&root)?;
        Ok(true)
    }))
}
