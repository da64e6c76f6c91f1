//! How a verdict reads.

use std::sync::atomic::{AtomicUsize, Ordering};

use folders::Gap;
use lint::Progress;
use lint::report::{Format, Report};
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
    let verdict = Case::new(HISTORY).check();
    insta::assert_snapshot!(Report::new(&verdict).render(Format::Text));
}

#[test]
fn a_verdict_without_findings_says_so() {
    let text = "layout: sqlx\n=== 1_a/up.sql\nCREATE TABLE a (id INTEGER PRIMARY KEY);\n\
                === 1_a/down.sql\nDROP TABLE a;\n";
    let verdict = Case::new(text).check();
    insta::assert_snapshot!(Report::new(&verdict).render(Format::Text));
}

#[test]
fn the_json_has_what_is_promised() {
    let verdict = Case::new(HISTORY).check();
    let json = Report::new(&verdict).to_json();
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
            "counts",
            "findings",
            "gaps",
            "journeys",
            "layout",
            "schema_version",
            "steps",
            "tool_version",
            "unseeded",
            "verdict"
        ]
    );
    assert_eq!(json["schema_version"], 1);
    assert_eq!(json["tool_version"], env!("CARGO_PKG_VERSION"));
    assert_eq!(json["verdict"], "error");
    let counts = serde_json::json!({
        "severity": {"error": 3, "warning": 1, "note": 0},
        "rule": {
            "column-dropped": 1,
            "down-differs": 1,
            "object-lost": 1,
            "rows-lost-by-cascade": 1
        }
    });
    assert_eq!(json["counts"], counts);
    let first = &json["findings"][0];
    assert_eq!(
        fields(first),
        [
            "count",
            "direction",
            "file",
            "group",
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
fn the_json_has_the_word_of_the_verdict() {
    let table = "CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT);\n";
    let word = |second: &str, gap: bool| {
        let text = format!(
            "\n=== 1_a/up.sql\n{table}=== 1_a/down.sql\nDROP TABLE a;\n\
             === 2_b/up.sql\n{second}\n=== 2_b/down.sql\nSELECT 1;\n"
        );
        let mut case = Case::new(&text);
        if gap {
            case.history.gaps.push(Gap {
                file: "3_c.js".to_owned(),
                after: None,
                why: "it is another language".to_owned(),
            });
        }
        let verdict = case.check();
        Report::new(&verdict).to_json()["verdict"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(word("SELECT 1;", false), "ok");
    assert_eq!(word("SELECT 1;", true), "incomplete");
    assert_eq!(word("DROP TABLE a;", false), "error");
    assert_eq!(word("DROP TABLE nowhere;", true), "error");
}

#[test]
fn the_same_history_gives_the_same_verdict() {
    let [one, two] = [HISTORY, HISTORY].map(|text| Case::new(text).check());
    assert_eq!(Report::new(&one).to_json(), Report::new(&two).to_json());
}

/// Each step and each long run is reported once.
#[test]
fn progress_is_reported_once_for_each_step_and_long_run() {
    static STEPS: AtomicUsize = AtomicUsize::new(0);
    static RUNS: AtomicUsize = AtomicUsize::new(0);
    fn count(progress: &Progress) {
        let count = if progress.what == "steps" {
            &STEPS
        } else {
            &RUNS
        };
        assert!(count.fetch_add(1, Ordering::Relaxed) < progress.all);
    }
    let mut case = Case::new(HISTORY);
    case.options.progress = Some(count);
    case.check();
    // Two starts, with foreign keys on and off.
    let counts = [&STEPS, &RUNS].map(|counter| counter.load(Ordering::Relaxed));
    assert_eq!(counts, [3, 4]);
}
