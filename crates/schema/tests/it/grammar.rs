//! All SQL that SQLite accepts is parsed, and no part is ignored.

use schema::{Schema, TableKind};

use crate::{database, schema};

/// Column definitions, all with different meanings.
const COLUMNS: &[&str] = &[
    "a",
    "a INT",
    "a \"my type\"",
    "a UNSIGNED BIG INT",
    "a DECIMAL(10, -5)",
    "a CONSTRAINT x CHECK (a)",
    "a CHECK (a) CHECK (b)",
    "a DEFAULT +1",
    "a DEFAULT - 1.5e-3",
    "a DEFAULT 1_000",
    "a DEFAULT current_timestamp",
    "a DEFAULT 'current_timestamp'",
    "a DEFAULT true",
    "a DEFAULT 'true'",
    "a DEFAULT x'00'",
    "a DEFAULT (1 + 1)",
    "a DEFAULT ''",
    "a AS (b)",
    "a AS (b -> '$')",
    "a AS (b ->> '$') STORED",
    "a INT GENERATED ALWAYS AS (b)",
    "a COLLATE NOCASE COLLATE RTRIM",
    "a REFERENCES t",
    "a REFERENCES t(b)",
    "a REFERENCES u",
    "a REFERENCES t ON DELETE CASCADE ON UPDATE SET DEFAULT",
    "a REFERENCES t ON DELETE RESTRICT MATCH simple",
    "a REFERENCES t DEFERRABLE INITIALLY DEFERRED",
    "a UNIQUE REFERENCES t CHECK (a)",
    "a NOT NULL",
    "a PRIMARY KEY",
    "a INTEGER PRIMARY KEY",
    "a INTEGER PRIMARY KEY ON CONFLICT REPLACE",
    "a INTEGER PRIMARY KEY AUTOINCREMENT",
    "a CHECK (a IS DISTINCT FROM b)",
    "a CHECK (a BETWEEN 1 AND 2)",
    "a CHECK (a NOT BETWEEN 1 AND 2)",
    "a CHECK (a LIKE 'x')",
    "a CHECK (a NOT LIKE 'x')",
    "a CHECK (a LIKE 'x' ESCAPE 'y')",
    "a CHECK (a GLOB 'x')",
    "a CHECK (a IN (1))",
    "a CHECK (a NOT IN (1))",
    "a CHECK (a IN ())",
    "a CHECK ((a, b) = (1, 2))",
    "a CHECK (CAST(a AS TEXT))",
    "a CHECK (CAST(a AS BLOB))",
    "a CHECK (CASE a WHEN 1 THEN 2 ELSE 3 END)",
    "a CHECK (CASE WHEN a THEN 2 END)",
    "a CHECK (~a)",
    "a CHECK (-a)",
    "a CHECK (NOT a)",
    "a CHECK (a << 1)",
    "a CHECK (a % 1)",
    "a CHECK (a - 1)",
    "a CHECK (a COLLATE NOCASE)",
    "a CHECK (a IS NULL)",
    "a CHECK (a NOTNULL)",
    "a CHECK (t.a)",
    "a CHECK (max(a, b))",
];

