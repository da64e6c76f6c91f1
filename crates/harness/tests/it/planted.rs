//! Each law catches its planted bugs, and no other law does unless the bug lists it; near misses
//! pass.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use harness::{LAWS, Settings};

use crate::case::Case;

/// The minimum number of bugs, and of near misses, that each law has as text. The engines in
/// `interruption.rs` and `starters.rs` are additional ones.
const ENOUGH: usize = 3;

fn planted() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/planted")
}

fn cases(law: &str) -> Vec<PathBuf> {
    let folder = planted().join(law.replace(' ', "_"));
    let entries =
        fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths
}

/// The findings in one case.
struct Judged {
    broken: BTreeSet<String>,
    also: BTreeSet<String>,
    text: String,
}

fn check(path: &Path) -> Judged {
    let case = Case::read(path);
    let report = case.verify(&Settings::default());
    let broken = report.laws.iter().filter(|law| !law.broken.is_empty());
    Judged {
        broken: broken.map(|law| law.name.to_owned()).collect(),
        also: case.also.into_iter().collect(),
        text: report.to_text(),
    }
}

/// Runs all cases on all cores, because a single case leaves most cores idle.
fn judge_all() -> BTreeMap<PathBuf, Judged> {
    let paths: Vec<PathBuf> = LAWS.iter().flat_map(|law| cases(law.name)).collect();
    let next = AtomicUsize::new(0);
    let judged = Mutex::new(BTreeMap::new());
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(|| {
                while let Some(path) = paths.get(next.fetch_add(1, Ordering::Relaxed)) {
                    let found = check(path);
                    judged.lock().unwrap().insert(path.clone(), found);
                }
            });
        }
    });
    judged.into_inner().unwrap()
}

#[test]
fn every_law_catches_its_bugs_and_lets_near_misses_pass() {
    let mut wrong = String::new();
    let judged = judge_all();
    for law in LAWS {
        let (mut bugs, mut misses) = (0, 0);
        for path in cases(law.name) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            let Judged { broken, also, text } = &judged[&path];
            let mut expected = also.clone();
            if name.starts_with("bug") {
                bugs += 1;
                expected.insert(law.name.to_owned());
            } else {
                assert!(
                    name.starts_with("near_miss"),
                    "{}: neither bug nor near miss",
                    path.display()
                );
                misses += 1;
            }
            if *broken != expected {
                wrong += &format!(
                    "{name} of \"{}\": {broken:?}
{text}
",
                    law.name
                );
            }
        }
        assert!(
            bugs >= ENOUGH && misses >= ENOUGH,
            "\"{}\" has {bugs} bugs and {misses} near misses, and {ENOUGH} of each are needed",
            law.name
        );
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_folder_belongs_to_a_law() {
    for entry in fs::read_dir(planted()).unwrap() {
        let path = entry.unwrap().path();
        // Mistakes in the engine, for `cargo xtask sabotage`.
        if path.is_dir() && !path.ends_with("engines") {
            let name = path
                .file_name()
                .unwrap()
                .to_string_lossy()
                .replace('_', " ");
            assert!(
                LAWS.iter().any(|law| law.name == name),
                "no law is called \"{name}\""
            );
        }
    }
}

/// `cargo test -p harness --test it -- --ignored --nocapture table_of` prints by what each bug was
/// found.
#[test]
#[ignore = "it proves nothing: it prints what the other tests know"]
fn table_of_planted_bugs() {
    for law in LAWS {
        for path in cases(law.name) {
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            if !name.starts_with("bug") {
                continue;
            }
            let report = Case::read(&path).verify(&Settings::default());
            let own = report.laws.iter().find(|own| own.name == law.name).unwrap();
            let first = &own.broken[0];
            let (found, checked, generated) = (own.broken.len(), own.checked, report.generated);
            let (journey, data) = (&first.journey, &first.data);
            println!(
                "{} | {name} | {journey} {data} | {found} of {checked} checked, \
                 {generated} generated",
                law.name
            );
        }
    }
}
