//! Realistic schemas: in each, every table gets rows, or the true reason why it has none.

use std::collections::BTreeMap;

use generate::Generated;
use rusqlite::Connection;

use super::{PROFILES, made_by, put};

/// Makes many databases and checks that each is valid. Every table gets rows, except those of
/// `empty`, which are reported.
fn check(script: &str, empty: &[(&str, &str)]) {
    let (connection, generator) = made_by(script);
    let tables: Vec<String> = connection
        .prepare(
            "SELECT name FROM pragma_table_list WHERE schema = 'main' AND type IN ('table',
                      'virtual') AND name NOT LIKE 'sqlite_%'",
        )
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .map(Result::unwrap)
        .collect();
    for temper in PROFILES {
        let generator = generator.clone().profile(temper);
        let mut filled: BTreeMap<&str, usize> = BTreeMap::new();
        for seed in 0..40 {
            let made = generator.generate(seed);
            assert_eq!(
                made,
                generator.generate(seed),
                "the same seed makes the same"
            );
            let database = put(&connection, &made);
            valid(&database, &made);
            let unfilled: Vec<(&str, &str)> = made
                .unseeded
                .iter()
                .map(|one| (one.table.as_str(), one.reason.as_str()))
                .collect();
            for table in &tables {
                let sql = format!("SELECT EXISTS (SELECT 1 FROM \"{table}\")");
                let has: bool = database.query_row(&sql, [], |row| row.get(0)).unwrap();
                let reported = unfilled.iter().any(|(name, _)| name == table);
                assert_ne!(
                    has,
                    reported,
                    "{temper:?} {seed}: {table}\n{unfilled:?}\n{}",
                    made.content.to_sql()
                );
                *filled.entry(table).or_default() += usize::from(has);
            }
            if temper == generate::Profile::Plain {
                assert!(
                    made.hostile.is_empty(),
                    "{:?}\n{}",
                    made.hostile,
                    made.content.to_sql()
                );
            }
            for (table, reason) in unfilled {
                assert!(
                    empty.contains(&(table, reason)),
                    "{temper:?} {seed}: {table}: {reason}"
                );
            }
        }
        for (table, count) in filled {
            let never = empty.iter().any(|(name, _)| *name == table);
            assert!(
                never || count == 40,
                "{temper:?}: {table} was filled {count} times"
            );
        }
    }
}

fn valid(database: &Connection, made: &Generated) {
    for check in ["integrity_check", "foreign_key_check"] {
        // Keys that cannot be checked are a fault of the schema, and their tables stay empty.
        let Ok(mut statement) = database.prepare(&format!("PRAGMA {check}")) else {
            continue;
        };
        let mut rows = statement.query([]).unwrap();
        while let Ok(Some(row)) = rows.next() {
            let said: String = row.get(0).unwrap();
            assert_eq!(said, "ok", "{check}\n{}", made.content.to_sql());
        }
    }
}

