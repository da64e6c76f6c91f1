//! `cargo xtask docs`: the generated blocks of the docs.

use std::fs;
use xtask::say;

use harness::{Subject, docs};
use xtask::{Failure, Verdict, project};

/// Writes the outdated blocks. With `check`, an outdated block makes the command fail; in CI
/// nothing is written.
///
/// # Errors
/// If a file cannot be read or written, or has an unknown block.
pub(crate) fn run(subject: &Subject<'_>, check: bool) -> Verdict {
    let mut fine = true;
    for page in docs::pages(subject).map_err(Failure::new)? {
        let shown = page.path.display();
        if page.made == page.text {
            say!("{shown}: up to date");
            continue;
        }
        fine = !check;
        if check && project::in_ci() {
            say!("{shown}: out of date; write it with `cargo xtask docs` and commit it");
            continue;
        }
        fs::write(subject.root.join(&page.path), page.made)
            .map_err(|error| Failure::new(format!("`{shown}` cannot be written: {error}")))?;
        say!(
            "{shown}: {}",
            if check {
                "was out of date, now written; commit it"
            } else {
                "written"
            }
        );
    }
    Ok(fine)
}
