//! The two batteries: each mutation is found and named exactly, and no disguise is found at all.
//!
//! They are text files in `tests/battery`, so that a different tool can be measured with them, too.

use std::panic::catch_unwind;

use schema::{Schema, diff};

use crate::schema;

const MUTATIONS: &str = include_str!("../battery/mutations.txt");
const DISGUISES: &str = include_str!("../battery/disguises.txt");

/// A line of the mutations: the schema that it makes, and the expected lines.
struct Mutation {
    line: &'static str,
    after: String,
    expected: Vec<&'static str>,
}

/// The schema of the mutations, and all of them.
fn mutations() -> (String, Vec<Mutation>) {
    let (_, rest) = MUTATIONS.split_once("BEGIN SCHEMA\n").expect("a schema");
    let (base, rest) = rest.split_once("END SCHEMA\n").expect("its end");
    let entries = rest
        .lines()
        .filter(|line| !line.trim().is_empty() && !line.starts_with('#'));
    let mutation = |line: &'static str| {
        let (change, expected) = line.split_once("::").expect("a line has `::`");
        let (from, to) = change.split_once("=>").expect("a line has `=>`");
        let unescape = |text: &str| text.replace("\\n", "\n");
        let (from, to) = (unescape(from.trim_end_matches(' ')), unescape(to.trim()));
        let after = if from.is_empty() {
            format!("{base}{to};")
        } else {
            assert_eq!(base.matches(&from).count(), 1, "occurs once: {line}");
            base.replacen(&from, &to, 1)
        };
        let expected = expected.trim().split(" ++ ").collect();
        Mutation {
            line,
            after,
            expected,
        }
    };
    (base.to_owned(), entries.map(mutation).collect())
}

fn lines(before: &Schema, after: &Schema) -> Vec<String> {
    let changes = diff(before, after);
    changes.iter().map(ToString::to_string).collect()
}

#[test]
fn each_mutation_is_seen_and_named() {
    let (base, mutations) = mutations();
    let before = schema(&base);
    let mut wrong = Vec::new();
    for mutation in &mutations {
        let after = schema(&mutation.after);
        let found = lines(&before, &after);
        if found != mutation.expected {
            let (change, _) = mutation.line.split_once("::").unwrap();
            wrong.push(format!("{change}:: {}", found.join(" ++ ")));
        }
        assert!(!diff(&after, &before).is_empty(), "{}", mutation.line);
        assert_ne!(
            before.fingerprint(),
            after.fingerprint(),
            "{}",
            mutation.line
        );
    }
    assert!(wrong.is_empty(), "found instead:\n{}", wrong.join("\n"));
    assert!(mutations.len() >= 60, "{}", mutations.len());
}

/// The disguises that this SQLite can read, each with a name and two texts.
fn disguises() -> Vec<(&'static str, &'static str, &'static str)> {
    let (_, entries) = DISGUISES.split_once("\n== ").expect("a first disguise");
    let disguise = |entry: &'static str| {
        let (name, texts) = entry.split_once('\n').expect("a name");
        let (one, other) = texts.split_once("\n--\n").expect("two texts");
        (name, one, other)
    };
    let all = entries.split("\n== ").map(disguise);
    all.filter(|(name, ..)| !name.ends_with("(SQLite 3.53)") || crate::has_alter_constraint())
        .collect()
}

#[test]
fn no_disguise_differs() {
    let disguises = disguises();
    for (name, one, other) in &disguises {
        let (one, other) = (schema(one), schema(other));
        assert_eq!(lines(&one, &other), [""; 0], "{name}");
        assert_eq!(lines(&other, &one), [""; 0], "{name}");
        assert_eq!(one.fingerprint(), other.fingerprint(), "{name}");
        assert_eq!(one.to_string(), other.to_string(), "{name}");
    }
    assert!(disguises.len() >= 30, "{}", disguises.len());
}

/// A text is not a disguise of itself, and no two disguises mean the same.
#[test]
fn each_disguise_is_another_text() {
    for (name, one, other) in disguises() {
        assert_ne!(one.trim(), other.trim(), "{name}");
        assert!(!schema(one).is_empty(), "{name}");
    }
    // The planted fault: schemas that differ are not accepted as a disguise.
    let (base, mutations) = mutations();
    let first = mutations.first().map(|mutation| schema(&mutation.after));
    assert_ne!(Some(schema(&base)), first);
    assert!(catch_unwind(|| schema("CREATE TABLE t(")).is_err());
}
