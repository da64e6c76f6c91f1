//! Unusual and hostile files, which must still be read.

use insta::assert_snapshot;
use schema::sql::quote_name;
use schema::{Schema, diff};

use crate::{check, database, schema};

#[test]
fn names_may_be_anything() {
    for name in [
        "a b",
        "say \"hi\"",
        "it's",
        "line\nbreak",
        "🦀",
        "select",
        "[x]",
        "`",
        "1",
        "",
        "É",
        "a.b",
        "a\u{7f}b",
        ";--",
    ] {
        let q = quote_name(name);
        let script = format!(
            "CREATE TABLE {q}({q} INTEGER PRIMARY KEY, other TEXT CHECK (other <> {q}), up \
             REFERENCES {q}({q}));
             CREATE INDEX i ON {q}(other, {q} + 1) WHERE {q} > 1;
             CREATE VIEW v AS SELECT {q} FROM {q} AS {q};
             CREATE TRIGGER g AFTER UPDATE OF {q} ON {q} BEGIN DELETE FROM {q} WHERE {q} = \
             old.{q}; END;"
        );
        let schema = schema(&script);
        let table = schema.table(name).unwrap();
        assert_eq!(table.name, name);
        assert_eq!(table.rowid_alias(), Some(name));
        assert_eq!(table.foreign_keys[0].parent, name);
        assert_eq!(table.kind, schema::TableKind::Ordinary);
        assert_eq!(check(&script, &script), "");
        assert_eq!(check(&script, "").lines().count(), 4);
    }
}

#[test]
fn keywords_may_be_names() {
    assert_snapshot!(
        schema("CREATE TABLE key(action, \"table\" desc, rowid, abort CHECK (abort > action));
                CREATE VIEW temp AS SELECT action AS \"Select\", \"table\" FROM key"),
        @r#"
        table "key"
          "action"
          "table"  DESC
          rowid
          "abort"
          CHECK ("abort" > "action")

        view "temp"
          AS SELECT "action" AS "select", "table" FROM "key"
        "#
    );
}

#[test]
fn a_quoted_string_is_not_a_name() {
    // SQLite reads "x" as a string if there is no x.
    let conn = database("");
    conn.set_db_config(rusqlite::config::DbConfig::SQLITE_DBCONFIG_DQS_DDL, true)
        .unwrap();
    let read = |sql: &str| {
        conn.execute_batch(&format!("DROP TABLE IF EXISTS t; {sql}"))
            .unwrap();
        Schema::read(&conn).unwrap()
    };
    let upper = read("CREATE TABLE t(a CHECK (a <> \"Work\"))");
    let lower = read("CREATE TABLE t(a CHECK (a <> \"work\"))");
    let column = read("CREATE TABLE t(a CHECK (a <> \"A\"))");
    assert_ne!(upper, lower);
    assert_eq!(column, read("CREATE TABLE t(a CHECK (a <> a))"));
}

