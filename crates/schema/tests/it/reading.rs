//! The declarations of a database are complete: each part is in a field of its own.

use insta::assert_snapshot;
use schema::{
    Affinity, Conflict, Fingerprint, InternalKind, PartKind, Schema, TableKind, TriggerEvent,
    TriggerTime, diff,
};

use crate::{database, schema};

#[test]
fn a_table_is_read_in_full() {
    let schema = schema(
        "CREATE TABLE t(
           a INTEGER NOT NULL ON CONFLICT FAIL, b TEXT DEFAULT 'x' COLLATE nocase, c AS (a) STORED,
           CONSTRAINT few CHECK (a < 9),
           PRIMARY KEY (a DESC, b COLLATE rtrim) ON CONFLICT IGNORE, UNIQUE (b) ON CONFLICT \
           ROLLBACK,
           FOREIGN KEY (a, b) REFERENCES u(x, y) ON DELETE SET DEFAULT ON UPDATE RESTRICT
             MATCH full DEFERRABLE INITIALLY DEFERRED)",
    );
    let table = schema.table("t").unwrap();
    let [a, b, c] = table.columns.as_slice() else {
        panic!()
    };
    assert!(a.not_null && a.not_null_on_conflict == Some(Conflict::Fail));
    assert_eq!(
        (a.affinity, b.affinity, c.affinity),
        (Affinity::Integer, Affinity::Text, Affinity::Blob)
    );
    assert_eq!(
        (b.default.as_deref(), b.collation.as_deref()),
        (Some("'x'"), Some("NOCASE"))
    );
    assert!(
        c.generated
            .as_ref()
            .is_some_and(|made| made.stored && made.expression == "a")
    );
    let key = table.primary_key.as_ref().unwrap();
    assert!(key.columns[0].descending && key.columns[1].collation.as_deref() == Some("RTRIM"));
    assert!(!key.rowid_alias && !key.autoincrement && key.on_conflict == Some(Conflict::Ignore));
    assert_eq!(table.uniques[0].on_conflict, Some(Conflict::Rollback));
    assert_eq!(table.checks[0].name.as_deref(), Some("few"));
    let up = &table.foreign_keys[0];
    assert_eq!(
        (up.on_delete, up.on_update),
        (Some("SET DEFAULT"), Some("RESTRICT"))
    );
    assert!(up.deferred && up.match_.as_deref() == Some("FULL") && up.parent_columns == ["x", "y"]);
}

#[test]
fn an_index_a_trigger_and_a_view_are_read_in_full() {
    let schema = schema(
        "CREATE TABLE t(a, b);
         CREATE UNIQUE INDEX i ON t(A COLLATE nocase DESC, lower(b)) WHERE b > 1;
         CREATE VIEW v(x, Y) AS SELECT a, b FROM t;
         CREATE TRIGGER g AFTER UPDATE OF A, b ON t WHEN new.a > 1 BEGIN SELECT 1; DELETE FROM t; \
         END;
         CREATE TRIGGER h INSTEAD OF DELETE ON v BEGIN SELECT 1; END;
         CREATE TRIGGER k INSERT ON t BEGIN SELECT 1; END;",
    );
    let index = schema.indexes().next().unwrap();
    assert!(index.unique && index.filter.as_deref() == Some("b > 1"));
    assert_eq!(index.columns[0].kind, PartKind::Column("a".to_owned()));
    assert!(index.columns[0].descending && index.columns[0].collation.as_deref() == Some("NOCASE"));
    assert_eq!(
        index.columns[1].kind,
        PartKind::Expression("lower(b)".to_owned())
    );
    let view = schema.views().next().unwrap();
    assert!(view.parsed && view.columns == ["x", "Y"] && view.text == "SELECT a, b FROM t");
    let parts: Vec<_> = schema
        .triggers()
        .map(|trigger| trigger.parts.clone().unwrap())
        .collect();
    assert_eq!(
        (parts[0].time, parts[0].event),
        (TriggerTime::After, TriggerEvent::Update)
    );
    assert_eq!(parts[0].columns, ["A", "b"]);
    assert_eq!(parts[0].when.as_deref(), Some("new.a > 1"));
    assert_eq!(parts[0].body, ["SELECT 1", "DELETE FROM t"]);
    assert_eq!(
        (parts[1].time, parts[1].event),
        (TriggerTime::InsteadOf, TriggerEvent::Delete)
    );
    assert_eq!(
        (parts[2].time, parts[2].event),
        (TriggerTime::Before, TriggerEvent::Insert)
    );
}

