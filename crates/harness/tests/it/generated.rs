//! Generated databases find what no golden database holds, and shrink to the smallest that shows it.

use harness::{Application, Content, Insert, Settings, Subject, Value};
use migrations::Version;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::BoxedStrategy;

use crate::case::Case;

/// `lower()` changes only what is in upper case, and the golden database has nothing of the kind.
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
    // One row of four letters, not all in lower case: fewer rows or letters break no law.
    let sql = broken.sql.as_deref().unwrap();
    let text = sql
        .strip_prefix("INSERT INTO \"note\" (\"id\", \"body\") VALUES (0, '")
        .unwrap();
    let text = text.strip_suffix("');\n").unwrap();
    assert!(text.len() == 4 && text.contains('A'), "{sql}");
    assert!(
        law.broken.iter().all(|broken| broken.data == "generated"),
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
