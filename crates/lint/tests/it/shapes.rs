//! Shapes of statements whose effect hangs on values: every seed shows it, and no near miss fails.

use std::fs;
use std::path::Path;

use lint::{Finding, Severity};

use super::case::Case;

/// How many seeds each shape is tried with.
const SEEDS: u64 = 20;

/// One shape: `bug` with the rule and its lowest severity, or `near miss`, and its script.
struct Shape {
    name: String,
    /// The rule that must fire, and the least severity; none for a near miss.
    expected: Option<(String, Severity)>,
    script: String,
}

fn shapes() -> (String, Vec<Shape>) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/shapes.txt");
    let text = fs::read_to_string(path).unwrap().replace("\r\n", "\n");
    let mut parts = text.split("\n=== ");
    let base = parts.next().unwrap().to_owned();
    let shape = |part: &str| {
        let (head, script) = part.split_once('\n').unwrap();
        let (name, expected) = head.split_once(": ").unwrap();
        let expected = (expected != "near miss").then(|| {
            let (severity, rule) = expected.split_once(' ').unwrap();
            let severity = match severity {
                "error" => Severity::Error,
                "warning" => Severity::Warning,
                other => panic!("{name}: no severity is called `{other}`"),
            };
            (rule.to_owned(), severity)
        });
        Shape {
            name: name.to_owned(),
            expected,
            script: script.to_owned(),
        }
    };
    (base, parts.map(shape).collect())
}

/// The findings above a note of the second step, under one seed.
fn findings(base: &str, script: &str, seed: u64) -> Vec<Finding> {
    let text = format!(
        "layout: plain\ndown: never\n=== 0001_make/up.sql\n{base}\n=== 0002_change/up.sql\n{script}"
    );
    let mut case = Case::new(&text);
    case.options.seed = seed;
    let findings = case.check().findings.into_iter();
    let own = findings.filter(|own| own.step == "0002_change" && own.severity > Severity::Note);
    own.collect()
}

#[test]
fn every_seed_finds_every_shape_and_lets_near_misses_pass() {
    let (base, shapes) = shapes();
    let mut wrong = String::new();
    for shape in &shapes {
        let found = (1..=SEEDS).filter(|seed| {
            let findings = findings(&base, &shape.script, *seed);
            match &shape.expected {
                Some((rule, least)) => findings
                    .iter()
                    .any(|own| own.rule.name() == rule && own.severity >= *least),
                None => findings.iter().any(|own| own.severity == Severity::Error),
            }
        });
        let (count, wanted) = (
            found.count() as u64,
            if shape.expected.is_some() { SEEDS } else { 0 },
        );
        if count != wanted {
            wrong += &format!("{}: {count} of {SEEDS} seeds, not {wanted}\n", shape.name);
        }
    }
    assert!(shapes.len() > 50, "{} shapes", shapes.len());
    assert!(wrong.is_empty(), "{wrong}");
}
