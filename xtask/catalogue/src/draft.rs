//! What `new-version` leaves to the compiled catalogue: a draft of the fixture, and the docs.

use harness::{Subject, freeze};
use xtask::say;
use xtask::{Failure, Verdict};

/// Writes the golden database of the newest version, migrated forward from the one before, and the
/// docs.
///
/// # Errors
/// When a step fails on the golden database, or a file cannot be written.
pub(crate) fn run(subject: &Subject<'_>) -> Verdict {
    let version = subject.catalogue.current_version();
    let path = freeze::golden(subject, version).map_err(Failure::new)?;
    let path = path.display();
    say!("drafted {path}: the golden database of the version before, migrated forward");
    crate::docs::run(subject, false)
}
