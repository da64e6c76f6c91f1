//! What is proved: a catalogue with its fixtures, and what its application says about itself.

use std::path::{Path, PathBuf};

use migrations::{BoxError, Catalogue, Query, Version};
use proptest::strategy::BoxedStrategy;
use rusqlite::Connection;

use crate::repeat::Repeat;
use generate::Content;
use observe::Value;

/// One database under proof.
pub struct Subject<'a> {
    /// The folder that the paths below are relative to; messages name files relative to it.
    pub root: PathBuf,
    /// The folder of the version folders, such as `crates/notes/versions`.
    pub versions: PathBuf,
    /// The folder of the golden databases, such as `fixtures`.
    pub fixtures: PathBuf,
    /// Files with generated blocks that must match, relative to `root`.
    pub docs: Vec<PathBuf>,
    /// The steps.
    pub catalogue: &'a Catalogue,
    /// The queries that the application declares.
    pub queries: &'a [Query],
    /// What the application does with its files.
    pub application: &'a dyn Application,
    /// The title of the report, such as the application's name.
    pub title: String,
    /// How a person makes a part of this proof again.
    pub repeat: Repeat,
}

impl<'a> Subject<'a> {
    /// A subject with its steps in `versions/` and its golden databases in `fixtures/`, both below
    /// `root`, and titled as that folder: without docs and queries, proved in a test. Set the
    /// fields that are otherwise.
    pub fn new(root: impl Into<PathBuf>, catalogue: &'a Catalogue) -> Subject<'a> {
        let root = root.into();
        let name = root.file_name().unwrap_or_default();
        Subject {
            title: name.to_string_lossy().into_owned(),
            root,
            versions: "versions".into(),
            fixtures: "fixtures".into(),
            docs: Vec::new(),
            catalogue,
            queries: &[],
            application: &NoApplication,
            repeat: Repeat::Test,
        }
    }
}

impl Subject<'_> {
    /// The path of a version's file for messages, such as
    /// `crates/notes/versions/0002_label/up.sql`.
    pub fn step_file(&self, version: Version, file: &str) -> String {
        let folder = self
            .catalogue
            .step(version)
            .map_or("", |step| step.folder());
        show(&self.versions.join(folder).join(file))
    }

    /// Where the golden databases of `version` stand, relative to the root.
    pub fn fixture_folder(&self, version: Version) -> PathBuf {
        self.fixtures.join(format!("v{version:04}"))
    }
}

/// A path with `/` on every system, so that reports and lock files read the same everywhere.
pub(crate) fn show(path: &Path) -> String {
    let parts: Vec<_> = path
        .components()
        .map(|part| part.as_os_str().to_string_lossy())
        .collect();
    parts.join("/").replace("//", "/")
}

/// What an application does with its files; every method may be left as it is.
pub trait Application: Sync {
    /// Databases of `version` as the application's own builds would have filled them.
    fn content(&self, _version: Version) -> Option<BoxedStrategy<Content>> {
        None
    }

    /// What a column of `version` holds, where that is less than its schema allows, such as a
    /// document of the application's own. Databases that are made from the schema take it from
    /// here.
    fn column(
        &self,
        _version: Version,
        _table: &str,
        _column: &str,
    ) -> Option<BoxedStrategy<Value>> {
        None
    }

    /// Writes what a build of `version` writes, into a file that may be newer; `seed` makes it
    /// differ.
    ///
    /// # Errors
    /// Whatever the write fails with.
    fn write(&self, _: &Connection, _version: Version, _seed: u64) -> Result<(), BoxError> {
        Ok(())
    }

    /// What the application does each time it has opened a file of the current version.
    ///
    /// # Errors
    /// Whatever it fails with.
    fn opened(&self, _: &Connection) -> Result<(), BoxError> {
        Ok(())
    }

    /// What contradicts itself in a file of `version`, in words; empty when all is well.
    ///
    /// # Errors
    /// When the file cannot be read.
    fn inconsistencies(&self, _: &Connection, _version: Version) -> Result<Vec<String>, BoxError> {
        Ok(Vec::new())
    }
}

/// An application that says nothing about itself.
#[derive(Debug)]
pub struct NoApplication;

impl Application for NoApplication {}
