//! Why no layout, or none but several, fits a folder.

use std::path::Path;

use super::layout::LayoutName;
use crate::refusal::Refusal;

impl Refusal {
    /// Several layouts fit, or none does; `reasons` says why of each.
    pub(super) fn layouts(
        root: &Path,
        what: &str,
        reasons: &[(LayoutName, String)],
        hint: String,
    ) -> Refusal {
        let width = reasons.iter().map(|(name, _)| name.as_str().len()).max();
        let width = width.unwrap_or_default();
        let line = |(name, why): &(LayoutName, String)| format!("  {name:width$}  {why}");
        Refusal::new(root, what, hint).with_lines(reasons.iter().map(line))
    }

    pub(super) fn nothing(root: &Path, layout: LayoutName) -> Refusal {
        let what = format!("has nothing that `{layout}` would run");
        Refusal::new(
            root,
            &what,
            "name the folder that holds the migrations, or another `--layout`",
        )
    }
}
