//! The step that a text names, as people type it: a name, a file, a path, a number or the beginning
//! of one.

use folders::{History, Migration};

/// The place of the step that `text` names.
///
/// # Errors
/// The names of the steps that fit, where it is not exactly one.
pub(crate) fn find_step(history: &History, text: &str) -> Result<usize, Vec<String>> {
    let typed = text.replace('\\', "/");
    let typed = typed.trim_end_matches('/');
    let tests: [&dyn Fn(&Migration) -> bool; 5] = [
        &|step| step.name == text,
        &|step| files(step).any(|file| is_path_of(typed, file)),
        &|step| folders(step).any(|folder| is_path_of(typed, folder)),
        &|step| number(&step.name).is_some_and(|own| Some(own) == whole_number(typed)),
        &|step| step.name.starts_with(last_part(typed)) || plain(step).starts_with(typed),
    ];
    for fits in tests {
        let steps = history.steps.iter().enumerate();
        let found: Vec<usize> = steps
            .filter(|(_, step)| fits(step))
            .map(|(place, _)| place)
            .collect();
        match found.as_slice() {
            [] => {}
            [place] => return Ok(*place),
            several => {
                let names = several.iter().filter_map(|place| history.steps.get(*place));
                return Err(names.map(|step| step.name.clone()).collect());
            }
        }
    }
    Err(Vec::new())
}

/// The first of some names, for a message.
pub(crate) fn join_names(names: &[String]) -> String {
    const MOST: usize = 5;
    let shown: Vec<String> = (names.iter().take(MOST))
        .map(|name| format!("`{name}`"))
        .collect();
    let more = names.len().saturating_sub(MOST);
    let more = (more > 0).then(|| format!(" and {more} more"));
    format!("{}{}", shown.join(", "), more.unwrap_or_default())
}

fn files(step: &Migration) -> impl Iterator<Item = &str> {
    let scripts = step.up.iter().chain(step.down.script());
    scripts.map(|script| script.file.as_str())
}

/// The folders of the files, where a step has a folder of its own.
fn folders(step: &Migration) -> impl Iterator<Item = &str> {
    let folders = files(step).filter_map(|file| Some(file.rsplit_once('/')?.0));
    folders.filter(|folder| last_part(folder) == step.name)
}

/// Whether a text names a file of the folder: by its path, from here or from the folder, with or
/// without its extensions.
fn is_path_of(typed: &str, file: &str) -> bool {
    let ends = |text: &str, end: &str| {
        let rest = text.strip_suffix(end);
        rest.is_some_and(|rest| rest.is_empty() || rest.ends_with('/'))
    };
    let stem = file.strip_suffix(".sql").unwrap_or(file);
    let bare = stem.strip_suffix(".up").or(stem.strip_suffix(".down"));
    let sql = bare.map(|bare| format!("{bare}.sql"));
    let names = [Some(file), Some(stem), bare, sql.as_deref()];
    let mut names = names.into_iter().flatten();
    !typed.is_empty() && names.any(|name| ends(typed, name) || ends(name, typed))
}

fn last_part(path: &str) -> &str {
    path.rsplit('/').next().unwrap_or(path)
}

/// The name of a step without the letter and the zeros with which it begins.
fn plain(step: &Migration) -> &str {
    let name = step.name.trim_start_matches(['V', 'v']);
    name.trim_start_matches('0')
}

/// The number with which a name begins, without zeros.
fn number(name: &str) -> Option<&str> {
    let name = name.trim_start_matches(['V', 'v']);
    let end = name.find(|c: char| !c.is_ascii_digit());
    let digits = name.get(..end.unwrap_or(name.len()))?;
    (!digits.is_empty()).then(|| digits.trim_start_matches('0'))
}

/// The number that a text is, without zeros.
fn whole_number(text: &str) -> Option<&str> {
    let is_number = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    is_number.then(|| text.trim_start_matches('0'))
}

#[cfg(test)]
mod tests {
    use std::path::PathBuf;

    use folders::{Down, Script};

    use super::*;

    fn history(files: &[(&str, &str)]) -> History {
        let steps = files.iter().map(|(name, file)| Migration {
            name: (*name).to_owned(),
            up: Some(Script {
                file: (*file).to_owned(),
                line: 1,
                text: String::new(),
                pieces: Vec::new(),
            }),
            down: Down::Missing,
            no_transaction: false,
            down_no_transaction: false,
            version: (*name).to_owned(),
        });
        History {
            layout: "plain",
            reason: String::new(),
            root: PathBuf::from("migrations"),
            steps: steps.collect(),
            ..History::default()
        }
    }

    #[test]
    fn a_step_is_found_by_what_people_type() {
        let history = history(&[
            ("0001_make", "0001_make.up.sql"),
            ("0002_step", "0002_step.up.sql"),
            ("0012_step_two", "0012_step_two/up.sql"),
            ("V20__last", "old/V20__last.sql"),
        ]);
        for (text, place) in [
            ("0002_step", 1),
            ("0002_step.up.sql", 1),
            ("0002_step.sql", 1),
            ("migrations/0002_step.up.sql", 1),
            ("./db\\migrations\\0002_step.up.sql", 1),
            ("2", 1),
            ("02", 1),
            ("0002", 1),
            ("0002_s", 1),
            ("2_st", 1),
            ("12", 2),
            ("migrations/0012_step_two/", 2),
            ("migrations/0012_step_two/up.sql", 2),
            ("20", 3),
            ("V20", 3),
            ("V20__last.sql", 3),
        ] {
            assert_eq!(find_step(&history, text), Ok(place), "{text}");
        }
        let both = vec!["0001_make".to_owned(), "0002_step".to_owned()];
        assert_eq!(find_step(&history, "000"), Err(both));
        for text in ["", "3", "make", "/", "up.sql2"] {
            let found = find_step(&history, text);
            assert!(found.is_err(), "{text}: {found:?}");
        }
    }
}
