//! The planted engines as text, and their insertion into a copy of the workspace.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::{Failure, project};

/// The folder of the engines, below the root.
const FOLDER: &str = "fixtures/planted/engines";

/// The sources that contain them, below the root.
const SOURCES: &str = "crates/migrations/src";

/// The check that must find an engine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Finder {
    /// The default proof.
    Proof,
    /// The proof with `--deep`.
    Deep,
    /// Only tests.
    Tests,
}

impl fmt::Display for Finder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Finder::Proof => "the proof finds it",
            Finder::Deep => "`--deep` finds it",
            Finder::Tests => "tests find it",
        })
    }
}

/// One mistake in the engine.
#[derive(Debug)]
pub(super) struct Planted {
    pub(super) name: String,
    pub(super) finder: Finder,
    changes: Vec<Change>,
}

/// One replaced expression.
#[derive(Debug)]
struct Change {
    file: String,
    sound: String,
    planted: String,
}

/// Reads all engines, by name.
pub(super) fn read(root: &Path) -> Result<Vec<Planted>, Failure> {
    let folder = root.join(FOLDER);
    let cannot = |error: io::Error| Failure::new(format!("cannot read `{FOLDER}`: {error}"));
    let mut paths: Vec<PathBuf> = fs::read_dir(&folder)
        .map_err(cannot)?
        .filter_map(Result::ok)
        .map(|entry| entry.path())
        .filter(|path| path.extension().is_some_and(|end| end == "txt"))
        .collect();
    paths.sort();
    let one = |path: &PathBuf| {
        let name = path
            .file_stem()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        let text = fs::read_to_string(path).map_err(cannot)?;
        parse(&name, &text.replace("\r\n", "\n"))
            .map_err(|error| Failure::new(format!("`{FOLDER}/{name}.txt`: {error}")))
    };
    paths.iter().map(one).collect()
}

fn parse(name: &str, text: &str) -> Result<Planted, String> {
    let mut parts = text.split("\n=== sound ");
    let head = parts.next().unwrap_or_default();
    let finder = head
        .lines()
        .find_map(|line| line.strip_prefix("found by: "));
    let finder = match finder.map(str::trim) {
        Some("proof") => Finder::Proof,
        Some("deep") => Finder::Deep,
        Some("tests") => Finder::Tests,
        _ => return Err("a line `found by: proof`, `deep` or `tests` is missing".to_owned()),
    };
    let change = |part: &str| {
        let (file, rest) = part.split_once('\n')?;
        let (sound, planted) = rest.split_once("\n=== planted\n")?;
        Some(Change {
            file: file.trim().to_owned(),
            sound: sound.trim().to_owned(),
            planted: planted.trim().to_owned(),
        })
    };
    let changes: Option<Vec<Change>> = parts.map(change).collect();
    match changes {
        Some(changes) if !changes.is_empty() => Ok(Planted {
            name: name.to_owned(),
            finder,
            changes,
        }),
        _ => Err("there is no `=== sound FILE` with a `=== planted` after it".to_owned()),
    }
}

/// Updates the copy, with all engines in it. An unchanged file is not written, so that only changes
/// are compiled again.
pub(super) fn copy(
    root: &Path,
    copy: &Path,
    all: &[Planted],
    variable: &str,
) -> Result<(), Failure> {
    let cannot =
        |what: &str, error: io::Error| Failure::new(format!("cannot copy `{what}`: {error}"));
    let mut wanted = Vec::new();
    for file in project::tracked_files(root)? {
        let bytes = match fs::read(root.join(&file)) {
            Ok(bytes) => bytes,
            // The file was removed, and git does not know yet.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(cannot(&file, error)),
        };
        let bytes = match file.strip_prefix(SOURCES) {
            Some(source) => {
                let text = String::from_utf8_lossy(&bytes).replace("\r\n", "\n");
                plant(source.trim_start_matches('/'), text, all)?.into_bytes()
            }
            None => bytes,
        };
        wanted.push((file, bytes));
    }
    let unknown = all
        .iter()
        .flat_map(|own| own.changes.iter().map(move |change| (own, change)));
    for (own, change) in unknown {
        let file = format!("{SOURCES}/{}", change.file);
        if !wanted.iter().any(|(known, _)| *known == file) {
            return Err(Failure::new(format!(
                "`{FOLDER}/{}.txt`: there is no `{file}`",
                own.name
            )));
        }
    }
    wanted.push((
        format!("{SOURCES}/planted.rs"),
        module(variable).into_bytes(),
    ));
    for (file, bytes) in &wanted {
        let path = copy.join(file);
        if fs::read(&path).is_ok_and(|now| now == *bytes) {
            continue;
        }
        if let Some(folder) = path.parent() {
            fs::create_dir_all(folder).map_err(|error| cannot(file, error))?;
        }
        fs::write(&path, bytes).map_err(|error| cannot(file, error))?;
    }
    remove_others(copy, copy, &wanted).map_err(|error| cannot("the copy", error))
}

