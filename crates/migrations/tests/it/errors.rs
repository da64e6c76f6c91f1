//! Every error is provoked by a test of its name, and its whole text is a snapshot.

use std::collections::BTreeSet;

/// The folder of the constructors, with a file for each kind of error.
const ERRORS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/src/error");

const TESTS: [&str; 4] = [
    include_str!("errors_of_backups.rs"),
    include_str!("errors_of_files.rs"),
    include_str!("errors_of_paths.rs"),
    include_str!("errors_of_steps.rs"),
];

fn names<'a>(source: &'a str, before: &str) -> BTreeSet<&'a str> {
    source
        .lines()
        .filter_map(|line| line.strip_prefix(before))
        .filter_map(|rest| rest.split('(').next())
        .collect()
}

#[test]
fn each_constructor_has_a_test() {
    let files = std::fs::read_dir(ERRORS).unwrap();
    let sources: Vec<String> = files
        .map(|file| std::fs::read_to_string(file.unwrap().path()).unwrap())
        .collect();
    let constructors: BTreeSet<&str> = sources
        .iter()
        .flat_map(|source| names(source, "pub(crate) fn "))
        .collect();
    assert!(constructors.len() > 30, "read {}", constructors.len());
    let tested: BTreeSet<&str> = TESTS.iter().flat_map(|text| names(text, "fn ")).collect();
    let untested: Vec<_> = constructors.difference(&tested).collect();
    assert!(untested.is_empty(), "no test for {untested:?}");
}

/// One voice: a lower-case start, no full stop, each hint on its own line.
#[test]
fn all_messages_speak_with_one_voice() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/snapshots");
    let mut seen = 0;
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if !path.display().to_string().contains("it__errors_of_") {
            continue;
        }
        seen += 1;
        let text = std::fs::read_to_string(&path).unwrap();
        let body = text.splitn(3, "---\n").nth(2).unwrap();
        let first = body.lines().next().unwrap();
        let message = first.strip_prefix("error: ").unwrap();
        assert!(
            !message.starts_with(char::is_uppercase) || message.starts_with("SQLite"),
            "{path:?}: {first}"
        );
        assert!(body.contains("hint: "), "{path:?} has no hint");
        let outcome = body.matches("the file is as it was\n").count();
        let no_file = [
            "catalogue_",
            "way_back_",
            "_missing",
            "_unreadable",
            "_of_memory",
            "_onto_itself",
            "inside_transaction",
            "__path_",
            "cannot_reach",
            "not_a_",
            "hard_linked",
        ];
        let name = path.display().to_string();
        let no_file = no_file.iter().any(|part| name.contains(part));
        assert!(outcome == 1 || no_file, "{path:?}");
        for line in body.lines() {
            let ours = line.starts_with("error: ") || line.starts_with("hint: ");
            assert!(!ours || !line.ends_with('.'), "{path:?}: {line}");
        }
    }
    assert!(seen >= 30, "{seen} snapshots");
}

/// Each `module::test` in the docs is an existing test.
#[test]
fn the_docs_name_tests_that_exist() {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/");
    let read = |path: &str| std::fs::read_to_string(format!("{root}{path}")).unwrap();
    let docs = [read("src/lib.rs"), read("../../docs/red-flags.md")];
    let mut named = 0;
    for word in docs.iter().flat_map(|text| text.split('`')) {
        let Some((module, test)) = word.split_once("::") else {
            continue;
        };
        let lower = |name: &str| name.chars().all(|c| c.is_ascii_lowercase() || c == '_');
        if !(lower(module) && lower(test) && !module.is_empty()) {
            continue;
        }
        named += 1;
        let source = read(&format!("tests/it/{module}.rs"));
        assert!(source.contains(&format!("fn {test}(")), "no test `{word}`");
    }
    assert!(named > 10, "{named} tests named");
}
