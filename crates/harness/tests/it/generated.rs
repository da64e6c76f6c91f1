//! Generated databases find mistakes that no golden database shows, and shrink to the smallest that
//! shows them.

use harness::{Application, Content, Insert, Settings, Subject, Value};
use migrations::Version;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::BoxedStrategy;

use crate::case::Case;

/// `lower()` changes only upper case, and the golden database has none.
const CHANGES_SOME_TEXTS: &str = "
=== 0001_note/up.sql
CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
=== 0001_note/down.sql
DROP TABLE note;
=== 0002_tidy/up.sql
UPDATE note SET body = lower(body) WHERE length(body) > 3;
CREATE INDEX note_body ON note(body);
=== 0002_tidy/down.sql
DROP INDEX note_body;
=== rows.sql
INSERT INTO note (id, body) VALUES (1, 'milk');
";

struct Notes;

impl Application for Notes {
    fn content(&self, _: Version) -> Option<BoxedStrategy<Content>> {
        let row = |(id, body): (usize, String)| Insert {
            table: "note".to_owned(),
            values: vec![
                ("id".to_owned(), Value::Integer(id as i64)),
                ("body".to_owned(), Value::text(&body)),
            ],
        };
        let content = move |bodies: Vec<String>| Content {
            inserts: bodies.into_iter().enumerate().map(row).collect(),
        };
        Some(vec("[aA]{0,12}", 0..10).prop_map(content).boxed())
    }
}

fn verify(case: &Case, settings: &Settings) -> harness::Report {
    let catalogue = case.catalogue();
    let subject = Subject {
        application: &Notes,
        ..case.subject(&catalogue)
    };
    harness::verify(&subject, settings)
}

#[test]
fn a_generated_database_that_fails_shrinks() {
    let case = Case::new(CHANGES_SOME_TEXTS);
    let report = verify(&case, &Settings::default());
    let law = report
        .laws
        .iter()
        .find(|law| law.name == "up preserves")
        .unwrap();
    let broken = law
        .broken
        .iter()
        .find(|broken| broken.data == "generated")
        .unwrap();
    // One row of four letters, not all in lower case: with fewer rows or letters the law holds.
    let sql = broken.sql.as_deref().unwrap();
    let text = sql
        .strip_prefix("INSERT INTO \"note\" (\"id\", \"body\") VALUES (0, '")
        .unwrap();
    let text = text.strip_suffix("');\n").unwrap();
    assert!(text.len() == 4 && text.contains('A'), "{sql}");
    let made = ["generated", "plain", "hostile"];
    let mut data = law.broken.iter().map(|broken| broken.data.as_str());
    assert!(
        data.all(|data| made.contains(&data)),
        "golden shows it, too"
    );
}

#[test]
fn the_same_seed_finds_the_same() {
    let case = Case::new(CHANGES_SOME_TEXTS);
    let settings = Settings {
        fixture: Some("generated".to_owned()),
        ..Settings::default()
    };
    let (one, two) = (verify(&case, &settings), verify(&case, &settings));
    assert_eq!(one.to_json(), two.to_json());
    let other = verify(
        &case,
        &Settings {
            seed: 2,
            ..settings
        },
    );
    assert!(!other.holds());
}

/// The golden database has a text in each label, and the step does not expect NULL.
const FAILS_WITHOUT_A_LABEL: &str = "
=== 0001_note/up.sql
CREATE TABLE note (id INTEGER PRIMARY KEY, label TEXT);
=== 0001_note/down.sql
DROP TABLE note;
=== 0002_strict_label/up.sql
CREATE TABLE note_new (id INTEGER PRIMARY KEY, label TEXT NOT NULL);
INSERT INTO note_new SELECT id, label FROM note;
DROP TABLE note;
ALTER TABLE note_new RENAME TO note;
=== 0002_strict_label/down.sql
CREATE TABLE note_old (id INTEGER PRIMARY KEY, label TEXT);
INSERT INTO note_old SELECT id, label FROM note;
DROP TABLE note;
ALTER TABLE note_old RENAME TO note;
=== 0002_strict_label/data_migration
- Alters: `note.label` — a note always has one.
=== rows.sql
INSERT INTO note (id, label) VALUES (1, 'milk');
";

