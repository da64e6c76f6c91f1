//! Which layout a folder has.
//!
//! What only one tool writes decides. Where only the names speak and several tools would take them,
//! a file of one of those tools nearby decides. Numbered files that sqlx, wrangler or an
//! application itself might run, with none of those tools nearby, are the application's own.
//! Anything else is refused, because each tool has its own transactions and foreign keys, and a
//! guess would judge another tool's work.

use crate::fit::Fit;
use crate::input_error::InputError;
use crate::layout::Layout;
use crate::layout_name::LayoutName;
use crate::project_files;
use crate::source_tree::Tree;

/// In how many folders below one that does not fit a better one is looked for.
const SEARCHED: usize = 100;

/// The layout, and how it was told.
pub(crate) fn detect_layout(
    tree: &Tree,
    said: Option<LayoutName>,
) -> Result<(Layout, String), InputError> {
    if let Some(name) = said {
        return Ok((Layout::named(name), "`--layout` says so".to_owned()));
    }
    let (mut sure, mut shape, mut no) = (Vec::new(), Vec::new(), Vec::new());
    for &name in LayoutName::ALL {
        match (Layout::named(name).fit)(tree)? {
            Fit::Sure(why) => sure.push((name, why)),
            Fit::Shape(why) => shape.push((name, why)),
            Fit::No(why) => no.push((name, why)),
        }
    }
    // Drizzle writes what wrangler then runs, wherever wrangler is told of the folder.
    if sure.iter().any(|(name, _)| *name == LayoutName::D1) {
        sure.retain(|(name, _)| *name != LayoutName::Drizzle);
    }
    if sure.len() > 1 {
        return Err(several(tree, &sure));
    }
    if let Some((name, why)) = sure.pop() {
        return Ok((Layout::named(name), why));
    }
    match shape.as_slice() {
        [] => Err(none(tree, &no)),
        [(name, why)] => Ok((Layout::named(*name), why.clone())),
        _ => by_hint(tree, &shape),
    }
}

fn by_hint(tree: &Tree, shape: &[(LayoutName, String)]) -> Result<(Layout, String), InputError> {
    let hints = project_files::hints(tree.root());
    let mut hinted = Vec::new();
    for (name, why) in shape {
        if let Some((_, hint)) = hints.iter().find(|(tool, _)| tool == name) {
            hinted.push((*name, format!("{why}, and {hint}")));
        }
    }
    let own =
        |name: &LayoutName| matches!(name, LayoutName::Plain | LayoutName::Sqlx | LayoutName::D1);
    let plain = shape.iter().find(|(name, _)| *name == LayoutName::Plain);
    match (hinted.as_slice(), plain) {
        ([(name, why)], _) => Ok((Layout::named(*name), why.clone())),
        ([], Some((name, why))) if shape.iter().all(|(name, _)| own(name)) => {
            let why = format!("{why}, and no tool that takes such names is named nearby");
            Ok((Layout::named(*name), why))
        }
        ([], _) => Err(several(tree, shape)),
        _ => Err(several(tree, &hinted)),
    }
}

fn several(tree: &Tree, fit: &[(LayoutName, String)]) -> InputError {
    let options: Vec<_> = fit
        .iter()
        .map(|(name, _)| format!("`--layout {name}`"))
        .collect();
    let hint = format!("say which tool runs it: {}", options.join(" or "));
    InputError::layouts(tree.root(), "fits more than one layout", fit, hint)
}

fn none(tree: &Tree, no: &[(LayoutName, String)]) -> InputError {
    let within = tree
        .all_folders()
        .into_iter()
        .take(SEARCHED)
        .find(|name| Tree::open(&tree.path(name)).is_ok_and(|below| fits(&below)));
    let hint = match within {
        Some(name) => format!("is it `{}`?", tree.path(name).display()),
        None => "name the folder that holds the migrations, or say with `--layout` what it is"
            .to_owned(),
    };
    InputError::layouts(tree.root(), "fits no layout", no, hint)
}

/// Whether any layout would take the folder.
fn fits(tree: &Tree) -> bool {
    let mut fits = LayoutName::ALL
        .iter()
        .map(|&name| (Layout::named(name).fit)(tree));
    fits.any(|fit| matches!(fit, Ok(Fit::Sure(_) | Fit::Shape(_))))
}
