//! The subject of a proof: a catalogue with its fixtures, and the declarations of its application.

use std::path::{Path, PathBuf};

use migrations::{BoxError, Catalogue, Query, Version};
use proptest::strategy::BoxedStrategy;
use rusqlite::Connection;

use crate::repeat::Repeat;
use generate::Content;
use observe::Value;

/// A catalogue under proof.
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
    /// The application's operations on its files.
    pub application: &'a dyn Application,
    /// The title of the report, such as the application's name.
    pub title: String,
    /// The way to repeat a part of this proof.
    pub repeat: Repeat,
}

impl<'a> Subject<'a> {
    /// A subject with its steps in `versions/` and its golden databases in `fixtures/`, both below
    /// `root`, and with the name of that folder as its title. It has no docs and no queries, and a
    /// test proves it. Set the other fields as needed.
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

    /// The folder of the golden databases of `version`, relative to the root.
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

/// The operations of an application on its files; every method has a default.
pub trait Application: Sync {
    /// Databases of `version` with content as the application's own builds write it.
    fn content(&self, _version: Version) -> Option<BoxedStrategy<Content>> {
        None
    }

    /// The values of a column of `version`, if the schema allows more than the application writes,
    /// such as a JSON document. Databases that are made from the schema take its values from here.
    fn column(
        &self,
        _version: Version,
        _table: &str,
        _column: &str,
    ) -> Option<BoxedStrategy<Value>> {
        None
    }

    /// Writes the content that a build of `version` writes, into a file that may be newer; `seed`
    /// varies it.
    ///
    /// # Errors
    /// If the write fails.
    fn write(&self, _: &Connection, _version: Version, _seed: u64) -> Result<(), BoxError> {
        Ok(())
    }

    /// Does the work of the application each time it opens a file of the current version.
    ///
    /// # Errors
    /// If the work fails.
    fn opened(&self, _: &Connection) -> Result<(), BoxError> {
        Ok(())
    }

    /// Lists the contradictions in a file of `version` as text; empty if there are none.
    ///
    /// # Errors
    /// If the file cannot be read.
    fn inconsistencies(&self, _: &Connection, _version: Version) -> Result<Vec<String>, BoxError> {
        Ok(Vec::new())
    }
}

/// An application without any declarations.
#[derive(Debug)]
pub struct NoApplication;

impl Application for NoApplication {}
