//! Freezing: a released version gets its golden database and its digests, and never changes again.

#![expect(
    clippy::disallowed_methods,
    reason = "golden databases and the lock file are files"
)]

use std::fs;
use std::path::{Path, PathBuf};

use migrations::Version;

use crate::draft;
use crate::error::Error;
use crate::fixture::{self, Frozen, FrozenStep, dump, text_digest};
use crate::report::{LawReport, Report};
use crate::subject::{Subject, show};

/// Freezes every version that is not frozen yet, and returns the golden databases that were
/// written: each is that of the version before, migrated forward. A golden database that exists
/// already and fits is kept.
///
/// Freeze a version when you release it. The proof must hold first, according to `report`, because
/// a frozen version can never change. Other databases beside the golden ones of these versions are
/// frozen, too.
///
/// # Errors
/// If a law other than *history is frozen*, which this fixes, is broken; if a step fails, or a file
/// cannot be read or written. Files that were written before the error stay.
pub fn new_versions(subject: &Subject<'_>, report: &Report) -> Result<Vec<PathBuf>, Error> {
    let unsound = |law: &&LawReport| law.name != "history is frozen" && !law.broken.is_empty();
    if let Some(law) = report.laws.iter().find(unsound) {
        return Err(Error::from(format!(
            "nothing was frozen: \"{}\" is broken; fix it first, then freeze",
            law.name
        )));
    }
    let fixtures = subject.root.join(&subject.fixtures);
    let mut frozen = Frozen::read(&fixtures)?;
    let mut written = Vec::new();
    for version in frozen.newest(subject.catalogue) + 1..=subject.catalogue.current_version() {
        let path = subject.fixture_folder(version).join("golden.sql");
        let script = fs::read_to_string(subject.root.join(&path)).unwrap_or_default();
        if !draft::fits(subject, version, &script) {
            written.push(golden(subject, version)?);
        }
    }
    let newest = frozen.newest(subject.catalogue);
    for (version, file, _) in fixture::files(subject).found {
        if version > newest {
            insert(subject, &mut frozen, Path::new(&file))?;
        }
    }
    for step in subject.catalogue.steps() {
        frozen
            .steps
            .entry(step.folder().to_owned())
            .or_insert_with(|| FrozenStep::of(step));
    }
    frozen.write(&fixtures)?;
    Ok(written)
}

/// Writes `golden.sql` of `version`, the golden database of the version before migrated forward,
/// and returns its path relative to the root. It is not frozen yet.
///
/// # Errors
/// As [`new_versions`].
pub fn golden(subject: &Subject<'_>, version: Version) -> Result<PathBuf, Error> {
    let text = dump(&draft::golden_forward(subject, version)?)?;
    let folder = subject.fixture_folder(version);
    let path = folder.join("golden.sql");
    fs::create_dir_all(subject.root.join(&folder))
        .and_then(|()| fs::write(subject.root.join(&path), text))
        .map_err(|error| format!("`{}` cannot be written: {error}", show(&path)))?;
    Ok(path)
}

/// Freezes one more fixture of a frozen version; `path` is relative to the root.
///
/// # Errors
/// If a file cannot be read or written.
pub fn fixture(subject: &Subject<'_>, path: &Path) -> Result<(), Error> {
    let fixtures = subject.root.join(&subject.fixtures);
    let mut frozen = Frozen::read(&fixtures)?;
    insert(subject, &mut frozen, path)?;
    frozen.write(&fixtures)
}

fn insert(subject: &Subject<'_>, frozen: &mut Frozen, path: &Path) -> Result<(), Error> {
    let text = fs::read_to_string(subject.root.join(path))
        .map_err(|error| format!("`{}` cannot be read: {error}", show(path)))?;
    let name = show(path.strip_prefix(&subject.fixtures).unwrap_or(path));
    frozen.fixtures.insert(name, text_digest(&text));
    Ok(())
}
