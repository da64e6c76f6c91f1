//! Databases have the same content in every storage configuration.

use harness::{Report, Settings, StorageConfig, load, observe};

use crate::case::{Case, findings};

/// Implicit rowids with gaps, an AUTOINCREMENT counter, a search index, a descending index, and
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
fn a_database_is_the_same_in_every_configuration() {
    let image = image();
    let before = observe(&load(EVERYTHING).unwrap()).unwrap();
    let configs = match std::env::var_os("ALL_STORAGE_CONFIGS") {
        Some(_) => StorageConfig::all(),
        None => StorageConfig::sample(1),
    };
    for config in configs {
        let machine = config.rebuild(&image).unwrap();
        let connection = config.open(&machine).unwrap();
        assert_eq!(observe(&connection).unwrap(), before, "{config}");
        let said: String = connection
            .pragma_query_value(None, "integrity_check", |row| row.get(0))
            .unwrap();
        assert_eq!(said, "ok", "{config}");
        connection
            .execute_batch("INSERT INTO words (words, rank) VALUES ('integrity-check', 1)")
            .unwrap_or_else(|error| panic!("{config}: {error}"));
    }
}

#[test]
fn a_configuration_has_its_properties() {
    let image = image();
    for config in StorageConfig::sample(2) {
        let machine = config.rebuild(&image).unwrap();
        let bytes = machine.file("storage.db").unwrap();
        let connection = config.open(&machine).unwrap();
        let text = |pragma: &str| -> String {
            connection
                .query_row(
                    &format!("SELECT CAST({pragma} AS TEXT) FROM pragma_{pragma}"),
                    [],
                    |row| row.get(0),
                )
                .unwrap()
        };
        assert_eq!(
            text("page_size"),
            config.page_size().to_string(),
            "{config}"
        );
        assert_eq!(text("encoding"), config.encoding(), "{config}");
        let auto_vacuum =
            ["NONE", "FULL", "INCREMENTAL"][text("auto_vacuum").parse::<usize>().unwrap()];
        assert_eq!(auto_vacuum, config.auto_vacuum(), "{config}");
        assert!(
            text("journal_mode").eq_ignore_ascii_case(config.journal()),
            "{config}"
        );
        let secure: i64 = connection
            .pragma_query_value(None, "secure_delete", |row| row.get(0))
            .unwrap();
        assert_eq!(secure == 1, config.secure_delete(), "{config}");
        let free: i64 = connection
            .pragma_query_value(None, "freelist_count", |row| row.get(0))
            .unwrap();
        // With auto_vacuum FULL a COMMIT leaves no free page.
        assert_eq!(
            free > 1,
            config.free_pages() && config.auto_vacuum() != "FULL",
            "{config}: {free}"
        );
        assert_eq!(bytes[20], config.reserved_bytes(), "{config}");
        assert_eq!(
            bytes[47],
            if config.old_format() { 1 } else { 4 },
            "{config}"
        );
    }
}

/// Expects a finding under this law that only other storage configurations show, in a configuration
/// without superfluous properties.
fn caught(case: &str, law: &str, config: &str) -> Report {
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
        assert!(broken.sql.as_deref().unwrap().starts_with(config), "{text}");
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

/// The bytes of a text depend on the file's encoding.
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

/// Texts are compared byte by byte in the file's encoding, so `ā` sorts before `b` in UTF-16le.
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

/// Values that differ from one run to the next do not depend on the storage configuration.
#[test]
fn a_step_that_draws_passes() {
    passes(&COUNTS_BYTES.replace("length(CAST(body AS BLOB))", "random()"));
}