/// None of them is declared, and each has its kind.
#[test]
fn sqlite_objects_are_distinguished() {
    let schema = schema(
        "CREATE TABLE t(a INTEGER PRIMARY KEY AUTOINCREMENT, b UNIQUE);
         CREATE VIRTUAL TABLE f USING fts5(x); CREATE VIRTUAL TABLE f_y USING fts5(x);
         CREATE TABLE f_notes(a);
         INSERT INTO t(b) VALUES (1); ANALYZE;",
    );
    let mut own: Vec<String> = schema
        .internal()
        .map(|own| format!("{} of {}: {:?}", own.name, own.table, own.kind))
        .collect();
    own.sort();
    assert_snapshot!(own.join("\n"), @"
    f_config of f: Shadow
    f_content of f: Shadow
    f_data of f: Shadow
    f_docsize of f: Shadow
    f_idx of f: Shadow
    f_y_config of f_y: Shadow
    f_y_content of f_y: Shadow
    f_y_data of f_y: Shadow
    f_y_docsize of f_y: Shadow
    f_y_idx of f_y: Shadow
    sqlite_autoindex_t_1 of t: AutomaticIndex
    sqlite_sequence of sqlite_sequence: Sequence
    sqlite_stat1 of sqlite_stat1: Statistics
    sqlite_stat4 of sqlite_stat4: Statistics
    ");
    let tables: Vec<_> = schema.tables().map(|table| table.name.as_str()).collect();
    assert_eq!(tables, ["f", "f_notes", "f_y", "t"]);
    assert_eq!(schema.indexes().count(), 0);
    assert!(!schema.internal().any(|own| own.kind == InternalKind::Other));
}

/// Each database of a connection is read by itself.
#[test]
fn databases_are_kept_apart() {
    let conn = database(
        "CREATE TABLE t(a); CREATE TEMP TABLE t(b INT PRIMARY KEY) WITHOUT ROWID;
         CREATE TEMP TRIGGER g INSERT ON main.t BEGIN SELECT 1; END;
         ATTACH ':memory:' AS \"my other\"; CREATE TABLE \"my other\".t(c TEXT CHECK (c <> ''));
         CREATE INDEX \"my other\".i ON t(c); CREATE VIRTUAL TABLE \"my other\".f USING fts5(x);",
    );
    let read = |database| Schema::read_from(&conn, database).unwrap().to_string();
    assert_eq!(Schema::read(&conn).unwrap().to_string(), "table t\n  a\n");
    assert_eq!(read("MAIN"), "table t\n  a\n");
    assert_snapshot!(read("temp"), @"
    table t
      b  INT NOT NULL PRIMARY KEY
      WITHOUT ROWID
      trigger g ON t: BEFORE INSERT BEGIN SELECT 1; END
    ");
    assert_snapshot!(read("My Other"), @"
    table f
      x
      f     HIDDEN
      rank  HIDDEN
      USING fts5(x)

    table t
      c  TEXT
      CHECK (c <> '')
      index i ON t(c)
    ");
    let error = Schema::read_from(&conn, "no\"where").unwrap_err();
    assert_snapshot!(error, @"cannot read the schema version");
}

/// For a table whose text could not be parsed, SQLite's own data remains.
#[test]
fn a_table_that_cannot_be_parsed_keeps_what_the_pragmas_tell() {
    let conn = database(
        "CREATE TABLE t(a INT NOT NULL, g AS (a), s AS (a) STORED, PRIMARY KEY (a)) WITHOUT ROWID",
    );
    let understood = Schema::read(&conn).unwrap();
    conn.execute_batch(
        "PRAGMA writable_schema = ON; UPDATE sqlite_schema SET sql = 'CREATE TABLE what?'",
    )
    .unwrap();
    let schema = Schema::read(&conn).unwrap();
    let table = schema.table("t").unwrap();
    assert_eq!(
        table.kind,
        TableKind::Unparsed {
            text: "create table what ?".to_owned()
        }
    );
    assert!(table.without_rowid && table.columns[0].not_null);
    let stored: Vec<_> = table
        .stored_columns()
        .map(|column| column.name.as_str())
        .collect();
    assert_eq!(stored, ["a"]);
    let computed = |at: usize| table.columns[at].generated.as_ref().unwrap().stored;
    assert_eq!((computed(1), computed(2)), (false, true));
    let lines: Vec<String> = diff(&understood, &schema)
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        lines[0],
        "ALTER TABLE t declaration: before ordinary, after create table what ?"
    );
}

/// A text whose columns differ from SQLite's belongs to a different table.
#[test]
fn a_text_with_other_columns_is_not_believed() {
    for other in [
        "CREATE TABLE t(a, c)",
        "CREATE TABLE t(a)",
        "CREATE TABLE t(a, b, c)",
    ] {
        let conn = database("CREATE TABLE t(a, b)");
        conn.execute_batch("PRAGMA writable_schema = ON").unwrap();
        conn.execute("UPDATE sqlite_schema SET sql = ?1", [other])
            .unwrap();
        let schema = Schema::read(&conn).unwrap();
        let table = schema.table("t").unwrap();
        assert!(matches!(table.kind, TableKind::Unparsed { .. }), "{other}");
        let names: Vec<&str> = table
            .columns
            .iter()
            .map(|column| column.name.as_str())
            .collect();
        assert_eq!(names, ["a", "b"]);
    }
}

/// `INT` and `INTEGER` are the same for a column, but not for a key.
#[test]
fn the_rowid_is_said() {
    let changes = |from: &str, to: &str| crate::check(from, to);
    assert_snapshot!(
        changes("CREATE TABLE t(a INT)", "CREATE TABLE t(a INTEGER)"),
        @"ALTER COLUMN t.a type: before INT, after INTEGER"
    );
    assert_snapshot!(
        changes("CREATE TABLE t(a INT PRIMARY KEY)", "CREATE TABLE t(a INTEGER PRIMARY KEY)"),
        @"
    ALTER COLUMN t.a type: before INT, after INTEGER
    ALTER PRIMARY KEY t rowid alias: before no, after yes
    "
    );
}

/// The JSON form is stable.
#[test]
fn changes_are_json() {
    let before = schema("CREATE TABLE t(a INT UNIQUE); CREATE VIEW v AS SELECT a FROM t");
    let after = schema("CREATE TABLE t(a TEXT, b NOT NULL)");
    let json = serde_json::to_string_pretty(&diff(&before, &after)).unwrap();
    assert_snapshot!(json, @r#"
    [
      {
        "kind": "add",
        "object": "column",
        "name": "t.b",
        "table": "t",
        "property": null,
        "before": null,
        "after": "NOT NULL",
        "guess": false,
        "risk": {
          "can_lose_data": false,
          "can_fail_on_data": true,
          "breaks_readers": true
        }
      },
      {
        "kind": "alter",
        "object": "column",
        "name": "t.a",
        "table": "t",
        "property": "type",
        "before": "INT",
        "after": "TEXT",
        "guess": false,
        "risk": {
          "can_lose_data": true,
          "can_fail_on_data": false,
          "breaks_readers": true
        }
      },
      {
        "kind": "drop",
        "object": "unique",
        "name": "t",
        "table": "t",
        "property": null,
        "before": "(a)",
        "after": null,
        "guess": false,
        "risk": {
          "can_lose_data": false,
          "can_fail_on_data": false,
          "breaks_readers": true
        }
      },
      {
        "kind": "drop",
        "object": "view",
        "name": "v",
        "table": null,
        "property": null,
        "before": "AS SELECT a FROM t",
        "after": null,
        "guess": false,
        "risk": {
          "can_lose_data": false,
          "can_fail_on_data": false,
          "breaks_readers": true
        }
      }
    ]
    "#);
}

/// A fingerprint may be stored in a file, so it is stable.
#[test]
fn a_fingerprint_is_stable() {
    let print = |sql: &str| schema(sql).fingerprint();
    assert_snapshot!(
        print(""),
        @"a74ab5db1672227c90d2b741b8d50836fc0c767ae40d3625a46d977607c98e9f"
    );
    assert_snapshot!(
        print("CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT); CREATE INDEX i ON t(b);
        CREATE VIEW v AS SELECT 1; CREATE TRIGGER g DELETE ON t BEGIN SELECT 1; END"),
        @"d5b1bab79be7b45d637fd6f2232b25b6175b55c8b5b2f60a5df6eb9bef722eac"
    );
    assert_ne!(print("CREATE TABLE t(a)"), print("CREATE TABLE t(b)"));
    assert_eq!(
        print("CREATE TABLE t(a)"),
        print("create table T ( \"A\" )")
    );
    let one: Fingerprint = print("CREATE TABLE t(a)");
    assert_eq!(serde_json::to_value(one).unwrap(), one.to_string());
    assert!(
        one.to_string()
            .starts_with(&format!("{:02x}", one.as_bytes()[0]))
    );
    assert_eq!(one.to_string().len(), 64);
    assert_eq!(format!("{one:?}"), format!("Fingerprint({one})"));
}

/// Bytes that are not UTF-8 stay distinct: two such columns are two columns.
#[test]
fn columns_that_are_not_text() {
    let conn = database("CREATE TABLE t(x); PRAGMA writable_schema = ON;");
    let sql = b"CREATE TABLE t(\"a\xff\" INT, \"a\xfe\" TEXT)";
    conn.execute(
        "UPDATE sqlite_schema SET sql = CAST(?1 AS TEXT)",
        [sql.as_slice()],
    )
    .unwrap();
    conn.execute_batch("PRAGMA writable_schema = RESET")
        .unwrap();
    let schema = Schema::read(&conn).unwrap();
    let table = schema.table("t").unwrap();
    assert_ne!(table.columns[0].name, table.columns[1].name);
    assert_eq!(table.kind, TableKind::Ordinary);
    assert_eq!(diff(&schema, &schema), []);
}

/// SQLite removes both words from the type only if there is nothing but whitespace between them:
/// with a comment there, the column has a different affinity, and the reader reports it.
#[test]
fn a_comment_can_make_a_type() {
    let plain = "CREATE TABLE t(a, b GENERATED ALWAYS AS (a))";
    assert_eq!(crate::check(plain, &plain.replace("D A", "D \n A")), "");
    assert_eq!(
        crate::check(plain, &plain.replace("D A", "D /**/ A")),
        "ALTER COLUMN t.b type: before none, after GENERATED"
    );
    let conn = database(&plain.replace("D A", "D /**/ A"));
    conn.execute_batch("INSERT INTO t VALUES ('007')").unwrap();
    let kept: String = conn
        .query_row("SELECT typeof(b) FROM t", [], |row| row.get(0))
        .unwrap();
    assert_eq!(kept, "integer");
}
