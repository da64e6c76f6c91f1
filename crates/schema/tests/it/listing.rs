//! The text for readers: the listing of a schema and the lines of a table.

use insta::assert_snapshot;
use schema::{Affinity, Schema};

use crate::schema;

#[test]
fn a_schema_is_listed() {
    let schema = schema(
        r#"CREATE TABLE sessions(id TEXT PRIMARY KEY NOT NULL, started_at TEXT NOT NULL) STRICT;
        CREATE TABLE "Exercises"(
          id INTEGER PRIMARY KEY AUTOINCREMENT,
          session_id TEXT NOT NULL REFERENCES sessions(id) ON DELETE CASCADE,
          name TEXT COLLATE NOCASE DEFAULT 'none',
          weight REAL CHECK (weight >= 0),
          heavy AS (weight > 100) STORED,
          "group" VARCHAR(20),
          CONSTRAINT named CHECK (name <> ''),
          UNIQUE (session_id, name) ON CONFLICT IGNORE
        );
        CREATE TABLE link(a INT, b INT, PRIMARY KEY (b, a DESC)) WITHOUT ROWID;
        CREATE UNIQUE INDEX by_name ON exercises(name DESC, lower("group"))
          WHERE weight IS NOT NULL;
        CREATE TRIGGER touch AFTER DELETE ON exercises BEGIN DELETE FROM link WHERE a = old.id; END;
        CREATE VIEW heavy_ones(n) AS SELECT name FROM exercises WHERE heavy;
        CREATE TRIGGER write INSTEAD OF INSERT ON heavy_ones BEGIN SELECT 1; END;
        CREATE VIRTUAL TABLE search USING fts5(name, content = 'exercises', content_rowid = id);"#,
    );
    assert_snapshot!(schema, @r#"
    table exercises
      id          INTEGER PRIMARY KEY AUTOINCREMENT
      session_id  TEXT NOT NULL
      name        TEXT DEFAULT 'none' COLLATE NOCASE
      weight      REAL
      heavy       AS (weight > 100) STORED
      "group"     VARCHAR(20)
      UNIQUE(session_id, name) ON CONFLICT IGNORE
      CHECK (weight >= 0)
      CONSTRAINT named CHECK (name <> '')
      FOREIGN KEY(session_id) REFERENCES sessions(id) ON DELETE CASCADE
      unique index by_name ON exercises(name DESC, lower("group")) WHERE weight IS NOT NULL
      trigger touch ON exercises: AFTER DELETE BEGIN DELETE FROM link WHERE a = old.id; END

    table link
      a  INT NOT NULL
      b  INT NOT NULL
      PRIMARY KEY(b, a DESC)
      WITHOUT ROWID

    table search
      name
      search  HIDDEN
      rank    HIDDEN
      USING fts5(name, content='exercises', content_rowid=id)

    table sessions
      id          TEXT NOT NULL PRIMARY KEY
      started_at  TEXT NOT NULL
      STRICT

    view heavy_ones
      (n) AS SELECT name FROM exercises WHERE heavy
      trigger write ON heavy_ones: INSTEAD OF INSERT BEGIN SELECT 1; END
    "#);
    let lines = schema.table("EXERCISES").unwrap().describe().join("\n");
    assert_snapshot!(lines, @r#"
    id INTEGER PRIMARY KEY AUTOINCREMENT
    session_id TEXT NOT NULL
    name TEXT DEFAULT 'none' COLLATE NOCASE
    weight REAL
    heavy AS (weight > 100) STORED
    "group" VARCHAR(20)
    UNIQUE(session_id, name) ON CONFLICT IGNORE
    CHECK (weight >= 0)
    CONSTRAINT named CHECK (name <> '')
    FOREIGN KEY(session_id) REFERENCES sessions(id) ON DELETE CASCADE
    "#);
    assert_snapshot!(schema.without_table("EXERCISES").without_table("search"), @"
    table link
      a  INT NOT NULL
      b  INT NOT NULL
      PRIMARY KEY(b, a DESC)
      WITHOUT ROWID

    table sessions
      id          TEXT NOT NULL PRIMARY KEY
      started_at  TEXT NOT NULL
      STRICT

    view heavy_ones
      (n) AS SELECT name FROM exercises WHERE heavy
      trigger write ON heavy_ones: INSTEAD OF INSERT BEGIN SELECT 1; END
    ");
}

/// A declared object on a table that is not listed has its own entry.
#[test]
fn an_index_of_a_shadow_table_is_listed() {
    let schema = schema(
        "CREATE VIRTUAL TABLE f USING fts5(x); CREATE INDEX i ON f_content(c0); CREATE TABLE t(a);",
    );
    assert_snapshot!(schema, @"
    table f
      x
      f     HIDDEN
      rank  HIDDEN
      USING fts5(x)

    table t
      a

    index i ON f_content(c0)
    ");
    assert_snapshot!(schema.indexes().next().unwrap(), @"ON f_content(c0)");
}

#[test]
fn a_schema_without_a_table_lacks_what_is_on_it() {
    let schema = schema(
        "CREATE TABLE t(a); CREATE INDEX i ON t(a); CREATE TRIGGER g DELETE ON t BEGIN SELECT 1; \
         END;
         CREATE TABLE u(a); CREATE INDEX j ON u(a); CREATE TRIGGER h DELETE ON u BEGIN SELECT 1; \
         END;",
    );
    assert_snapshot!(schema.without_table("T"), @"
    table u
      a
      index j ON u(a)
      trigger h ON u: BEFORE DELETE BEGIN SELECT 1; END
    ");
}

#[test]
fn defaults_and_names_are_listed_as_they_must_be_written() {
    let names = [
        "\"no case\"",
        "a_b1",
        "größe",
        "\"a\u{7f}\"",
        "\"\"",
        "\"a-b\"",
    ];
    let keys = names.map(|name| format!("FOREIGN KEY (a) REFERENCES p(x) MATCH {name}"));
    let schema = schema(&format!(
        "CREATE TABLE t(a DEFAULT (NOT 1), b DEFAULT (-1), c DEFAULT (~5), CHECK (a ISNULL AND b \
         NOTNULL), {})",
        keys.join(", ")
    ));
    assert_snapshot!(schema.to_string().replace('\u{7f}', "[7f]"), @r#"
    table t
      a  DEFAULT (NOT 1)
      b  DEFAULT -1
      c  DEFAULT (~5)
      CHECK (a IS NULL AND b IS NOT NULL)
      FOREIGN KEY(a) REFERENCES p(x) MATCH ""
      FOREIGN KEY(a) REFERENCES p(x) MATCH "A-B"
      FOREIGN KEY(a) REFERENCES p(x) MATCH "A[7f]"
      FOREIGN KEY(a) REFERENCES p(x) MATCH "NO CASE"
      FOREIGN KEY(a) REFERENCES p(x) MATCH A_B1
      FOREIGN KEY(a) REFERENCES p(x) MATCH GRößE
    "#);
}

#[test]
fn nothing_is_listed_as_nothing() {
    assert!(schema("").is_empty());
    assert_eq!(schema("").to_string(), "");
    assert_eq!(schema(""), Schema::default());
    assert!(!schema("CREATE VIEW v AS SELECT 1").is_empty());
}

#[test]
fn a_table_answers_questions() {
    let schema = schema(
        "CREATE TABLE a(Id INTEGER, x, y AS (x), z AS (x) STORED, PRIMARY KEY (id DESC));
         CREATE TABLE b(id INTEGER PRIMARY KEY DESC);
         CREATE TABLE c(id INTEGER PRIMARY KEY) WITHOUT ROWID;
         CREATE TABLE d(id INT PRIMARY KEY);
         CREATE VIRTUAL TABLE e USING fts5(x);",
    );
    let aliases: Vec<_> = schema.tables().map(|table| table.rowid_alias()).collect();
    assert_eq!(aliases, [Some("Id"), None, None, None, None]);
    let stored = |table: &str| -> Vec<&str> {
        schema
            .table(table)
            .unwrap()
            .stored_columns()
            .map(|column| column.name.as_str())
            .collect()
    };
    assert_eq!(stored("a"), ["Id", "x"]);
    assert_eq!(stored("E"), ["x"]);
    assert!(schema.table("A").unwrap().column("ID").is_some());
    assert!(schema.table("f").is_none());
}

#[test]
fn affinity_follows_sqlite() {
    let conn = crate::database("");
    for (declared, numeric, affinity) in [
        ("INT", "integer", Affinity::Integer),
        ("FLOATING POINT", "integer", Affinity::Integer),
        ("VARCHAR(20)", "text", Affinity::Text),
        ("BLOB", "text", Affinity::Blob),
        ("", "text", Affinity::Blob),
        ("DOUBLE", "real", Affinity::Real),
        ("STRING", "integer", Affinity::Numeric),
        ("ANY", "integer", Affinity::Numeric),
    ] {
        assert_eq!(Affinity::from_type(Some(declared)), affinity, "{declared}");
        conn.execute_batch(&format!(
            "CREATE TABLE t(a {declared}); INSERT INTO t VALUES ('7');"
        ))
        .unwrap();
        let kept: String = conn
            .query_row("SELECT typeof(a) FROM t", [], |row| row.get(0))
            .unwrap();
        assert_eq!(kept, numeric, "{declared}");
        conn.execute_batch("DROP TABLE t").unwrap();
    }
    assert_eq!(Affinity::from_strict_type(Some("ANY")), Affinity::Blob);
}
