//! Detection of a folder's layout.
//!
//! Content that only one tool writes decides. If only the names are evidence and several tools
//! would accept them, a file of one of those tools nearby decides, the nearest first. Numbered
//! files that sqlx, wrangler or an application itself might run, with none of those tools nearby,
//! are the application's own; pairs of `.up.sql` and `.down.sql` whose number is a time of 14
//! digits are sqlx's, unless the project is in Go. Anything else is refused, because each tool has
//! its own transactions and foreign keys, and a guess would judge a different tool's work.

use crate::fit::Fit;
use crate::input_error::InputError;
use crate::layout::Layout;
use crate::layout_name::LayoutName;
use crate::options::Options;
use crate::project_files;
use crate::remedy::Remedy;
use crate::source_tree::Tree;
use crate::sqlx;

/// In how many folders below one that does not fit a better one is looked for.
const SEARCHED: usize = 100;

/// The layout, and the evidence for it.
pub(crate) fn detect_layout(
    tree: &Tree,
    options: &Options,
) -> Result<(Layout, String), InputError> {
    if options.gives_order() {
        return match options.layout {
            None | Some(LayoutName::Plain) => {
                let why = "the options give the order".to_owned();
                Ok((Layout::named(LayoutName::Plain), why))
            }
            Some(other) => {
                let what =
                    format!("has an order of its own in the options and the layout `{other}`");
                let hint = "remove the option `layout`, or the options `order` and `down`";
                Err(InputError::new(tree.root(), &what, hint))
            }
        };
    }
    if let Some(name) = options.layout {
        return Ok((Layout::named(name), "the options name it".to_owned()));
    }
    let (mut sure, mut shape, mut no) = (Vec::new(), Vec::new(), Vec::new());
    for &name in LayoutName::ALL {
        match (Layout::named(name).fit)(tree)? {
            Fit::Sure(why) => sure.push((name, why)),
            Fit::Shape(why) => shape.push((name, why)),
            Fit::No(why) => no.push((name, why)),
        }
    }
    // Drizzle writes the files that wrangler then runs, if wrangler is configured with the folder.
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
    let of = |name: &LayoutName| hints.iter().find(|hint| hint.tool == *name);
    // The nearest files decide; those further up may be about a different part of the repository.
    let distances = shape
        .iter()
        .filter_map(|(name, _)| Some(of(name)?.distance));
    let nearest = distances.min();
    let mut hinted = Vec::new();
    for (name, why) in shape {
        if let Some(hint) = of(name).filter(|hint| Some(hint.distance) == nearest) {
            hinted.push((*name, format!("{why}, and {}", hint.why)));
        }
    }
    let own =
        |name: &LayoutName| matches!(name, LayoutName::Plain | LayoutName::Sqlx | LayoutName::D1);
    let dated = shape.iter().find(|(name, _)| *name == LayoutName::Sqlx);
    let dated = dated.filter(|_| sqlx::has_dated_pairs(tree) && !project_files::is_go(tree.root()));
    let plain = shape.iter().find(|(name, _)| *name == LayoutName::Plain);
    match (hinted.as_slice(), plain) {
        ([(name, why)], _) => Ok((Layout::named(*name), why.clone())),
        ([], Some((name, why))) if shape.iter().all(|(name, _)| own(name)) => {
            let why = format!("{why}, and no tool that takes such names is named nearby");
            Ok((Layout::named(*name), why))
        }
        ([], None) if dated.is_some() => {
            let why = dated.map(|(_, why)| why.as_str()).unwrap_or_default();
            let why = format!("{why}; its number is a time, and no other tool is named nearby");
            Ok((Layout::named(LayoutName::Sqlx), why))
        }
        ([], _) => Err(several(tree, shape)),
        _ => Err(several(tree, &hinted)),
    }
}

fn several(tree: &Tree, fit: &[(LayoutName, String)]) -> InputError {
    let layouts = fit.iter().map(|(name, _)| *name).collect();
    InputError::layouts(tree.root(), "fits more than one layout", fit)
        .with_remedy(Remedy::ChooseLayout(layouts))
}

fn none(tree: &Tree, no: &[(LayoutName, String)]) -> InputError {
    let within = tree
        .all_folders()
        .into_iter()
        .take(SEARCHED)
        .find(|name| Tree::open(&tree.path(name)).is_ok_and(|below| fits(&below)));
    let error = InputError::layouts(tree.root(), "fits no layout", no);
    match within {
        Some(name) => error.with_hint(format!("is it `{}`?", tree.path(name).display())),
        None => error.with_remedy(Remedy::NameFolderOrLayout),
    }
}

/// Whether any layout would take the folder.
fn fits(tree: &Tree) -> bool {
    let mut fits = LayoutName::ALL
        .iter()
        .map(|&name| (Layout::named(name).fit)(tree));
    fits.any(|fit| matches!(fit, Ok(Fit::Sure(_) | Fit::Shape(_))))
}
