//! Databases stand in every physical world as they stood before.

use harness::{Report, Settings, StorageConfig, load, observe};

use crate::case::{Case, findings};

/// Implicit rowids with gaps, a mark of AUTOINCREMENT, a search index, a descending index, and
/// values that are easily lost.
const EVERYTHING: &str = "
CREATE TABLE plain (body TEXT, n);
INSERT INTO plain (rowid, body, n) VALUES (3, 'Überkopf', 1), (7, NULL, 2.5), (900, '', x'00ff');
INSERT INTO plain (body) VALUES (char(97, 0, 98)), (char(0x1F600)), ('1e400'), (9e999), (-0.0);
CREATE TABLE counted (id INTEGER PRIMARY KEY AUTOINCREMENT, word TEXT NOT NULL COLLATE NOCASE);
INSERT INTO counted (word) VALUES ('a'), ('b'), ('c');
DELETE FROM counted WHERE id = 3;
CREATE TABLE by_word (word TEXT PRIMARY KEY, at) WITHOUT ROWID;
INSERT INTO by_word VALUES ('z', 1), ('ä', 2);
CREATE INDEX counted_word ON counted (word DESC);
CREATE VIRTUAL TABLE words USING fts5(word, content='counted', content_rowid='id');
INSERT INTO words (words) VALUES ('rebuild');
CREATE TRIGGER counted_insert AFTER INSERT ON counted BEGIN
    INSERT INTO words (rowid, word) VALUES (new.id, new.word);
END;
PRAGMA user_version = 7;
PRAGMA application_id = 11;
";

fn image() -> Vec<u8> {
    load(EVERYTHING)
        .unwrap()
        .serialize("main")
        .unwrap()
        .to_vec()
}

#[test]
fn a_database_is_the_same_in_every_world() {
    let image = image();
    let before = observe(&load(EVERYTHING).unwrap()).unwrap();
    let worlds = match std::env::var_os("ALL_WORLDS") {
        Some(_) => StorageConfig::all(),
        None => StorageConfig::sample(1),
    };
    for world in worlds {
        let machine = world.rebuild(&image).unwrap();
        let connection = world.open(&machine).unwrap();
        assert_eq!(observe(&connection).unwrap(), before, "{world}");
        let said: String = connection
            .pragma_query_value(None, "integrity_check", |row| row.get(0))
            .unwrap();
        assert_eq!(said, "ok", "{world}");
        connection
            .execute_batch("INSERT INTO words (words, rank) VALUES ('integrity-check', 1)")
            .unwrap_or_else(|error| panic!("{world}: {error}"));
    }
}

#[test]
fn a_world_is_what_it_says() {
    let image = image();
    for world in StorageConfig::sample(2) {
        let machine = world.rebuild(&image).unwrap();
        let bytes = machine.file("storage.db").unwrap();
        let connection = world.open(&machine).unwrap();
        let text = |pragma: &str| -> String {
            connection
                .query_row(
                    &format!("SELECT CAST({pragma} AS TEXT) FROM pragma_{pragma}"),
                    [],
                    |row| row.get(0),
                )
                .unwrap()
        };
        assert_eq!(text("page_size"), world.page_size().to_string(), "{world}");
        assert_eq!(text("encoding"), world.encoding(), "{world}");
        let auto_vacuum =
            ["NONE", "FULL", "INCREMENTAL"][text("auto_vacuum").parse::<usize>().unwrap()];
        assert_eq!(auto_vacuum, world.auto_vacuum(), "{world}");
        assert!(
            text("journal_mode").eq_ignore_ascii_case(world.journal()),
            "{world}"
        );
        let secure: i64 = connection
            .pragma_query_value(None, "secure_delete", |row| row.get(0))
            .unwrap();
        assert_eq!(secure == 1, world.secure_delete(), "{world}");
        let free: i64 = connection
            .pragma_query_value(None, "freelist_count", |row| row.get(0))
            .unwrap();
        // With auto_vacuum FULL none is left at a COMMIT.
        assert_eq!(
            free > 1,
            world.free_pages() && world.auto_vacuum() != "FULL",
            "{world}: {free}"
        );
        assert_eq!(bytes[20], world.reserved_bytes(), "{world}");
        assert_eq!(bytes[47], if world.old_format() { 1 } else { 4 }, "{world}");
    }
}

/// What only other worlds show, under this law, in a world of which no property is superfluous.
fn caught(case: &str, law: &str, world: &str) -> Report {
    let report = Case::new(case).verify(&Settings::default());
    let text = report.to_text();
    let found: Vec<_> = report.laws.iter().flat_map(|law| &law.broken).collect();
    assert!(!found.is_empty(), "nothing found");
    for broken in found {
        assert_eq!(
            (broken.law, broken.data.as_str()),
            (law, "storage"),
            "{text}"
        );
        assert!(broken.sql.as_deref().unwrap().starts_with(world), "{text}");
    }
    report
}

fn passes(case: &str) {
    let only = Settings {
        fixture: Some("storage".to_owned()),
        ..Settings::default()
    };
    let report = Case::new(case).verify(&only);
    assert!(report.holds(), "{}", report.to_text());
    assert!(report.storage_configs >= 24, "{}", report.storage_configs);
}

/// The bytes of a text are those of the file's encoding.
const COUNTS_BYTES: &str = "
=== 0001_note/up.sql
CREATE TABLE note (id INTEGER PRIMARY KEY, body TEXT NOT NULL);
=== 0001_note/down.sql
DROP TABLE note;
=== 0002_size/up.sql
ALTER TABLE note ADD COLUMN size INTEGER;
UPDATE note SET size = length(CAST(body AS BLOB));
=== 0002_size/down.sql
ALTER TABLE note DROP COLUMN size;
=== 0002_size/rollback
- Loses: `note.size` — somebody may have corrected it.
=== rows.sql
INSERT INTO note (id, body) VALUES (1, 'banana'), (2, 'āpple'), (3, 'cherry');
";

#[test]
fn a_step_that_counts_bytes() {
    let report = caught(COUNTS_BYTES, "up preserves", "PRAGMA encoding = 'UTF-16");
    insta::assert_snapshot!(findings(&report));
}

#[test]
fn a_step_that_counts_characters_passes() {
    passes(&COUNTS_BYTES.replace("length(CAST(body AS BLOB))", "length(body)"));
}

/// Texts are compared byte by byte in the file's encoding, so `ā` comes before `b` in UTF-16le.
const NUMBERS_BY_TEXT: &str = "(SELECT count(*) FROM note AS other WHERE other.body < note.body)";

#[test]
fn a_step_that_relies_on_the_order_of_texts() {
    let case = COUNTS_BYTES.replace("length(CAST(body AS BLOB))", NUMBERS_BY_TEXT);
    caught(&case, "up preserves", "PRAGMA encoding = 'UTF-16");
}

#[test]
fn a_step_that_relies_on_the_order_of_ids_passes() {
    let by_id = NUMBERS_BY_TEXT.replace("body", "id");
    passes(&COUNTS_BYTES.replace("length(CAST(body AS BLOB))", &by_id));
}

#[test]
fn a_step_that_relies_on_the_size_of_pages() {
    let case = COUNTS_BYTES.replace(
        "length(CAST(body AS BLOB))",
        "(SELECT page_size FROM pragma_page_size)",
    );
    caught(&case, "up preserves", "PRAGMA page_size = ");
}

/// What differs from one run to the next does not hang on the world.
#[test]
fn a_step_that_draws_passes() {
    passes(&COUNTS_BYTES.replace("length(CAST(body AS BLOB))", "random()"));
}