/// SQLite drops the column, and after that the view returns the string `label` for each row.
#[test]
fn a_view_that_lost_its_column_has_changed() {
    let script = "CREATE TABLE t(a, label); CREATE VIEW v AS SELECT \"label\" FROM t;";
    let dropped = format!("{script} ALTER TABLE t DROP COLUMN label;");
    assert_snapshot!(check(script, &dropped), @r#"
    DROP COLUMN t.label
    ALTER VIEW v query: before SELECT label FROM t, after SELECT "label" FROM t
    "#);
}

#[test]
fn broken_views_and_triggers_are_read() {
    let script = "CREATE TABLE t(a); CREATE VIEW v AS SELECT gone FROM nowhere;
                  CREATE VIEW w AS SELECT * FROM v; CREATE TABLE u(a REFERENCES nowhere(x));
                  CREATE TRIGGER g INSERT ON t BEGIN INSERT INTO nowhere VALUES (missing); END;";
    assert_snapshot!(schema(script), @"
    table t
      a
      trigger g ON t: BEFORE INSERT BEGIN INSERT INTO nowhere VALUES (missing); END

    table u
      a
      FOREIGN KEY(a) REFERENCES nowhere(x)

    view v
      AS SELECT gone FROM nowhere

    view w
      AS SELECT * FROM v
    ");
}

#[test]
fn wide_tables_are_read() {
    let columns: Vec<String> = (0..2000).map(|n| format!("c{n} INT")).collect();
    let wide = format!("CREATE TABLE t({})", columns.join(", "));
    assert_eq!(schema(&wide).table("t").unwrap().columns.len(), 2000);
    assert_eq!(
        check(&wide, &wide.replace("c1999 INT", "c1999 TEXT")),
        "ALTER COLUMN t.c1999 type: before INT, after TEXT"
    );
}

#[test]
fn many_tables_are_read() {
    let conn = database("BEGIN");
    for n in 0..3000 {
        conn.execute_batch(&format!(
            "CREATE TABLE t{n}(a PRIMARY KEY, b); CREATE INDEX i{n} ON t{n}(b);"
        ))
        .unwrap();
    }
    conn.execute_batch("COMMIT").unwrap();
    let schema = Schema::read(&conn).unwrap();
    assert_eq!(
        (schema.tables().count(), schema.indexes().count()),
        (3000, 3000)
    );
    assert_eq!(diff(&schema, &schema), []);
}

/// As deep as SQLite allows, on the small stack of a test thread.
#[test]
fn deep_expressions_are_read() {
    for (deep, shallower) in [
        (
            format!("a + {}1{}", "(".repeat(90), ")".repeat(90)),
            "a + 1".to_owned(),
        ),
        (
            vec!["a > 0"; 900].join(" AND "),
            vec!["a > 0"; 899].join(" AND "),
        ),
        (vec!["a"; 900].join(" || "), vec!["a"; 899].join(" || ")),
        (
            format!("{}a", "NOT ".repeat(900)),
            format!("{}a", "NOT ".repeat(899)),
        ),
        (
            format!("{}a{}", "abs(".repeat(90), ")".repeat(90)),
            "a".to_owned(),
        ),
        (
            format!("{}a{}", "CASE WHEN 1 THEN ".repeat(90), " END".repeat(90)),
            "a".to_owned(),
        ),
    ] {
        let script = |check: &str| format!("CREATE TABLE t(a CHECK ({check}))");
        assert_eq!(check(&script(&deep), &script(&deep)), "");
        assert_ne!(check(&script(&deep), &script(&shallower)), "");
    }
}

/// Nested queries, as deep as SQLite allows.
#[test]
fn deep_queries_are_read() {
    let deep = |depth: usize| {
        let (open, close) = ("(SELECT a FROM ".repeat(depth), ")".repeat(depth));
        let from = format!("CREATE VIEW v AS SELECT a FROM {open} t {close};");
        let (open, close) = ("(SELECT ".repeat(depth), ")".repeat(depth));
        format!("CREATE TABLE t(a); {from} CREATE VIEW w AS SELECT {open} 1 {close}")
    };
    assert_eq!(check(&deep(60), &deep(60)), "");
    assert_eq!(check(&deep(60), &deep(61)).lines().count(), 2);
}

/// The file may contain an invalid schema: SQLite refuses to read it, and so does this crate.
#[test]
fn a_corrupt_schema_is_an_error() {
    let conn = database("CREATE TABLE t(a); PRAGMA writable_schema = ON;");
    conn.execute_batch(
        "UPDATE sqlite_schema SET sql = 'CREATE TABLE t(a b c d (('; PRAGMA \
                        writable_schema = RESET;",
    )
    .ok();
    let error = Schema::read(&conn).unwrap_err();
    assert_snapshot!(error, @"cannot read `sqlite_schema`");
    assert_snapshot!(
        std::error::Error::source(&error).unwrap(),
        @r#"malformed database schema (t) - near "(": syntax error"#
    );
}

/// Text that SQLite has not parsed again is kept as text.
#[test]
fn text_that_cannot_be_parsed_is_compared() {
    let broken = |sql: &str| {
        let conn = database(
            "CREATE TABLE t(a INT, b TEXT); CREATE INDEX i ON t(a); CREATE VIEW v AS SELECT 1;",
        );
        conn.execute_batch("PRAGMA writable_schema = ON").unwrap();
        conn.execute("UPDATE sqlite_schema SET sql = ?1", [sql])
            .unwrap();
        Schema::read(&conn).unwrap()
    };
    let one = broken("CREATE what 'ever' (\"X\" (((");
    assert_snapshot!(one, @"
    table t
      a  INT
      b  TEXT
      create what 'ever' ( x ( ( (
      index i ON t: create what 'ever' ( x ( ( (

    view v
      AS create what 'ever' ( x ( ( (
    ");
    assert_eq!(one, broken("create  WHAT 'ever' ( [x] (((--"));
    assert_ne!(one, broken("CREATE what 'EVER' (x ((("));
    for garbage in [
        "",
        "'",
        "\"",
        "[",
        "/*",
        "\0",
        "CREATE",
        "é",
        "CREATE TABLE t(a INT, b TEXT, b)",
    ] {
        broken(garbage).to_string();
    }
    // A sentence of the grammar, cut or doubled anywhere, must not cause a panic.
    let sentences = [
        "CREATE TABLE t(a INT DEFAULT (-1) REFERENCES p(x) ON DELETE SET NULL, b TEXT AS \
         (a->>'$.x'))",
        "CREATE INDEX i ON t(a COLLATE [no case] DESC, \"b\"\"\" || 'it''s') WHERE a IN (1, \
         2.5e-3, x'ab')",
        "CREATE TRIGGER g AFTER UPDATE OF a ON t BEGIN INSERT INTO t SELECT CASE a WHEN 1 THEN 2 \
         END; END",
        "CREATE VIEW v(x) AS WITH c AS (SELECT 1) SELECT count(*) OVER (ORDER BY a) FROM c \
         NATURAL LEFT JOIN t",
        "CREATE VIRTUAL TABLE f USING fts5(a, content='')",
    ];
    for sentence in sentences {
        for (at, _) in sentence.char_indices() {
            broken(&sentence[..at]).to_string();
            broken(&sentence[at..]).to_string();
            broken(&format!("{}{}", &sentence[..at], &sentence[at + 1..])).to_string();
            broken(&format!("{}\"{}", &sentence[..at], &sentence[at..])).to_string();
        }
    }
    broken(&"(".repeat(100_000)).to_string();
    broken(&format!(
        "CREATE VIEW v AS SELECT {}1",
        "- ".repeat(100_000)
    ))
    .to_string();
}

/// The report for an index that only one side could parse: all of it, with every risk.
#[test]
fn text_that_one_side_understands_is_compared() {
    let before = database("CREATE TABLE t(a); CREATE INDEX i ON t(a);");
    let after = database("CREATE TABLE t(a); CREATE TABLE u(a); CREATE INDEX i ON u(a);");
    let understood = Schema::read(&before).unwrap();
    after
        .execute_batch(
            "PRAGMA writable_schema = ON;
             UPDATE sqlite_schema SET sql = 'CREATE INDEX what?' WHERE name = 'i';",
        )
        .unwrap();
    let not_understood = Schema::read(&after).unwrap();
    let reported = |one: &Schema, other: &Schema| {
        let lines = diff(one, other)
            .into_iter()
            .filter(|change| change.name == "i")
            .map(|change| format!("{change}: {}", change.risk));
        lines.collect::<Vec<_>>().join("\n")
    };
    assert_snapshot!(
        reported(&understood, &not_understood),
        @"ALTER INDEX i declaration: before ON t(a), after ON u: create index what ?: can fail on \
          data, breaks readers"
    );
    assert_snapshot!(
        reported(&not_understood, &understood),
        @"ALTER INDEX i declaration: before ON u: create index what ?, after ON t(a): can fail on \
          data, breaks readers"
    );
}

/// Bytes that are not UTF-8 must not hide the rest.
#[test]
fn names_that_are_not_text() {
    let conn = database("CREATE TABLE ok(a); CREATE TABLE bad(a);");
    conn.execute_batch(
        "PRAGMA writable_schema = ON;
         UPDATE sqlite_schema SET name = CAST(x'62ff' AS TEXT), tbl_name = CAST(x'62ff' AS TEXT) \
         WHERE name = 'bad';",
    )
    .unwrap();
    let schema = Schema::read(&conn).unwrap();
    assert!(schema.table("ok").is_some());
    assert_eq!(schema.tables().count(), 2);
}

/// A module that this build lacks.
#[test]
fn unknown_modules_are_read() {
    let conn = database("CREATE TABLE t(a); PRAGMA writable_schema = ON;");
    conn.execute_batch(
        "INSERT INTO sqlite_schema VALUES ('table', 'm', 'm', 0, 'CREATE VIRTUAL TABLE m USING \
         nowhere(a, b=\"c\")');
         PRAGMA writable_schema = RESET;",
    )
    .unwrap();
    assert_snapshot!(Schema::read(&conn).unwrap(), @r#"
    table m
      USING nowhere(a, b="c")

    table t
      a
    "#);
}

/// Through `&mut`, which rusqlite needs from 0.41 on.
fn interrupt_always(conn: &mut rusqlite::Connection) {
    conn.progress_handler(1, Some(|| true)).ok();
}

/// A database in use by another connection causes an error of SQLite, not a wrong answer.
#[test]
fn no_database_is_an_error() {
    let mut conn = rusqlite::Connection::open_in_memory().unwrap();
    conn.execute_batch("CREATE TABLE t(a)").unwrap();
    interrupt_always(&mut conn);
    assert!(Schema::read(&conn).is_err());
}

/// Guesses and fingerprints of unusually large schemas.
#[test]
fn large_schemas_are_compared() {
    let wide = |odd: &str| {
        let name = |n: usize| {
            format!(
                "{}{n} INT DEFAULT {n}",
                if n.is_multiple_of(2) { "c" } else { odd }
            )
        };
        let columns: Vec<String> = (0..2000).map(name).collect();
        schema(&format!("CREATE TABLE t({})", columns.join(", ")))
    };
    let (one, other) = (wide("c"), wide("d"));
    assert_eq!(diff(&one, &other).len(), 2000);
    let guessed = schema::Comparison::new(&one, &other).changes();
    assert_eq!(guessed.len(), 1000);
    assert!(guessed.iter().all(|change| change.guess));

    let many = |prefix: &str| {
        let table =
            |n: usize| format!("CREATE TABLE {prefix}{n}(a, b{n} REFERENCES {prefix}0(a));");
        schema(&format!(
            "BEGIN; {} COMMIT;",
            (0..1000).map(table).collect::<String>()
        ))
    };
    let (one, other) = (many("t"), many("u"));
    assert_ne!(one.fingerprint(), other.fingerprint());
    // Each refers to the first table, whose rename has to be guessed before theirs.
    let guessed = schema::Comparison::new(&one, &other).changes();
    assert_eq!(guessed.len(), 1000);
    assert!(guessed.iter().all(|change| change.guess));
}
