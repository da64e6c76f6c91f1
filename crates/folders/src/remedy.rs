//! The way forward after an input error, as a value: the library words it with its own API, a
//! command with its flags.

use std::fmt;

use crate::layout_name::LayoutName;

/// A way forward after an input error.
///
/// [`Display`](fmt::Display) names this library's API. A command matches on the variants and names
/// its flags instead; see [`InputError::with_remedy_as`](crate::InputError::with_remedy_as).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Remedy {
    /// The SQL has a name that nothing defines: give its value.
    Define(String),
    /// Several layouts fit the folder: give the one whose tool runs it.
    ChooseLayout(Vec<LayoutName>),
    /// No layout fits, or the one that does has nothing to run: name another folder, or the layout.
    NameFolderOrLayout,
    /// The history starts from a schema that the folder does not have: give it.
    GiveBase,
}

impl fmt::Display for Remedy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Remedy::Define(name) => write!(f, "give its value: `Options::defines` with `{name}`"),
            Remedy::ChooseLayout(layouts) => {
                f.write_str("name the tool that runs it in `Options::layout`: ")?;
                for (at, layout) in layouts.iter().enumerate() {
                    let separator = if at > 0 { " or " } else { "" };
                    write!(f, "{separator}`{layout}`")?;
                }
                Ok(())
            }
            Remedy::GiveBase => f.write_str(
                "give the database or the SQL that the steps start from, and set \
                 `Options::has_base`",
            ),
            Remedy::NameFolderOrLayout => {
                f.write_str("name the folder that holds the migrations, or set `Options::layout`")
            }
        }
    }
}
