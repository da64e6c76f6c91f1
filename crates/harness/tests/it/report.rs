//! Reports for people and for programs.

use harness::Settings;

use crate::case::Case;

const FORGETS_AN_INDEX: &str = "
=== 0001_note/up.sql
CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
=== 0001_note/down.sql
DROP TABLE note;
=== 0002_label/up.sql
CREATE INDEX note_body ON note(body);
ALTER TABLE note ADD COLUMN label TEXT;
=== 0002_label/down.sql
ALTER TABLE note DROP COLUMN label;
=== 0002_label/rollback
- Loses: `note.label` — labels stand nowhere else.
=== rows.sql
INSERT INTO note (id, body) VALUES (1, 'milk'), (2, 'bread');
";

#[test]
fn a_broken_law_reads_well() {
    let report = Case::new(FORGETS_AN_INDEX).verify(&Settings::default());
    insta::assert_snapshot!(report.to_text());
}

/// A step that SQLite refuses breaks most laws. Its line is shown once, and each law still has a
/// message.
#[test]
fn the_same_lines_are_shown_once() {
    let case = Case::new(FORGETS_AN_INDEX);
    case.write(
        "versions/0002_label/down.sql",
        "ALTER TABLE note DROP COLUMN labl;",
    );
    let text = case.verify(&Settings::default()).to_text();
    assert_eq!(
        text.matches("1 | ALTER TABLE note DROP COLUMN labl;")
            .count(),
        1,
        "{text}"
    );
    assert!(
        text.matches("no such column: \"labl\"").count() > 2,
        "{text}"
    );
    assert!(text.contains("(more above)"), "{text}");
    assert!(
        !text.contains("everything is documented is broken"),
        "{text}"
    );
}

#[test]
fn the_json_has_what_is_promised() {
    let report = Case::new(FORGETS_AN_INDEX).verify(&Settings::default());
    let json = report.to_json();
    assert_eq!(json["versions"], 2);
    assert_eq!(json["fixtures"], 2);
    assert_eq!(json["laws"].as_array().unwrap().len(), harness::LAWS.len());
    let laws = json["laws"].as_array().unwrap();
    let down = laws
        .iter()
        .find(|law| law["name"] == "down restores")
        .unwrap();
    insta::assert_snapshot!(serde_json::to_string_pretty(&down["broken"][0]).unwrap());
}

#[test]
fn the_printed_command_shows_it_again() {
    let case = Case::new(FORGETS_AN_INDEX);
    let report = case.verify(&Settings::default());
    let down = report
        .laws
        .iter()
        .find(|law| law.name == "down restores")
        .unwrap();
    let broken = down.broken.first().unwrap();
    let settings = Settings {
        journey: Some(broken.journey.parse().unwrap()),
        fixture: Some(broken.data.clone()),
        ..Settings::default()
    };
    let again = case.verify(&settings);
    assert_eq!(again.journeys.len(), 1);
    let shown = again
        .laws
        .iter()
        .flat_map(|law| &law.broken)
        .any(|other| other == broken);
    assert!(shown, "{}", again.to_text());
}

#[test]
fn a_proof_of_nothing_fails() {
    let case = Case::new(FORGETS_AN_INDEX);
    let settings = Settings {
        fixture: Some("nosuch".to_owned()),
        ..Settings::default()
    };
    let report = case.verify(&settings);
    assert!(report.journeys.is_empty() && !report.holds());
    assert!(
        report
            .to_text()
            .ends_with("no journey matches the chosen journey and database\n")
    );
    let nowhere = Settings {
        journey: Some("v9..v1..v9".parse().unwrap()),
        ..Settings::default()
    };
    assert!(!case.verify(&nowhere).holds());
    let law = Settings {
        law: Some("history is frozen".to_owned()),
        ..Settings::default()
    };
    assert!(case.verify(&law).holds(), "a law that needs no journey");
}