#[test]
fn a_schema_alone_shows_what_no_fixture_holds() {
    let case = Case::new(FAILS_WITHOUT_A_LABEL);
    let report = case.verify(&Settings::default());
    let found: Vec<_> = report.laws.iter().flat_map(|law| &law.broken).collect();
    let plain = found.iter().find(|broken| broken.data == "plain").unwrap();
    let sql = "INSERT INTO \"note\" (\"id\", \"label\") VALUES (1, NULL);\n";
    assert_eq!(plain.sql.as_deref(), Some(sql));
    assert!(plain.hostile.is_empty());
    assert!(found.iter().all(|broken| broken.data != "golden"));
    // The near miss handles notes without a label.
    let label = "coalesce(label, '') FROM note;\nDROP TABLE note;\nALTER TABLE note_new";
    let fixed = FAILS_WITHOUT_A_LABEL
        .replace(
            "label FROM note;\nDROP TABLE note;\nALTER TABLE note_new",
            label,
        )
        .replace(
            "- Alters",
            "- Changes: `note.label` — none is an empty one.\n- Alters",
        )
        .replace(
            "=== rows.sql",
            "=== 0002_strict_label/rollback\n- Changes: `note.label` — the same.\n=== rows.sql",
        );
    let report = Case::new(&fixed).verify(&Settings::default());
    assert!(report.holds(), "{}", report.to_text());
}

/// `json()` fails on text that is not JSON; the schema does not say that the column holds JSON.
const READS_DOCUMENTS: &str = "
=== 0001_log/up.sql
CREATE TABLE log (id INTEGER PRIMARY KEY, raw TEXT NOT NULL);
=== 0001_log/down.sql
DROP TABLE log;
=== 0002_log_name/up.sql
ALTER TABLE log ADD COLUMN name TEXT;
UPDATE log SET name = raw ->> '$.name';
=== 0002_log_name/down.sql
ALTER TABLE log DROP COLUMN name;
=== 0002_log_name/rollback
- Loses: `log.name` — the next upgrade reads it from the documents.
=== rows.sql
INSERT INTO log (id, raw) VALUES (1, '{\"name\":\"a\"}');
";

struct Documents;

impl Application for Documents {
    fn column(&self, _: Version, table: &str, column: &str) -> Option<BoxedStrategy<Value>> {
        let document = |name: String| Value::text(&format!("{{\"name\":\"{name}\"}}"));
        (table == "log" && column == "raw").then(|| "[a-z]{0,5}".prop_map(document).boxed())
    }
}

#[test]
fn an_application_says_what_a_column_holds() {
    let case = Case::new(READS_DOCUMENTS);
    let report = case.verify(&Settings::default());
    let text = report.to_text();
    assert!(text.contains("malformed JSON"), "{text}");
    let catalogue = case.catalogue();
    let subject = Subject {
        application: &Documents,
        ..case.subject(&catalogue)
    };
    let report = harness::verify(&subject, &Settings::default());
    assert!(report.holds(), "{}", report.to_text());
    let made = report
        .journeys
        .iter()
        .filter(|journey| journey.data == "hostile");
    assert_eq!(made.count(), 2);
}

#[test]
fn a_finding_that_hangs_on_an_edge_says_so() {
    let case = Case::new(
        &READS_DOCUMENTS
            .replace("raw ->> '$.name'", "substr(raw, 1, 3)")
            .replace(
                "=== 0002_log_name/down.sql\n",
                "=== 0002_log_name/down.sql\nUPDATE log SET raw = printf('%s', raw);\n",
            ),
    );
    let report = case.verify(&Settings::default());
    let broken: Vec<_> = report.laws.iter().flat_map(|law| &law.broken).collect();
    assert!(!broken.is_empty());
    for broken in broken {
        assert_eq!(broken.data, "hostile", "{}", report.to_text());
        assert!(!broken.hostile.is_empty(), "{}", report.to_text());
    }
    insta::assert_snapshot!(report.to_text());
}

#[test]
fn tables_that_stay_empty_are_reported() {
    let case = Case::new(
        &FAILS_WITHOUT_A_LABEL
            .replace(
                "=== 0001_note/down.sql\n",
                "CREATE TABLE sealed (id INTEGER PRIMARY KEY,
    n INTEGER CHECK (n IS NOT NULL AND n * n < 0));
=== 0001_note/down.sql\nDROP TABLE sealed;\n",
            )
            .replace("label TEXT NOT NULL)", "label TEXT)"),
    );
    let report = case.verify(&Settings::default());
    let reason = "CHECK constraint failed: n IS NOT NULL AND n * n < 0".to_owned();
    let expected = [1, 2].map(|version| ((version, "sealed".to_owned()), reason.clone()));
    assert_eq!(report.unseeded, expected, "{}", report.to_text());
    let line = format!("no rows could be made in `sealed` of version 1: {reason}");
    assert!(report.to_text().contains(&line), "{}", report.to_text());
}