#[test]
fn password_manager() {
    check(
        "CREATE TABLE account (
             id TEXT PRIMARY KEY NOT NULL CHECK (length(id) = 36),
             email TEXT NOT NULL COLLATE NOCASE UNIQUE CHECK (email LIKE '%_@_%'),
             kdf TEXT NOT NULL DEFAULT 'argon2id' CHECK (kdf IN ('argon2id', 'pbkdf2')),
             iterations INTEGER NOT NULL CHECK (iterations BETWEEN 1 AND 10000000),
             salt BLOB NOT NULL CHECK (length(salt) = 16),
             created_at TEXT NOT NULL DEFAULT CURRENT_TIMESTAMP
         ) WITHOUT ROWID;
         CREATE TABLE folder (
             id INTEGER PRIMARY KEY, account_id TEXT NOT NULL REFERENCES account(id) ON DELETE
                 CASCADE,
             parent_id INTEGER REFERENCES folder(id), name TEXT NOT NULL CHECK (trim(name) <> ''),
             UNIQUE (account_id, parent_id, name)
         );
         CREATE TABLE entry (
             id INTEGER PRIMARY KEY AUTOINCREMENT,
             account_id TEXT NOT NULL REFERENCES account, folder_id INTEGER REFERENCES folder(id)
                 ON DELETE SET NULL,
             kind INTEGER NOT NULL CHECK (kind IN (1, 2, 3, 4)),
             secret BLOB NOT NULL CHECK (typeof(secret) = 'blob' AND length(secret) >= 12),
             favourite BOOLEAN NOT NULL DEFAULT 0 CHECK (favourite IN (0, 1)),
             deleted_at DATETIME, uris TEXT CHECK (uris IS NULL OR json_valid(uris))
         );
         CREATE UNIQUE INDEX one_favourite ON entry(account_id) WHERE favourite = 1;
         CREATE TABLE history (
             entry_id INTEGER NOT NULL REFERENCES entry(id) ON DELETE CASCADE, changed INTEGER
                 NOT NULL,
             secret BLOB NOT NULL, PRIMARY KEY (entry_id, changed)
         ) WITHOUT ROWID;",
        &[],
    );
}

#[test]
fn chat_client() {
    check(
        "CREATE TABLE contact (id INTEGER PRIMARY KEY, handle TEXT NOT NULL UNIQUE CHECK (handle
             GLOB '@[a-z]*'), name TEXT);
         CREATE TABLE conversation (id INTEGER PRIMARY KEY, title TEXT, last_message_id INTEGER
             REFERENCES message(id));
         CREATE TABLE member (
             conversation_id INTEGER NOT NULL REFERENCES conversation(id), contact_id INTEGER NOT
                 NULL REFERENCES contact(id),
             role TEXT NOT NULL DEFAULT 'member', PRIMARY KEY (conversation_id, contact_id)
         ) WITHOUT ROWID;
         CREATE TABLE message (
             id INTEGER PRIMARY KEY AUTOINCREMENT, conversation_id INTEGER NOT NULL, sender_id
                 INTEGER NOT NULL,
             reply_to INTEGER REFERENCES message(id) ON DELETE SET NULL, body TEXT NOT NULL,
                 sent_at INTEGER NOT NULL,
             FOREIGN KEY (conversation_id, sender_id) REFERENCES member(conversation_id, contact_id)
         );
         CREATE VIRTUAL TABLE message_fts USING fts5(body, content='message', content_rowid='id');
         CREATE TRIGGER message_ai AFTER INSERT ON message BEGIN
             INSERT INTO message_fts(rowid, body) VALUES (new.id, new.body);
         END;
         CREATE TRIGGER message_ad AFTER DELETE ON message BEGIN
             INSERT INTO message_fts(message_fts, rowid, body) VALUES ('delete', old.id, old.body);
         END;
         CREATE VIRTUAL TABLE note_fts USING fts5(title, body, tokenize='porter');
         CREATE VIRTUAL TABLE contact_fts USING fts5(name, content='contact', content_rowid='id');
         CREATE VIRTUAL TABLE seen USING fts5(body, content='', contentless_delete=1);
         CREATE VIEW inbox AS SELECT * FROM message WHERE reply_to IS NULL;",
        &[],
    );
}

