//! Random walks find mistakes that no journey to one version and back shows, and report them so
//! that a person can repeat them.

use harness::{Report, Settings};

use crate::case::{Case, findings};

/// Expects a finding under these laws that only the random walks show.
fn caught(case: &str, laws: &[&str]) -> Report {
    let report = Case::new(case).verify(&Settings::default());
    let text = report.to_text();
    let broken = report.laws.iter().filter(|law| !law.broken.is_empty());
    let broken: Vec<&str> = broken.map(|law| law.name).collect();
    assert_eq!(broken, laws, "{text}");
    let mut found = report.laws.iter().flat_map(|law| &law.broken);
    assert!(found.all(|broken| broken.data == "walk"), "{text}");
    report
}

fn passes(case: &str) {
    let only = Settings {
        fixture: Some("walk".to_owned()),
        cases: 48,
        ..Settings::default()
    };
    let report = Case::new(case).verify(&only);
    assert!(report.holds(), "{}", report.to_text());
    assert!(report.random_walks.0 >= 24, "{:?}", report.random_walks);
}

/// The second upgrade by the same program finds the temporary table of the first one.
const LEAVES_A_TEMPORARY_TABLE: &str = "
=== 0001_note/up.sql
CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
=== 0001_note/down.sql
DROP TABLE note;
=== 0002_word/up.sql
CREATE TEMP TABLE length_of AS SELECT id, length(body) AS length FROM main.note;
ALTER TABLE note ADD COLUMN length INTEGER;
UPDATE note SET length = (SELECT length FROM length_of WHERE length_of.id = note.id);
=== 0002_word/down.sql
ALTER TABLE note DROP COLUMN length;
=== 0002_word/rollback
- Loses: `note.length` — somebody may have corrected it.
=== rows.sql
INSERT INTO note (id, body) VALUES (1, 'milk');
";

#[test]
fn a_step_that_works_only_once() {
    let report = caught(LEAVES_A_TEMPORARY_TABLE, &["up preserves"]);
    insta::assert_snapshot!(findings(&report));
}

#[test]
fn a_step_that_tidies_up_passes() {
    passes(&LEAVES_A_TEMPORARY_TABLE.replace(
        "=== 0002_word/down.sql",
        "DROP TABLE temp.length_of;\n=== 0002_word/down.sql",
    ));
}

/// Rows of the newer version have no original that the way back could restore.
const FORGETS_WHAT_IS_NEW: &str = "
=== 0001_note/up.sql
CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT);
=== 0001_note/down.sql
DROP TABLE note;
=== 0002_upper/up.sql
CREATE TABLE original (note_id INTEGER PRIMARY KEY, body TEXT);
INSERT INTO original SELECT id, body FROM note;
UPDATE note SET body = upper(body);
=== 0002_upper/down.sql
UPDATE note SET body = (SELECT body FROM original WHERE note_id = note.id);
DROP TABLE original;
=== 0002_upper/data_migration
- Changes: `note.body` — to upper case.
=== 0002_upper/rollback
- Remade: `original` — from the notes.
=== rows.sql
INSERT INTO note (id, body) VALUES (1, 'milk');
=== queries
add 2..: INSERT INTO note (body) VALUES ('EGGS')
";

#[test]
fn a_way_back_that_forgets_what_the_newer_build_wrote() {
    let report = caught(FORGETS_WHAT_IS_NEW, &["back and forth keeps"]);
    insta::assert_snapshot!(findings(&report));
}

#[test]
fn a_way_back_that_keeps_what_the_newer_build_wrote_passes() {
    let back = "(SELECT body FROM original WHERE note_id = note.id)";
    let kept = FORGETS_WHAT_IS_NEW
        .replace(back, &format!("coalesce({back}, body)"))
        .replace(
            "body FROM note;",
            "body FROM note WHERE body <> upper(body);",
        );
    passes(&kept);
}

/// The search index finds its rows by a rowid that no column holds, and VACUUM changes it.
const SEARCHES_BY_ROWID: &str = "
=== 0001_note/up.sql
CREATE TABLE note (body TEXT NOT NULL);
=== 0001_note/down.sql
DROP TABLE note;
=== 0002_search/up.sql
CREATE VIRTUAL TABLE words USING fts5(body, content='note');
INSERT INTO words (words) VALUES ('rebuild');
CREATE TRIGGER note_insert AFTER INSERT ON note BEGIN
    INSERT INTO words (rowid, body) VALUES (new.rowid, new.body);
END;
CREATE TRIGGER note_delete AFTER DELETE ON note BEGIN
    INSERT INTO words (words, rowid, body) VALUES ('delete', old.rowid, old.body);
END;
CREATE TRIGGER note_update AFTER UPDATE ON note BEGIN
    INSERT INTO words (words, rowid, body) VALUES ('delete', old.rowid, old.body);
    INSERT INTO words (rowid, body) VALUES (new.rowid, new.body);
END;
=== 0002_search/down.sql
DROP TRIGGER note_insert;
DROP TRIGGER note_delete;
DROP TRIGGER note_update;
DROP TABLE words;
=== 0002_search/rollback
- Remade: `words` — from the notes.
=== rows.sql
INSERT INTO note (rowid, body) VALUES (1, 'milk'), (7, 'eggs');
";

#[test]
fn a_search_index_that_a_vacuum_breaks() {
    let report = caught(SEARCHES_BY_ROWID, &["integrity holds"]);
    let text = report.to_text();
    assert!(
        text.contains("VACUUM at version 2: search table `words`"),
        "{text}"
    );
}

#[test]
fn a_search_index_that_a_vacuum_leaves_alone_passes() {
    passes(
        &SEARCHES_BY_ROWID
            .replace("note (body", "note (id INTEGER PRIMARY KEY, body")
            .replace("content='note'", "content='note', content_rowid='id'")
            .replace("(rowid, body) VALUES (1", "(id, body) VALUES (1"),
    );
}

#[test]
fn the_same_seed_gives_the_same_tours() {
    let case = Case::new(LEAVES_A_TEMPORARY_TABLE);
    let only = |seed| Settings {
        fixture: Some("walk".to_owned()),
        seed,
        ..Settings::default()
    };
    let (one, two) = (case.verify(&only(3)), case.verify(&only(3)));
    assert_eq!(one.to_json(), two.to_json());
}