/// Queries, all with different meanings.
const QUERIES: &[&str] = &[
    "SELECT a FROM t",
    "SELECT DISTINCT a FROM t",
    "SELECT a AS x FROM t",
    "SELECT t.a FROM t",
    "SELECT main.t.a FROM t",
    "SELECT * FROM t",
    "SELECT t.* FROM t",
    "SELECT a FROM main.t",
    "SELECT a FROM t INDEXED BY i",
    "SELECT a FROM t NOT INDEXED",
    "SELECT a FROM t WHERE b",
    "SELECT a FROM t GROUP BY b",
    "SELECT a FROM t GROUP BY b HAVING c",
    "SELECT a FROM t ORDER BY b",
    "SELECT a FROM t ORDER BY b DESC",
    "SELECT a FROM t ORDER BY b NULLS LAST",
    "SELECT a FROM t LIMIT 1",
    "SELECT a FROM t LIMIT 1 OFFSET 2",
    "SELECT a FROM t UNION SELECT a FROM t",
    "SELECT a FROM t UNION ALL SELECT a FROM t",
    "SELECT a FROM t EXCEPT SELECT a FROM t",
    "SELECT a FROM t INTERSECT SELECT a FROM t",
    "VALUES (1), (2)",
    "VALUES (1, 2)",
    "SELECT 1 FROM t, u",
    "SELECT 1 FROM t JOIN u",
    "SELECT 1 FROM t CROSS JOIN u",
    "SELECT 1 FROM t NATURAL JOIN u",
    "SELECT 1 FROM t LEFT JOIN u",
    "SELECT 1 FROM t RIGHT JOIN u",
    "SELECT 1 FROM t FULL JOIN u",
    "SELECT 1 FROM t NATURAL LEFT JOIN u",
    "SELECT 1 FROM t JOIN u ON t.a",
    "SELECT 1 FROM t JOIN u USING (a)",
    "SELECT 1 FROM (SELECT a FROM t)",
    "SELECT 1 FROM (t JOIN u)",
    "SELECT value FROM json_each('[1]')",
    "SELECT value FROM json_each('[1]') AS e",
    "WITH c AS (SELECT 1) SELECT * FROM c",
    "WITH c(x) AS (SELECT 1) SELECT * FROM c",
    "WITH c AS MATERIALIZED (SELECT 1) SELECT * FROM c",
    "WITH c AS NOT MATERIALIZED (SELECT 1) SELECT * FROM c",
    "WITH RECURSIVE c AS (SELECT 1) SELECT * FROM c",
    "SELECT count(*) FROM t",
    "SELECT count() FROM t",
    "SELECT count(DISTINCT a) FROM t",
    "SELECT count(a) FILTER (WHERE b) FROM t",
    "SELECT group_concat(a ORDER BY b) FROM t",
    "SELECT sum(a) OVER () FROM t",
    "SELECT sum(a) OVER w FROM t WINDOW w AS (PARTITION BY b)",
    "SELECT sum(a) OVER (PARTITION BY b) FROM t",
    "SELECT sum(a) OVER (ORDER BY b ROWS 1 PRECEDING) FROM t",
    "SELECT sum(a) OVER (ORDER BY b RANGE 1 PRECEDING) FROM t",
    "SELECT sum(a) OVER (ORDER BY b GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW) FROM t",
    "SELECT sum(a) OVER (ORDER BY b GROUPS BETWEEN 1 PRECEDING AND CURRENT ROW EXCLUDE TIES) FROM \
     t",
    "SELECT EXISTS (SELECT 1)",
    "SELECT NOT EXISTS (SELECT 1)",
    "SELECT 1 IN t",
    "SELECT 1 IN (SELECT 2)",
    "SELECT (SELECT 1)",
    "SELECT 'a'",
    "SELECT 'A'",
    "SELECT a COLLATE NOCASE FROM t",
    "SELECT 1 - -1",
    "SELECT 1 + 1",
    "SELECT (1)",
];