#[test]
fn bookkeeping() {
    check(
        "CREATE TABLE ledger (code TEXT PRIMARY KEY CHECK (length(code) = 3 AND code =
             upper(code) AND code NOT GLOB '*[^A-Z]*'), name TEXT NOT NULL);
         CREATE TABLE account (
             ledger TEXT NOT NULL REFERENCES ledger(code), number INTEGER NOT NULL CHECK (number
                 >= 1000 AND number < 10000),
             kind TEXT NOT NULL CHECK (kind = 'asset' OR kind = 'liability' OR kind = 'equity'),
                 parent INTEGER,
             PRIMARY KEY (ledger, number), FOREIGN KEY (ledger, parent) REFERENCES
                 account(ledger, number)
         );
         CREATE TABLE period (ledger TEXT NOT NULL REFERENCES ledger, starts DATE NOT NULL, ends
             DATE NOT NULL,
             CHECK (starts < ends), CHECK (starts IS date(starts)), CHECK (date(ends) = ends),
                 UNIQUE (ledger, starts));
         CREATE TABLE booking (
             id INTEGER PRIMARY KEY, ledger TEXT NOT NULL, debit INTEGER NOT NULL, credit INTEGER
                 NOT NULL,
             amount DECIMAL(10,2) NOT NULL CHECK (amount > 0), cents INTEGER CHECK (cents % 5 = 0),
             booked TEXT NOT NULL CHECK (booked GLOB '[0-9][0-9][0-9][0-9]-[0-9][0-9]-[0-9][0-9]'),
             invoice TEXT, receipt TEXT, CHECK ((invoice IS NULL) <> (receipt IS NULL)), CHECK
                 (debit <> credit OR amount < 100),
             FOREIGN KEY (ledger, debit) REFERENCES account(ledger, number),
             FOREIGN KEY (ledger, credit) REFERENCES account(ledger, number)
         );
         CREATE TABLE tax (rate REAL NOT NULL CHECK (rate >= 0 AND rate <= 0.25), label TEXT NOT
             NULL DEFAULT 'none',
             CHECK (CASE label WHEN 'none' THEN rate = 0 ELSE 1 END),
             CHECK (CASE WHEN rate > 0.2 THEN label IS NOT NULL ELSE 1 END));",
        &[],
    );
}

#[test]
fn trees_and_circles() {
    check(
        "CREATE TABLE node (id INTEGER PRIMARY KEY, parent INTEGER NOT NULL REFERENCES node(id),
             name TEXT);
         CREATE TABLE person (id INTEGER PRIMARY KEY, name TEXT NOT NULL, boss INTEGER REFERENCES
             person, team INTEGER REFERENCES team(id));
         CREATE TABLE team (id INTEGER PRIMARY KEY, lead INTEGER NOT NULL REFERENCES person(id));
         CREATE TABLE egg (id TEXT PRIMARY KEY, hen TEXT NOT NULL REFERENCES hen(id) DEFERRABLE
             INITIALLY DEFERRED);
         CREATE TABLE hen (id TEXT PRIMARY KEY, egg TEXT NOT NULL REFERENCES egg(id));
         CREATE TABLE closure (ancestor INTEGER REFERENCES node(id), child INTEGER REFERENCES
             node(id), depth INT CHECK (depth >= 0), PRIMARY KEY (ancestor, child));",
        &[],
    );
}

#[test]
fn strict_everywhere() {
    check(
        "CREATE TABLE reading (id INT PRIMARY KEY, sensor TEXT NOT NULL, value REAL, raw BLOB,
             extra ANY, n INTEGER NOT NULL) STRICT;
         CREATE TABLE sensor (name TEXT PRIMARY KEY COLLATE NOCASE, unit TEXT NOT NULL DEFAULT
             '', scale REAL NOT NULL DEFAULT 1.0) STRICT, WITHOUT ROWID;
         CREATE TABLE alarm (sensor TEXT NOT NULL REFERENCES sensor(name), low REAL, high REAL,
             CHECK (low <= high), UNIQUE (sensor COLLATE RTRIM)) STRICT;
         CREATE TABLE flag (k TEXT NOT NULL, v INTEGER NOT NULL CHECK (v IN (TRUE, FALSE)),
             PRIMARY KEY (k, v)) STRICT;",
        &[],
    );
}

