//! Reads a folder as its tool would.

#![expect(
    clippy::disallowed_methods,
    reason = "a folder of migrations is read here, and nowhere else in this crate"
)]

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use crate::collect::Reading;
use crate::detect;
use crate::history::History;
use crate::input_error::InputError;
use crate::layout_name::LayoutName;
use crate::options::Options;
use crate::selection;
use crate::source_tree::Tree;

/// Reads a folder of migrations as its tool would.
///
/// # Errors
///
/// The folder cannot be read, something in it leads outside or is no text, no layout fits or more
/// than one does, or the SQL has a name in it that [`Options::defines`] does not say.
pub fn read(root: &Path, options: &Options) -> Result<History, InputError> {
    read_tree(Tree::open(root)?, options)
}

/// Reads the folder `root` as it would be with these files, given by their paths below it with `/`,
/// such as those of an earlier revision.
///
/// # Errors
///
/// As [`read`].
pub fn read_files(
    root: &Path,
    files: BTreeMap<String, Vec<u8>>,
    options: &Options,
) -> Result<History, InputError> {
    read_tree(Tree::of_files(root, files), options)
}

fn read_tree(mut tree: Tree, options: &Options) -> Result<History, InputError> {
    let root = tree.root().to_owned();
    selection::select(&mut tree, options);
    let (layout, reason) = detect::detect_layout(&tree, options)?;
    let mut reading = (layout.read)(&tree, options)?;
    for (path, why) in tree.odd() {
        reading.aside(path, why);
    }
    let nothing = reading.steps.is_empty() && reading.gaps.is_empty() && reading.faults.is_empty();
    if !nothing {
        unread(&tree, layout.name, &mut reading);
    }
    if nothing {
        return Err(InputError::nothing(&root, layout.name));
    }
    Ok(History {
        layout: layout.name.as_str(),
        reason,
        root,
        steps: reading.steps,
        gaps: reading.gaps,
        faults: reading.faults,
        base: reading.base,
    })
}

/// Reports files of SQL that the layout does not read, those of a folder together: what is in them
/// is not judged.
fn unread(tree: &Tree, layout: LayoutName, reading: &mut Reading) {
    let steps = reading.steps.iter();
    let scripts = steps.flat_map(|step| step.up.iter().chain(step.down.script()));
    let mut known: BTreeSet<&str> = scripts.map(|script| script.file.as_str()).collect();
    known.extend(reading.gaps.iter().map(|gap| gap.file.as_str()));
    known.extend(reading.faults.iter().map(|fault| fault.file.as_str()));
    // A gap may name the folder of a step.
    let within = |file: &str, folder: &&str| {
        let rest = file.strip_prefix(*folder);
        rest.is_some_and(|rest| rest.starts_with('/'))
    };
    let is_sql = |file: &&str| {
        let ending = file.len().saturating_sub(".sql".len());
        (file.get(ending..)).is_some_and(|ending| ending.eq_ignore_ascii_case(".sql"))
    };
    // What sqitch runs to check a change does not change anything.
    let checks = |file: &str| layout == LayoutName::Sqitch && file.starts_with("verify/");
    let is_known = |file: &str| {
        known.contains(file) || checks(file) || known.iter().any(|own| within(file, own))
    };
    let files = tree.all_files().into_iter().filter(is_sql);
    let rest: Vec<&str> = files.filter(|file| !is_known(file)).collect();
    if rest.is_empty() {
        return;
    }
    // A file may have been read under the name of a link to it.
    let real = |file: &str| fs::canonicalize(tree.path(file)).ok();
    let read: BTreeSet<PathBuf> = known.iter().filter_map(|file| real(file)).collect();
    let mut folders: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for file in rest {
        if real(file).is_some_and(|path| read.contains(&path)) {
            continue;
        }
        let (folder, name) = file.rsplit_once('/').unwrap_or(("", file));
        folders.entry(folder).or_default().push(name);
    }
    let mut gaps: Vec<(String, String)> = Vec::new();
    for (folder, names) in folders {
        match (folder, names.as_slice()) {
            ("", names) => {
                let own = names.iter().map(|name| {
                    let why = format!("`{layout}` does not read it under this name");
                    ((*name).to_owned(), why)
                });
                gaps.extend(own);
            }
            (folder, [name]) => {
                let why = format!("`{layout}` does not read it in this folder");
                gaps.push((format!("{folder}/{name}"), why));
            }
            (folder, names) => {
                let count = names.len();
                let why =
                    format!("{count} files of SQL are in it, which `{layout}` does not read there");
                gaps.push((format!("{folder}/"), why));
            }
        }
    }
    for (file, why) in gaps {
        reading.aside(file, why);
    }
}
