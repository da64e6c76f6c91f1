//! Whether a folder is of a layout.

/// Whether a folder is of a layout, and why, as a clause about what is in it.
pub(crate) enum Fit {
    /// Something that only this tool writes.
    Sure(String),
    /// Names that this tool would accept, and other tools might.
    Shape(String),
    /// Nothing that it would run.
    No(String),
}