/// Trigger bodies, all with different meanings.
const COMMANDS: &[&str] = &[
    "INSERT INTO t VALUES (1, 2, 3)",
    "INSERT OR IGNORE INTO t VALUES (1, 2, 3)",
    "REPLACE INTO t VALUES (1, 2, 3)",
    "INSERT INTO t(a) VALUES (1)",
    "INSERT INTO t(b) VALUES (1)",
    "INSERT INTO t SELECT 1, 2, 3",
    "INSERT INTO t SELECT 1, 2, 3 WHERE 1 ON CONFLICT DO NOTHING",
    "INSERT INTO t SELECT 1, 2, 3 WHERE 1 ON CONFLICT (a) DO NOTHING",
    "INSERT INTO t SELECT 1, 2, 3 WHERE 1 ON CONFLICT (a) WHERE b DO NOTHING",
    "INSERT INTO t SELECT 1, 2, 3 WHERE 1 ON CONFLICT (a) DO UPDATE SET b = excluded.b",
    "INSERT INTO t SELECT 1, 2, 3 WHERE 1 ON CONFLICT (a) DO UPDATE SET b = 1 WHERE c",
    "UPDATE t SET a = 1",
    "UPDATE OR FAIL t SET a = 1",
    "UPDATE t SET a = 1, b = 2",
    "UPDATE t SET (a, b) = (1, 2)",
    "UPDATE t SET a = 1 WHERE b",
    "UPDATE t SET a = 1 FROM u",
    "UPDATE t SET a = new.b",
    "UPDATE t SET a = old.b",
    "DELETE FROM t",
    "DELETE FROM t WHERE a",
    "SELECT 1",
    "SELECT 1; SELECT 2",
    "SELECT raise(IGNORE)",
    "SELECT raise(ABORT, 'no')",
    "SELECT raise(ROLLBACK, 'no')",
    "SELECT raise(ABORT, 'n' || 'o')",
];

/// Asserts that all schemas differ from each other and are parsed completely.
fn all_differ(scripts: impl Iterator<Item = String>) {
    let schemas: Vec<(String, Schema)> = scripts
        .map(|script| (script.clone(), schema(&script)))
        .collect();
    for (at, (script, one)) in schemas.iter().enumerate() {
        assert!(
            one.tables().all(|table| table.kind == TableKind::Ordinary),
            "{script}"
        );
        let texts = one
            .views()
            .map(|view| &view.text)
            .chain(one.triggers().map(|t| &t.text));
        for text in texts {
            assert!(!text.starts_with("create"), "not parsed: {script}");
        }
        assert_eq!(one, &schema(script));
        for (other_script, other) in schemas.iter().take(at) {
            assert_ne!(one, other, "\n{script}\n{other_script}");
        }
    }
}

#[test]
fn columns_differ() {
    let script = |column: &&str| format!("CREATE TABLE t(b, {column})");
    all_differ(COLUMNS.iter().map(script));
}

#[test]
fn queries_differ() {
    let tables = "CREATE TABLE t(a, b, c); CREATE TABLE u(a); CREATE INDEX i ON t(a);";
    all_differ(
        QUERIES
            .iter()
            .map(|query| format!("{tables} CREATE VIEW v AS {query}")),
    );
}

#[test]
fn commands_differ() {
    let tables = "CREATE TABLE t(a UNIQUE, b, c); CREATE TABLE u(a);";
    all_differ(
        COMMANDS
            .iter()
            .map(|command| format!("{tables} CREATE TRIGGER g UPDATE ON t BEGIN {command}; END")),
    );
}

/// Commas between constraints are optional, and a constraint may be only a name.
#[test]
fn loose_grammar_is_understood() {
    for script in [
        "CREATE TABLE t(a, b, UNIQUE (a) CHECK (b) PRIMARY KEY (b))",
        "CREATE TABLE t(a CONSTRAINT x CONSTRAINT y NOT NULL CONSTRAINT z, b)",
        "CREATE TABLE t(a, CONSTRAINT x CONSTRAINT y CHECK (a) ON CONFLICT FAIL)",
        "CREATE TABLE t('a' TEXT, [b] \"INT\", PRIMARY KEY ('a', \"b\"))",
        "CREATE TABLE IF NOT EXISTS main.t(a)",
        "CREATE TABLE t AS SELECT 1 AS a, 'x' AS b",
        "CREATE TABLE t(a GENERATED ALWAYS, b)",
    ] {
        let conn = database(script);
        let schema = Schema::read(&conn).unwrap();
        assert_eq!(
            schema.table("t").unwrap().kind,
            TableKind::Ordinary,
            "{script}"
        );
    }
}
