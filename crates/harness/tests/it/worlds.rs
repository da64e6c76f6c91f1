//! Databases stand in every physical world as they stood before.

use harness::{Observation, World, load};

/// Implicit rowids with gaps, a mark of AUTOINCREMENT, a search index, a descending index, and values that are
/// easily lost.
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
    let before = Observation::of(&load(EVERYTHING).unwrap()).unwrap();
    let worlds = match std::env::var_os("ALL_WORLDS") {
        Some(_) => World::all(),
        None => World::sample(1),
    };
    for world in worlds {
        let machine = world.remake(&image).unwrap();
        let connection = world.open(&machine).unwrap();
        assert_eq!(Observation::of(&connection).unwrap(), before, "{world}");
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
    for world in World::sample(2) {
        let machine = world.remake(&image).unwrap();
        let bytes = machine.file("world.db").unwrap();
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
