//! A layout: whether a folder is of it, and how its tool reads the folder.

use crate::collect::Reading;
use crate::fit::Fit;
use crate::input_error::InputError;
use crate::layout_list::for_each_layout;
use crate::layout_name::LayoutName;
use crate::options::Options;
use crate::source_tree::Tree;

/// One layout.
pub(crate) struct Layout {
    pub(crate) name: LayoutName,
    /// Whether a folder is of this layout. It says no more than what the names and the markers
    /// show.
    pub(crate) fit: fn(&Tree) -> Result<Fit, InputError>,
    pub(crate) read: fn(&Tree, &Options) -> Result<Reading, InputError>,
}

macro_rules! define_layouts {
    ($($(#[$doc:meta])* $variant:ident $text:literal $module:ident,)*) => {
        impl Layout {
            /// The layout of this name.
            pub(crate) fn named(name: LayoutName) -> Layout {
                match name {
                    $(LayoutName::$variant => Layout {
                        name,
                        fit: crate::$module::fit,
                        read: crate::$module::read,
                    },)*
                }
            }
        }
    };
}

for_each_layout!(define_layouts);
