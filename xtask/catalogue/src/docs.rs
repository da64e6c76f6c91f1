//! `cargo xtask docs`: the generated blocks of the docs.

use std::fs;

use harness::{Subject, docs};
use xtask::{Failure, Verdict, project};

/// Writes the blocks that are behind. With `check` they make the command fail, and in CI nothing is
/// written.
///
/// # Errors
/// When a file cannot be read or written, or has a block that nobody makes.
#[expect(clippy::print_stdout, reason = "this is a command's report")]
pub(crate) fn run(subject: &Subject<'_>, check: bool) -> Verdict {
    let mut fine = true;
    for page in docs::pages(subject)? {
        let shown = page.path.display();
        if page.made == page.text {
            println!("{shown}: up to date");
            continue;
        }
        fine = !check;
        if check && project::in_ci() {
            println!("{shown}: behind; write it with `cargo xtask docs` and commit it");
            continue;
        }
        fs::write(subject.root.join(&page.path), page.made)
            .map_err(|error| Failure::new(format!("`{shown}` cannot be written: {error}")))?;
        println!(
            "{shown}: {}",
            if check {
                "was behind, written; commit it"
            } else {
                "written"
            }
        );
    }
    Ok(fine)
}
