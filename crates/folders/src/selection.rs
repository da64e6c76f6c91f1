//! The files of a folder that are a part of its history: those that the options do not ignore, and
//! of a folder for several databases those for SQLite.
//!
//! A database is named by a folder (`sqlite/001_a.sql`), between dots (`001_a.sqlite.sql`), or at
//! the end of a name (`001_a_sqlite.sql`). Without the option a name of a different database counts
//! only where its counterpart for SQLite is there.

use crate::glob;
use crate::options::Options;
use crate::source_tree::Tree;

/// Words that name SQLite.
const OWN: [&str; 3] = ["sqlite", "sqlite3", "libsql"];

/// Words that name a different database.
const OTHERS: [&str; 14] = [
    "postgres",
    "postgresql",
    "pgsql",
    "psql",
    "pg",
    "mysql",
    "mariadb",
    "mssql",
    "sqlserver",
    "oracle",
    "cockroach",
    "cockroachdb",
    "clickhouse",
    "duckdb",
];

/// Where a path names a database.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Folder,
    Dots,
    End,
}

/// A database that a path names: the path before the word, and the rest.
struct Named<'a> {
    place: Place,
    before: &'a str,
    word: &'a str,
    after: &'a str,
}

/// Removes the files that are no part of the history.
pub(crate) fn select(tree: &mut Tree, options: &Options) {
    let ignored = |path: &str| {
        options
            .ignore
            .iter()
            .any(|pattern| glob::fits(pattern, path))
    };
    tree.retain(|path| !ignored(path));
    let foreign: Vec<String> = match &options.dialect {
        Some(dialect) => {
            let files = tree.all_files().into_iter();
            let other = |path: &&str| names(path).iter().any(|named| !is_of(named.word, dialect));
            files.filter(other).map(str::to_owned).collect()
        }
        None => foreign(tree),
    };
    tree.retain(|path| !foreign.iter().any(|other| other == path));
}

fn is_of(word: &str, dialect: &str) -> bool {
    let sqlite = |word: &str| OWN.iter().any(|own| word.eq_ignore_ascii_case(own));
    word.eq_ignore_ascii_case(dialect) || (sqlite(word) && sqlite(dialect))
}

/// The files for a different database whose counterpart for SQLite is there.
fn foreign(tree: &Tree) -> Vec<String> {
    let files = tree.all_files();
    let own: Vec<Named<'_>> = (files.iter().flat_map(|path| names(path)))
        .filter(|named| OWN.contains(&named.word))
        .collect();
    let folder = |path: &str| {
        path.rsplit_once('/')
            .map_or("", |(folder, _)| folder)
            .to_owned()
    };
    let has_twin = |named: &Named<'_>| {
        own.iter()
            .filter(|own| own.place == named.place)
            .any(|own| match own.place {
                Place::Folder => own.before == named.before,
                Place::Dots => folder(own.before) == folder(named.before),
                Place::End => own.before == named.before && own.after == named.after,
            })
    };
    let is_foreign = |path: &&&str| {
        names(path)
            .iter()
            .any(|named| OTHERS.contains(&named.word) && has_twin(named))
    };
    files
        .iter()
        .filter(is_foreign)
        .map(|path| (*path).to_owned())
        .collect()
}

/// The databases that a path of SQL names.
fn names(path: &str) -> Vec<Named<'_>> {
    let mut found = Vec::new();
    let mut start = 0;
    let mut add = |place, start: usize, word: &str| {
        let known = |words: &[&str]| words.contains(&word);
        let end = start + word.len();
        if let (true, Some(before), Some(word), Some(after)) = (
            known(&OWN) || known(&OTHERS),
            path.get(..start),
            path.get(start..end),
            path.get(end..),
        ) {
            found.push(Named {
                place,
                before,
                word,
                after,
            });
        }
    };
    for part in path.split('/') {
        let is_file = start + part.len() == path.len();
        if !is_file {
            add(Place::Folder, start, part);
        } else if part.ends_with(".sql") {
            let mut at = start;
            for piece in part.split('.') {
                let end = piece.rfind(['_', '-']).map_or(0, |separator| separator + 1);
                match piece.get(end..) {
                    Some(word) if end > 0 => add(Place::End, at + end, word),
                    _ => add(Place::Dots, at, piece),
                }
                at += piece.len() + 1;
            }
        }
        start += part.len() + 1;
    }
    found
}
