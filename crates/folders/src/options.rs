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
}
