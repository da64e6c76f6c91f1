//! A history of hundreds of steps, each as people write it: nothing of it is an error, and the
//! warnings are those of steps that really cannot be undone or may fail.

use std::path::PathBuf;

use folders::{Down, History, Migration, Script};
use lint::{Finding, Options, Severity, check};

use super::case::line;

/// Idioms that deserve their warning: the down migration deletes a row that may have been there
/// before, a new CHECK may refuse old rows, and nothing keeps what an UPDATE overwrites.
const WARNED: [&str; 3] = ["lookup_row", "rebuild_a_leaf", "clean_blanks"];

const NOUNS: [&str; 9] = [
    "album", "budget", "contact", "device", "event", "feed", "goal", "house", "invoice",
];

fn history(layout: &'static str) -> History {
    let text = include_str!("idioms.txt").replace("\r\n", "\n");
    let text = format!("\n{text}");
    let idioms: Vec<(&str, &str, &str)> = text
        .split("\n=== ")
        .skip(1)
        .map(|part| {
            let (name, body) = part.split_once('\n').unwrap();
            let (up, down) = body.split_once("\n--- down\n").unwrap();
            (name, up, down)
        })
        .collect();
    // Table by table in turns, as they grow in life.
    let places = idioms
        .iter()
        .flat_map(|idiom| NOUNS.iter().map(move |noun| (idiom, noun)));
    let steps = places
        .enumerate()
        .map(|(number, ((name, up, down), noun))| {
            let name = format!("{number:04}_{}_{noun}", name.replace(' ', "_"));
            let script = |file: &str, text: &str| Script {
                file: format!("{name}.{file}.sql"),
                line: 1,
                text: text.replace("{t}", noun),
                pieces: Vec::new(),
            };
            Migration {
                up: Some(script("up", up)),
                down: Down::Script(script("down", down)),
                no_transaction: false,
                down_no_transaction: false,
                version: name.clone(),
                name,
            }
        });
    History {
        layout,
        reason: String::new(),
        root: PathBuf::from("migrations"),
        steps: steps.collect(),
        ..History::default()
    }
}

#[test]
fn hundreds_of_steps_in_the_usual_idioms_are_no_errors() {
    let history = history("sqlx");
    assert!(history.steps.len() > 200, "{}", history.steps.len());
    let mut options = Options::default();
    options.starts = 5;
    let verdict = check(&history, &options).unwrap();
    let bad: Vec<String> = verdict
        .findings
        .iter()
        .filter(|finding: &&Finding| match finding.severity {
            Severity::Error => true,
            Severity::Warning => !WARNED.iter().any(|idiom| finding.step.contains(idiom)),
            Severity::Note => false,
        })
        .map(line)
        .collect();
    assert!(bad.is_empty(), "{}", bad.join("\n"));
    assert_eq!(verdict.unseeded, [], "a table without rows proves nothing");
}
