//! A folder of SQL whose order the options give: globs, or a file with the names, one a line. So
//! any folder of an application's own runner can be read.

use std::collections::BTreeSet;

use crate::collect::Reading;
use crate::dot_commands;
use crate::glob;
use crate::history::{Down, Migration, Script};
use crate::input_error::InputError;
use crate::options::Options;
use crate::source_tree::Tree;

/// The order where the options give only the names of down migrations.
const ALL: &str = "**/*.sql";

pub(crate) fn read(tree: &Tree, options: &Options) -> Result<Reading, InputError> {
    let mut reading = Reading::default();
    let files = tree.all_files();
    let down_of = |file: &str| {
        let path = down_path(options.down.as_deref()?, file);
        (path != file && tree.has_file(&path)).then_some(path)
    };
    let downs: BTreeSet<String> = files.iter().filter_map(|file| down_of(file)).collect();
    let mut seen = BTreeSet::new();
    for file in listed(tree, options, &mut reading)? {
        if downs.contains(&file) || !seen.insert(file.clone()) {
            continue;
        }
        let down = match (down_of(&file), &options.down) {
            (Some(path), _) => Down::of(script(tree, &path, &mut reading)?),
            (None, Some(_)) => Down::Missing,
            (None, None) => Down::Unsupported,
        };
        let mut step = Migration::named(name(&file), down);
        step.up = Some(script(tree, &file, &mut reading)?);
        reading.step(step);
    }
    Ok(reading)
}

/// The files that the options list, in their order; some may be listed twice.
fn listed(
    tree: &Tree,
    options: &Options,
    reading: &mut Reading,
) -> Result<Vec<String>, InputError> {
    let mut found = Vec::new();
    let all = [ALL.to_owned()];
    let order = if options.order.is_empty() {
        &all[..]
    } else {
        &options.order
    };
    for entry in order {
        let entry = entry.trim_start_matches("./");
        if tree.has_file(entry) && !entry.ends_with(".sql") {
            let text = tree.text(entry)?;
            for line in text.trim_start_matches('\u{feff}').lines() {
                let name = line.split('#').next().unwrap_or_default().trim();
                let name = name.trim_start_matches("./");
                let whole = [name.to_owned(), format!("{name}.sql")];
                match whole.into_iter().find(|path| tree.has_file(path)) {
                    _ if name.is_empty() => {}
                    Some(path) => found.push(path),
                    None => {
                        let why = format!("`{entry}` lists it, and there is no such file");
                        reading.aside(name, why);
                    }
                }
            }
            continue;
        }
        let within = format!("{}/**", entry.trim_end_matches('/'));
        let pattern = if tree.has_folder(entry.trim_end_matches('/')) {
            &within
        } else {
            entry
        };
        let fits = |file: &&str| file.ends_with(".sql") && glob::fits_whole(pattern, file);
        let files: Vec<&str> = tree.all_files().into_iter().filter(fits).collect();
        if files.is_empty() {
            let what = format!("has no file of SQL that fits `{entry}` of the option `order`");
            let hint = "write a path or a glob relative to the folder, such as `*.sql` or \
                        `v*/*.sql`, or the name of a file that lists the names";
            return Err(InputError::new(tree.root(), &what, hint));
        }
        found.extend(files.into_iter().map(str::to_owned));
    }
    Ok(found)
}

/// The path of a down migration: `{name}` is the name of the file without `.sql` and `.up`, and
/// `{dir}` its folder. A pattern without `/` is of a file beside it.
fn down_path(pattern: &str, file: &str) -> String {
    let (folder, _) = file.rsplit_once('/').unwrap_or(("", file));
    let stem = name(file);
    let stem = stem.rsplit_once('/').map_or(stem, |(_, stem)| stem);
    let path = pattern.trim_start_matches("./").replace("{name}", stem);
    let path = path.replace("{dir}", folder);
    match (pattern.contains('/'), folder) {
        (false, folder) if !folder.is_empty() => format!("{folder}/{path}"),
        _ => path.trim_start_matches('/').replace("//", "/"),
    }
}

fn name(file: &str) -> &str {
    let stem = file.strip_suffix(".sql").unwrap_or(file);
    stem.strip_suffix(".up").unwrap_or(stem)
}

fn script(tree: &Tree, file: &str, reading: &mut Reading) -> Result<Script, InputError> {
    let whole = Script::whole(file, &tree.text(file)?);
    Ok(dot_commands::without_commands(whole, reading))
}
