//! Plain language and short lines: what `docs`, sources and snapshots must not contain.

use std::fs;
use std::path::Path;

use xtask::{Failure, project, say};

/// The longest line of a source, in characters.
const COLUMNS: usize = 100;

/// Words and phrases that readers have to guess at, each with the usual ones.
const PHRASES: [(&str, &str); 22] = [
    ("told", "reported, named, known from"),
    ("tell", "report, say, show"),
    ("tells", "reports, says, shows"),
    ("telling", "reporting"),
    ("stands", "is, goes, has"),
    ("mend", "fix, correct, repair"),
    ("mends", "fixes, repairs"),
    ("mended", "fixed, repaired"),
    ("blanks", "whitespace"),
    ("behind", "after, below, later than"),
    ("tour", "random walk"),
    ("another one", "different, changed"),
    ("taken for", "read as, mistaken for"),
    ("in other worlds", "under other storage configurations"),
    ("nobody fails", "none fails"),
    ("steps back from", "drops from"),
    ("to be undone", "as reverted"),
    ("for undone", "as reverted"),
    ("which there is not", "which is unknown"),
    ("it takes a null", "only for rows with NULL"),
    ("it takes an application", "only if the application"),
    ("who dies", "a crash"),
];

/// Folders and files whose bytes are frozen, or that quote others.
const EXCEPT: [&str; 6] = [
    "fixtures/",
    // Made from the notes of frozen versions.
    "docs/development/MIGRATIONS.md",
    "docs/database.md",
    "crates/traininglogs/versions/",
    "crates/lint/tests/it/sarif/",
    "xtask/structure/src/language.rs",
];

/// Quoted from the notes of frozen versions, as a program prints them.
const QUOTED: &str = "stands nowhere else";

/// Looks at every source, page and snapshot that git tracks.
///
/// # Errors
/// The lines, each with the reason; and when the files cannot be listed or read.
pub(crate) fn check(root: &Path) -> Result<(), Failure> {
    let mut found = Vec::new();
    let mut files = project::tracked_files(root)?;
    files.retain(|name| is_read(name));
    for file in &files {
        let Ok(text) = fs::read_to_string(root.join(file)) else {
            continue;
        };
        found.extend(lines(file, &text));
    }
    if files.is_empty() {
        return Err(Failure::new("there is no file to read"));
    }
    if found.is_empty() {
        say!("{} files in plain language", files.len());
        return Ok(());
    }
    let hint = "write the usual word; CONTRIBUTING.md says more in its section \"Language\"";
    Err(Failure::new(found.join("\n")).hint(hint))
}

/// Whether a file is one that people read and write here.
fn is_read(name: &str) -> bool {
    let kinds = [".rs", ".md", ".snap", ".yml"];
    kinds.iter().any(|kind| name.ends_with(kind))
        && !EXCEPT.iter().any(|except| name.starts_with(except))
}

/// The complaints about one file, a line each.
fn lines(file: &str, text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let source = file.ends_with(".rs");
    let mut in_doc = false;
    for (at, line) in text.lines().enumerate() {
        let mut complain = |why: String| found.push(format!("{file}:{}: {why}", at + 1));
        let width = line.chars().count();
        if source && width > COLUMNS && !line.contains("://") {
            complain(format!("{width} columns"));
        }
        let doc = doc_text(line).filter(|_| source);
        if let Some(first) = doc.filter(|_| !in_doc).and_then(first_word)
            && ["What", "Who"].contains(&first)
        {
            complain(format!("a doc comment begins with `{first}`"));
        }
        in_doc = doc.is_some();
        let own = line.replace(QUOTED, "").to_lowercase();
        for (phrase, instead) in PHRASES {
            if has_phrase(&own, phrase) {
                complain(format!("`{phrase}`: {instead}"));
            }
        }
    }
    found
}

fn doc_text(line: &str) -> Option<&str> {
    let line = line.trim_start();
    let docs = ["///", "//!"];
    docs.iter().find_map(|start| line.strip_prefix(start))
}

fn first_word(text: &str) -> Option<&str> {
    text.split_whitespace().next()
}

/// Whether `phrase` is in `line` as whole words. Both are in lower case.
fn has_phrase(line: &str, phrase: &str) -> bool {
    let is_part = |c: char| c.is_alphanumeric() || c == '_' || c == '-';
    line.match_indices(phrase).any(|(at, found)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + found.len()..);
        let after = after.and_then(|text| text.chars().next());
        !before.is_some_and(is_part) && !after.is_some_and(is_part)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn planted_phrases_docs_and_long_lines_are_found() {
        let long = format!("let x = \"{}\";", "a".repeat(100));
        let text =
            format!("//! What it does.\n/// Fine.\n/// What follows.\n{long}\n// Is TOLD so.\n");
        let found = lines("a.rs", &text);
        let want = [
            "a.rs:1: a doc comment begins with `What`",
            "a.rs:4: 111 columns",
            "a.rs:5: `told`: reported, named, known from",
        ];
        assert_eq!(found, want);
        assert_eq!(lines("a.md", "the tool records it for undone").len(), 1);
    }

    #[test]
    fn near_misses_pass() {
        let text = "/// Whatever it is.\n/// What follows on a later line.\nlet is_told = 1;\n\
                    // See <https://example.com/a>. Detour, untold, stand-in.\n";
        assert_eq!(lines("a.rs", text), Vec::<String>::new());
        // Prose may have long lines.
        assert_eq!(lines("a.md", &"a ".repeat(100)), Vec::<String>::new());
    }
}
