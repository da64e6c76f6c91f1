//! The names of numbered files and of folders of versions.

use std::cmp::Ordering;

use crate::natural::{by_value, leading_digits, natural};
use crate::source_tree::Tree;

const BACK: [&str; 4] = ["down", "undo", "rollback", "revert"];
const FORTH: [&str; 3] = ["up", "do", "deploy"];

/// Endings of files that may well be steps in another language.
const CODE: [&str; 10] = [
    ".js", ".mjs", ".cjs", ".ts", ".py", ".rb", ".go", ".rs", ".php", ".sh",
];

/// A file with a number in its name, or in the name of its folder.
pub(crate) struct Numbered<'a> {
    pub(crate) file: &'a str,
    pub(crate) digits: &'a str,
    /// Its path without direction and ending.
    pub(crate) name: &'a str,
    pub(crate) code: bool,
    pub(crate) back: bool,
}

impl Numbered<'_> {
    /// The order in which an application would run two files.
    pub(crate) fn order(&self, other: &Numbered<'_>) -> Ordering {
        let folder = |path: &str| {
            path.rsplit_once('/')
                .map_or("", |(folder, _)| folder)
                .to_owned()
        };
        natural(&folder(self.file), &folder(other.file))
            .then_with(|| by_value(self.digits, other.digits))
            .then_with(|| natural(self.file, other.file))
    }

    /// The folder and the number, which no two files should share.
    pub(crate) fn version(&self) -> String {
        let value = self.digits.trim_start_matches('0');
        let value = if value.is_empty() { "0" } else { value };
        match self.file.rsplit_once('/') {
            Some((folder, _)) => format!("{folder}/{value}"),
            None => value.to_owned(),
        }
    }
}

/// The files of a folder that may have a number: those right in it or, if none of these is SQL with
/// a number, those in its folders of versions, such as `v1` or `2.0`.
pub(crate) fn candidates(tree: &Tree) -> Vec<&str> {
    let own = tree.files("");
    let numbered = |file: &&str| parse(file).is_some_and(|file| !file.code);
    if own.iter().any(numbered) {
        return own;
    }
    let in_versions = |path: &&str| {
        let mut folders = path.split('/').rev().skip(1).peekable();
        folders.peek().is_some() && folders.all(is_version)
    };
    let files = tree.all_files().into_iter().filter(in_versions);
    own.into_iter().chain(files).collect()
}

/// Whether a folder is named like a version: a number with dots, after a word at most.
fn is_version(folder: &str) -> bool {
    let number = folder.trim_start_matches(|c: char| c.is_ascii_alphabetic());
    let number = number.trim_start_matches(['-', '_']);
    number.starts_with(|c: char| c.is_ascii_digit())
        && number
            .chars()
            .all(|c| c.is_ascii_digit() || ['.', '-', '_'].contains(&c))
}

/// The number, the name and the direction of a file; `None` if it has no number.
pub(crate) fn parse(path: &str) -> Option<Numbered<'_>> {
    let code = CODE.iter().find_map(|ending| path.strip_suffix(ending));
    let whole = path.strip_suffix(".sql").or(code)?;
    let (folder, stem) = whole.rsplit_once('/').unwrap_or(("", whole));
    let is = |words: &[&str]| words.iter().any(|word| stem.eq_ignore_ascii_case(word));
    if !folder.is_empty() && (is(&BACK) || is(&FORTH)) {
        let at = folder.rfind('/').map_or(0, |slash| slash + 1);
        let last = folder.get(at..).unwrap_or_default();
        let number = last.trim_start_matches(|c: char| !c.is_ascii_digit());
        return Some(Numbered {
            file: path,
            digits: leading_digits(number).0,
            name: folder,
            code: code.is_some(),
            back: is(&BACK),
        });
    }
    let at = stem.find(|c: char| c.is_ascii_digit())?;
    let (before, rest) = stem.split_at(at);
    let (digits, _) = leading_digits(rest);
    // `V1__name` and its kind are two tools' own; and a number deep in a name is no order.
    if ["V", "U", "B", "|"].contains(&before) && stem.contains("__") {
        return None;
    }
    let word = before.trim_end_matches(['-', '_', '.', ' ']);
    if !word.chars().all(|c| c.is_ascii_alphabetic()) {
        return None;
    }
    let (name, back) = match direction(whole) {
        Some((name, back)) => (name, back),
        None => (whole, false),
    };
    Some(Numbered {
        file: path,
        digits,
        name,
        code: code.is_some(),
        back,
    })
}

/// The text before a direction at the end of a name, and whether the direction is the down
/// migration.
fn direction(name: &str) -> Option<(&str, bool)> {
    let (before, last) = name.rsplit_once(['.', '_', '-'])?;
    let is = |words: &[&str]| words.iter().any(|word| last.eq_ignore_ascii_case(word));
    let back = is(&BACK);
    // `_up` may well be the end of a name that says something else: only a dot is sure of it.
    let forth = is(&FORTH) && name.contains(&format!(".{last}"));
    (back || forth).then_some((before, back))
}
