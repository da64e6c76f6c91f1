//! What the person who names a folder may say of it.

use crate::layout_name::LayoutName;

/// What the person who names a folder may say of it.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The layout; told from the folder's content where it is `None`.
    pub layout: Option<LayoutName>,
    /// What names in the SQL stand for: Flyway's placeholders, and goose's environment variables.
    pub defines: Vec<(String, String)>,
}
