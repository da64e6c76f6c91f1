//! Options of the person who names a folder.

use crate::layout_name::LayoutName;

/// Options of the person who names a folder.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Options {
    /// The layout; detected from the folder's content if it is `None`.
    pub layout: Option<LayoutName>,
    /// The values of names in the SQL: Flyway's placeholders, and goose's environment variables.
    pub defines: Vec<(String, String)>,
    /// Globs of the files to run, in order, or the name of a file that lists the names. The files
    /// are then those of an application's own runner, [`LayoutName::Plain`].
    pub order: Vec<String>,
    /// The file of a down migration, such as `{name}.down.sql`, for an application's own runner.
    pub down: Option<String>,
    /// Globs of files that are no part of the history.
    pub ignore: Vec<String>,
    /// The database whose files to read in a folder for several databases; without it, SQLite.
    pub dialect: Option<String>,
    /// Whether the history starts from a schema that is given elsewhere.
    pub has_base: bool,
}

impl Options {
    /// Whether the options say which files run, in which order.
    pub(crate) fn gives_order(&self) -> bool {
        !self.order.is_empty() || self.down.is_some()
    }
}
