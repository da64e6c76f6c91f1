//! What `new-version` leaves to the compiled catalogue: a draft of the fixture, and the docs.

use std::fs;

use harness::{Subject, draft, dump};
use xtask::{Failure, Verdict};

/// Writes the golden database of the newest version, migrated forward from the one before, and the docs.
///
/// # Errors
/// When a step fails on the golden database, or a file cannot be written.
#[expect(clippy::print_stdout, reason = "this is a command's report")]
pub(crate) fn run(subject: &Subject<'_>) -> Verdict {
    let path = write_golden(subject)?;
    println!("drafted {path}: the golden database of the version before, migrated forward");
    crate::docs::run(subject, false)
}

/// Writes `golden.sql` of the newest version and tells its path.
pub(crate) fn write_golden(subject: &Subject<'_>) -> Result<String, Failure> {
    let version = subject.catalogue.current_version();
    let connection = draft::golden_forward(subject, version).map_err(Failure::new)?;
    let text = dump(&connection).map_err(Failure::new)?;
    let folder = subject.fixture_folder(version);
    let path = folder.join("golden.sql");
    fs::create_dir_all(subject.root.join(&folder))
        .and_then(|()| fs::write(subject.root.join(&path), text))
        .map_err(|error| {
            Failure::new(format!("`{}` cannot be written: {error}", path.display()))
        })?;
    Ok(path.display().to_string())
}
