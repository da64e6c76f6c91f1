//! How a verdict reads.

use std::sync::atomic::{AtomicUsize, Ordering};

use lint::Progress;
use serde_json::Value;

use super::case::Case;

pub(super) const HISTORY: &str = "
=== 0001_lists/up.sql
CREATE TABLE list (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
CREATE TABLE item (
    id INTEGER PRIMARY KEY,
    list_id INTEGER NOT NULL REFERENCES list(id) ON DELETE CASCADE,
    title TEXT NOT NULL
);
CREATE INDEX list_name ON list(name);
=== 0001_lists/down.sql
DROP TABLE item;
DROP TABLE list;
=== 0002_color/up.sql
CREATE TABLE new_list (id INTEGER PRIMARY KEY, name TEXT NOT NULL, color TEXT);
INSERT INTO new_list (id, name) SELECT id, name FROM list;
DROP TABLE list;
ALTER TABLE new_list RENAME TO list;
=== 0002_color/down.sql
ALTER TABLE list DROP COLUMN color;
=== 0003_title/up.sql
ALTER TABLE item DROP COLUMN title;
=== 0003_title/down.sql
ALTER TABLE item ADD COLUMN title TEXT;
";

#[test]
fn a_verdict_reads_well() {
    insta::assert_snapshot!(Case::new(HISTORY).check().to_text());
}

#[test]
fn a_verdict_without_findings_says_so() {
    let text = "layout: sqlx\n=== 1_a/up.sql\nCREATE TABLE a (id INTEGER PRIMARY KEY);\n\
                === 1_a/down.sql\nDROP TABLE a;\n";
    insta::assert_snapshot!(Case::new(text).check().to_text());
}

#[test]
fn the_json_has_what_is_promised() {
    let verdict = Case::new(HISTORY).check();
    let json = verdict.to_json();
    let fields = |value: &Value| {
        value
            .as_object()
            .unwrap()
            .keys()
            .cloned()
            .collect::<Vec<_>>()
    };
    assert_eq!(
        fields(&json),
        [
            "findings", "gaps", "journeys", "layout", "steps", "unseeded"
        ]
    );
    let first = &json["findings"][0];
    assert_eq!(
        fields(first),
        [
            "direction",
            "file",
            "line",
            "message",
            "object",
            "repeat",
            "rows",
            "rule",
            "severity",
            "shown",
            "step",
            "when"
        ]
    );
    assert_eq!(first["rule"], "rows-lost-by-cascade");
    assert_eq!(first["when"]["foreign_keys"], "on");
    assert_eq!(first["when"]["transaction"], "file");
    assert_eq!(first["line"], 3);
}

#[test]
fn the_same_history_gives_the_same_verdict() {
    let one = Case::new(HISTORY).check().to_json();
    assert_eq!(one, Case::new(HISTORY).check().to_json());
}

/// Each step and each long run is told once, and the last of them is the last.
#[test]
fn it_is_told_how_far_the_work_is() {
    static STEPS: AtomicUsize = AtomicUsize::new(0);
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    fn tell(progress: &Progress) {
        let count = if progress.what == "steps" {
            &STEPS
        } else {
            &RUNS
        };
        assert!(count.fetch_add(1, Ordering::Relaxed) < progress.all);
    }
    let mut case = Case::new(HISTORY);
    case.options.progress = Some(tell);
    case.check();
    // Two starts, with foreign keys on and off.
    let told = [&STEPS, &RUNS].map(|count| count.load(Ordering::Relaxed));
    assert_eq!(told, [3, 4]);
}