#[test]
fn computed_columns() {
    check(
        "CREATE TABLE product (id INTEGER PRIMARY KEY, net INTEGER NOT NULL, gross INTEGER
             GENERATED ALWAYS AS (net * 119 / 100) STORED,
             doc TEXT NOT NULL DEFAULT '{}' CHECK (json_valid(doc)), sku TEXT AS
                 (json_extract(doc, '$.name')) VIRTUAL, CHECK (gross >= net));
         CREATE INDEX product_sku ON product(sku);
         CREATE UNIQUE INDEX product_lower ON product(lower(doc)) WHERE net > 100;
         CREATE TABLE only_id (id INTEGER PRIMARY KEY);
         CREATE TABLE settings (id INTEGER PRIMARY KEY CHECK (id = 1), theme TEXT NOT NULL
             DEFAULT 'dark');
         CREATE TABLE tags (list TEXT CHECK (json_type(list) = 'array'), meta TEXT CHECK
             (json_valid(meta) AND json_type(meta) = 'object'));",
        &[],
    );
}

#[test]
fn triggers_that_fire() {
    check(
        "CREATE TABLE stock (id INTEGER PRIMARY KEY, quantity INTEGER NOT NULL);
         CREATE TABLE audit (id INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT NOT NULL, at TEXT
             NOT NULL);
         CREATE TRIGGER stock_ai AFTER INSERT ON stock BEGIN INSERT INTO audit(what, at) VALUES
             ('stock ' || new.id, 'now'); END;
         CREATE TRIGGER stock_bi BEFORE INSERT ON stock WHEN new.quantity < 10 BEGIN SELECT
             RAISE(ABORT, 'too few'); END;
         CREATE TABLE sealed (id INTEGER PRIMARY KEY);
         CREATE TRIGGER sealed_bi BEFORE INSERT ON sealed BEGIN SELECT RAISE(ABORT, 'this table \
         is sealed'); END;
         CREATE TABLE silent (id INTEGER PRIMARY KEY);
         CREATE TRIGGER silent_bi BEFORE INSERT ON silent BEGIN SELECT RAISE(IGNORE); END;
         CREATE TABLE angry (id INTEGER PRIMARY KEY, mood TEXT);
         CREATE TRIGGER angry_bi BEFORE INSERT ON angry WHEN new.mood IS NOT 'calm' BEGIN SELECT
             RAISE(ROLLBACK, 'not calm'); END;
         CREATE TABLE tag (name TEXT PRIMARY KEY, uses INTEGER NOT NULL DEFAULT 1);
         CREATE TABLE tagged (id INTEGER PRIMARY KEY, tag TEXT NOT NULL);
         CREATE TRIGGER tagged_ai AFTER INSERT ON tagged BEGIN INSERT OR IGNORE INTO tag(name)
             VALUES (new.tag); END;
         CREATE VIEW both AS SELECT id FROM stock;
         CREATE TRIGGER both_ii INSTEAD OF INSERT ON both BEGIN INSERT INTO stock VALUES (new.id,
             99); END;",
        &[
            ("sealed", "this table is sealed"),
            ("silent", "the row is ignored, by ON CONFLICT or a trigger"),
        ],
    );
}

#[test]
fn what_cannot_be_filled_is_reported() {
    check(
        "CREATE TABLE orphan (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES nowhere(id));
         CREATE TABLE loose (a INTEGER, b INTEGER);
         CREATE TABLE mismatch (a INTEGER NOT NULL REFERENCES loose(a));
         CREATE TABLE never (a INTEGER NOT NULL CHECK (a > 5 AND a < 5));
         CREATE TABLE child_of_never (a INTEGER NOT NULL REFERENCES never(rowid_copy));
         CREATE TABLE grandchild (a TEXT NOT NULL REFERENCES keyed(k));
         CREATE TABLE keyed (k TEXT PRIMARY KEY CHECK (k IS NOT NULL AND k IS NULL));
         CREATE TABLE clock (a TEXT, CHECK (a < datetime('now')));",
        &[
            ("orphan", "no such table: main.nowhere"),
            (
                "mismatch",
                "foreign key mismatch - \"mismatch\" referencing \"loose\"",
            ),
            ("never", "CHECK constraint failed: a > 5 AND a < 5"),
            (
                "child_of_never",
                "foreign key mismatch - \"child_of_never\" referencing \"never\"",
            ),
            (
                "grandchild",
                "FOREIGN KEY constraint failed (`keyed` has no rows)",
            ),
            (
                "keyed",
                "CHECK constraint failed: k IS NOT NULL AND k IS NULL",
            ),
            (
                "clock",
                "non-deterministic use of datetime() in a CHECK constraint",
            ),
        ],
    );
}