/// Removes the files that are in the copy but not in the workspace.
fn remove_others(copy: &Path, folder: &Path, wanted: &[(String, Vec<u8>)]) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            remove_others(copy, &path, wanted)?;
            continue;
        }
        let name = path.strip_prefix(copy).unwrap_or(&path);
        let name = name.to_string_lossy().replace('\\', "/");
        if !wanted.iter().any(|(file, _)| *file == name) {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// The text of a source with all of its engines planted.
fn plant(source: &str, text: String, all: &[Planted]) -> Result<String, Failure> {
    let mut changes: Vec<(&Planted, &Change)> = all
        .iter()
        .flat_map(|own| own.changes.iter().map(move |change| (own, change)))
        .filter(|(_, change)| change.file == source)
        .collect();
    // An engine inside a second one is planted later, in the sound part of the outer engine.
    changes.sort_by_key(|(_, change)| std::cmp::Reverse(change.sound.len()));
    let mut planted = text.clone();
    for (own, change) in changes {
        let times = text.matches(&change.sound).count();
        if times != 1 {
            let message = format!(
                "`{FOLDER}/{}.txt`: its sound expression occurs {times} times in \
                 `{SOURCES}/{source}`",
                own.name
            );
            return Err(Failure::new(message).hint(
                "it must occur once: copy it from the current source, with more text around it",
            ));
        }
        let Some(at) = planted.rfind(&change.sound) else {
            return Err(Failure::new(format!(
                "`{FOLDER}/{}.txt`: its sound expression overlaps that of another engine",
                own.name
            )));
        };
        let name = &own.name;
        let Change {
            sound,
            planted: bug,
            ..
        } = change;
        let expression =
            format!("(if crate::planted::is(\"{name}\") {{ {bug} }} else {{ {sound} }})");
        planted.replace_range(at..at + sound.len(), &expression);
    }
    if source == "lib.rs" {
        planted.push_str("\nmod planted;\n");
    }
    Ok(planted)
}

/// The module that knows which engine is active.
fn module(variable: &str) -> String {
    format!(
        "//! The active planted engine.\n\nuse std::sync::OnceLock;\n\n\
         pub(crate) fn is(name: &str) -> bool {{\n    \
         static CHOSEN: OnceLock<Option<String>> = OnceLock::new();\n    \
         CHOSEN.get_or_init(|| std::env::var(\"{variable}\").ok()).as_deref() == Some(name)\n}}\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str =
        "A mistake.\n\nfound by: proof\n\n=== sound a.rs\none(two)\n=== planted\nthree\n";

    #[test]
    fn an_expression_is_wrapped_where_it_stands() {
        let own = parse("wrong", TEXT).unwrap();
        let planted = plant("a.rs", "let x = one(two);".to_owned(), &[own]).unwrap();
        assert_eq!(
            planted,
            "let x = (if crate::planted::is(\"wrong\") { three } else { one(two) });"
        );
    }

    #[test]
    fn one_within_another_is_planted_in_the_sound_part() {
        let inner = TEXT
            .replace("one(two)", "two")
            .replace("three", "two + two");
        let all = [
            parse("outer", TEXT).unwrap(),
            parse("inner", &inner).unwrap(),
        ];
        let planted = plant("a.rs", "one(two)".to_owned(), &all).unwrap();
        assert!(
            planted.contains("else { one((if crate::planted::is(\"inner\")"),
            "{planted}"
        );
    }

    #[test]
    fn an_expression_that_is_gone_or_stands_twice_is_an_error_that_names_the_file() {
        for (text, times) in [("", "0 times"), ("one(two) one(two)", "2 times")] {
            let own = parse("wrong", TEXT).unwrap();
            let error = plant("a.rs", text.to_owned(), &[own])
                .unwrap_err()
                .to_string();
            assert!(
                error.contains("wrong.txt") && error.contains(times),
                "{error}"
            );
        }
    }

    #[test]
    fn every_engine_stands_where_its_file_says() {
        let root = crate::project::root().unwrap();
        let all = read(&root).unwrap();
        assert!(!all.is_empty());
        for own in &all {
            for change in &own.changes {
                let path = root.join(SOURCES).join(&change.file);
                let text = fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
                let times = text.matches(&change.sound).count();
                assert_eq!(times, 1, "{}: {}", own.name, change.sound);
            }
        }
    }
}
