//! Why no layout, or none but several, fits a folder.

use std::path::Path;

use crate::input_error::InputError;
use crate::layout_name::LayoutName;
use crate::remedy::Remedy;

impl InputError {
    /// Several layouts fit, or none does; `reasons` says why of each.
    pub(crate) fn layouts(root: &Path, what: &str, reasons: &[(LayoutName, String)]) -> InputError {
        let width = reasons.iter().map(|(name, _)| name.as_str().len()).max();
        let width = width.unwrap_or_default();
        let line = |(name, why): &(LayoutName, String)| format!("  {name:width$}  {why}");
        InputError::new(root, what, "").with_lines(reasons.iter().map(line))
    }

    pub(crate) fn nothing(root: &Path, layout: LayoutName) -> InputError {
        let what = format!("has nothing that `{layout}` would run");
        InputError::new(root, &what, "").with_remedy(Remedy::NameFolderOrLayout)
    }
}
