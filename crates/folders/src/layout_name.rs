//! The names of the layouts.

use std::fmt;
use std::str::FromStr;

use crate::layout_list::for_each_layout;

macro_rules! define_names {
    ($($(#[$doc:meta])* $variant:ident $text:literal $module:ident,)*) => {
        /// The name of a layout, such as `diesel`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum LayoutName { $($(#[$doc])* $variant,)* }

        impl LayoutName {
            /// All of them, in the order in which they are reported.
            pub const ALL: &[LayoutName] = &[$(LayoutName::$variant,)*];

            /// The name as text.
            pub fn as_str(self) -> &'static str {
                match self { $(LayoutName::$variant => $text,)* }
            }
        }
    };
}

for_each_layout!(define_names);

impl fmt::Display for LayoutName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for LayoutName {
    type Err = UnknownLayout;

    fn from_str(text: &str) -> Result<LayoutName, UnknownLayout> {
        let found = LayoutName::ALL.iter().find(|name| name.as_str() == text);
        found.copied().ok_or(UnknownLayout)
    }
}

/// A text that names no layout. Its message lists all names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct UnknownLayout;

impl fmt::Display for UnknownLayout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = LayoutName::ALL.iter().map(|name| name.as_str()).collect();
        write!(f, "no such layout; there are {}", names.join(", "))
    }
}

impl std::error::Error for UnknownLayout {}