#[test]
fn conflicts_and_odd_names() {
    check(
        "CREATE TABLE \"odd 'name\" (\"a \"\"b\" TEXT NOT NULL, \"select\" INTEGER UNIQUE ON \
         CONFLICT REPLACE, [x y] NUMERIC, untyped, PRIMARY KEY (\"a \"\"b\") ON CONFLICT IGNORE);
         CREATE TABLE pairs (a INTEGER NOT NULL, b INTEGER NOT NULL, CHECK (a < b), UNIQUE (a, b) \
         ON CONFLICT ROLLBACK);
         CREATE TABLE kinds (i INT, bi BIGINT, s STRING, d DATETIME, b BOOLEAN, f FLOAT, dp \
         DOUBLE PRECISION, v VARCHAR(20), c CLOB, dec DECIMAL(5,2), fp FLOATING POINT, j JSON);
         CREATE TABLE int_key (id INT PRIMARY KEY, v TEXT) ;
         CREATE TABLE desc_key (id INTEGER PRIMARY KEY DESC, v TEXT);
         CREATE TABLE poly (kind TEXT NOT NULL CHECK (kind IN ('a', 'b')), a_id INTEGER, b_id \
         INTEGER,
             CHECK ((kind = 'a' AND a_id IS NOT NULL AND b_id IS NULL) OR (kind = 'b' AND b_id IS \
             NOT NULL AND a_id IS NULL)));
         CREATE TABLE sums (a INTEGER NOT NULL, b INTEGER NOT NULL, c INTEGER NOT NULL, CHECK (a \
         + b <> c));",
        &[],
    );
}

#[test]
fn search_over_implicit_rowids() {
    check(
        "CREATE TABLE article (title TEXT NOT NULL, body TEXT);
         CREATE VIRTUAL TABLE article_fts USING fts5(title, body, content='article');
         CREATE TABLE shop (slug TEXT PRIMARY KEY, place TEXT);
         CREATE VIRTUAL TABLE boxes USING rtree(id, minx, maxx, miny, maxy);
         CREATE VIRTUAL TABLE old_search USING fts4(body);",
        &[],
    );
}

#[test]
fn music_library_with_many_links() {
    check(
        "CREATE TABLE artist (id INTEGER PRIMARY KEY, name TEXT NOT NULL COLLATE NOCASE, UNIQUE
             (name));
         CREATE TABLE album (id INTEGER PRIMARY KEY, artist_id INTEGER NOT NULL REFERENCES
             artist(id), title TEXT NOT NULL, released TEXT CHECK (released IS NULL OR released =
             date(released)));
         CREATE TABLE cover (album_id INTEGER PRIMARY KEY REFERENCES album(id), image BLOB NOT
             NULL);
         CREATE TABLE track (album_id INTEGER NOT NULL REFERENCES album(id), disc INTEGER NOT
             NULL DEFAULT 1, n INTEGER NOT NULL, title TEXT, seconds INTEGER CHECK (seconds > 0),
             PRIMARY KEY (album_id, disc, n)) WITHOUT ROWID;
         CREATE TABLE play (album_id INTEGER, disc INTEGER, n INTEGER, at INTEGER NOT NULL,
             FOREIGN KEY (album_id, disc, n) REFERENCES track);
         CREATE TABLE rating (album_id INTEGER NOT NULL UNIQUE REFERENCES album(id), stars
             INTEGER CHECK (stars BETWEEN 1 AND 5), mood TEXT CHECK (lower(mood) IN ('sad', \
             'glad')),
             hash TEXT UNIQUE CHECK (length(hash) = 64 AND hash NOT GLOB '*[^0-9a-f]*'));",
        &[],
    );
}
