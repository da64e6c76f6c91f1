//! Different spellings of the same meaning.

use crate::check;

/// Asserts that both scripts make the same schema.
fn same(one: &str, other: &str) {
    assert_eq!(check(one, other), "", "\n{one}\n{other}");
}

#[test]
fn alter_table_edits_text() {
    let fresh =
        "CREATE TABLE t(a INTEGER PRIMARY KEY, b TEXT NOT NULL DEFAULT 'x' CHECK (b <> ''))";
    same(
        fresh,
        "CREATE TABLE t(a INTEGER PRIMARY KEY);
         ALTER TABLE t ADD COLUMN b TEXT NOT NULL DEFAULT 'x' CHECK (b <> '')",
    );
    same(
        fresh,
        "CREATE TABLE t(a INTEGER PRIMARY KEY, gone, b TEXT NOT NULL DEFAULT 'x' CHECK (b <> ''));
         ALTER TABLE t DROP COLUMN gone",
    );
    same(
        fresh,
        r#"CREATE TABLE t(
             a INTEGER PRIMARY KEY, "old" TEXT NOT NULL DEFAULT 'x' CHECK ("old" <> ''));
           ALTER TABLE t RENAME COLUMN old TO b"#,
    );
    same(
        fresh,
        &format!("{}; ALTER TABLE u RENAME TO t", fresh.replace(" t(", " u(")),
    );
}

#[test]
fn alter_table_edits_constraints() {
    if !crate::has_alter_constraint() {
        return;
    }
    same(
        "CREATE TABLE t(a NOT NULL, b, CONSTRAINT c CHECK (a > 0))",
        "CREATE TABLE t(a, b NOT NULL);
         ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);
         ALTER TABLE t ALTER COLUMN a SET NOT NULL;
         ALTER TABLE t ALTER COLUMN b DROP NOT NULL;",
    );
    same(
        "CREATE TABLE t(a)",
        "CREATE TABLE t(a, CONSTRAINT c CHECK (a > 0)); ALTER TABLE t DROP CONSTRAINT c;",
    );
}

#[test]
fn a_rename_reaches_what_belongs_to_the_table() {
    let script = |table: &str, column: &str| {
        format!(
            "CREATE TABLE {table}({column} INTEGER PRIMARY KEY, up REFERENCES {table}({column}));
             CREATE INDEX i ON {table}({column}, up) WHERE {column} > 1;
             CREATE VIEW v AS SELECT x.{column} FROM {table} AS x JOIN {table} ON {table}.up = x.up;
             CREATE TRIGGER g AFTER INSERT ON {table}
               BEGIN INSERT INTO {table} SELECT {column}, 1 FROM {table}; END;"
        )
    };
    let renamed = format!(
        "{} ALTER TABLE old_t RENAME TO t; ALTER TABLE t RENAME COLUMN old_c TO c;",
        script("old_t", "old_c")
    );
    same(&script("t", "c"), &renamed);
    let to_keyword = format!(
        r#"{} ALTER TABLE old_t RENAME TO "order";
           ALTER TABLE "order" RENAME COLUMN old_c TO "my key";"#,
        script("old_t", "old_c")
    );
    same(&script(r#""order""#, "[my key]"), &to_keyword);
}

#[test]
fn case_quotes_whitespace_and_comments() {
    let plain = "CREATE TABLE note(id INTEGER PRIMARY KEY, label TEXT DEFAULT 'A' CHECK \
                 (length(label) < 9));
                 CREATE UNIQUE INDEX i ON note(label DESC) WHERE label IS NOT NULL;
                 CREATE VIEW v AS SELECT id, label AS name FROM note WHERE label = 'A';
                 CREATE TRIGGER g BEFORE DELETE ON note BEGIN SELECT raise(abort, 'No'); END";
    same(
        plain,
        &plain
            .replace("note", "Note")
            .replace("label", "LABEL")
            .replace("i ON", "I ON"),
    );
    same(
        plain,
        &plain
            .replace("note", "\"note\"")
            .replace("label", "[label]"),
    );
    same(
        plain,
        &plain.replace("label", "\"Label\"").replace("id", "`ID`"),
    );
    same(plain, &plain.replace(' ', " /* c */ -- c\r\n\t"));
    same(
        plain,
        &plain
            .replace("CREATE", "create")
            .replace("SELECT", "select")
            .replace("INTEGER", "integer"),
    );
    same(
        plain,
        &plain
            .replace("BEFORE DELETE", "DELETE")
            .replace("g ", "IF NOT EXISTS g "),
    );
    same(
        plain,
        &plain.replace("ON note BEGIN", "ON note FOR EACH ROW BEGIN"),
    );
    same(
        plain,
        &plain
            .replace("IS NOT NULL", "NOTNULL")
            .replace("VIEW v", "VIEW main.v"),
    );
}

#[test]
fn operators_have_two_spellings() {
    same(
        "CREATE TABLE t(a CHECK (a = 1 AND a <> 2))",
        "CREATE TABLE t(a CHECK (a == 1 and a != 2))",
    );
    same(
        "CREATE TABLE t(a CHECK(a>-1))",
        "CREATE TABLE t(a CHECK ( a > - 1 ))",
    );
    same(
        "CREATE TABLE t(a DEFAULT 0xAB)",
        "CREATE TABLE t(a DEFAULT 0xab)",
    );
    same(
        "CREATE TABLE t(a DEFAULT x'ab')",
        "CREATE TABLE t(a DEFAULT X'AB')",
    );
}

#[test]
fn joins_have_two_spellings() {
    let view = |query: &str| format!("CREATE TABLE t(a); CREATE VIEW v AS {query}");
    same(
        &view("SELECT 1 FROM t JOIN t AS u"),
        &view("SELECT 1 FROM t INNER JOIN t AS u"),
    );
    same(
        &view("SELECT 1 FROM t LEFT JOIN t"),
        &view("SELECT 1 FROM t left outer join t"),
    );
}

#[test]
fn beside_the_column_or_below() {
    same(
        "CREATE TABLE p(k PRIMARY KEY);
         CREATE TABLE t(a TEXT PRIMARY KEY, b UNIQUE ON CONFLICT FAIL, c CHECK (c > 0),
           d REFERENCES p(k) ON DELETE SET NULL NOT DEFERRABLE, e REFERENCES p DEFERRABLE \
           INITIALLY IMMEDIATE)",
        "CREATE TABLE p(k, PRIMARY KEY (k));
         CREATE TABLE t(a TEXT, b, c, d, e,
           FOREIGN KEY (e) REFERENCES p ON DELETE NO ACTION, CHECK (c > 0),
           CONSTRAINT why FOREIGN KEY (d) REFERENCES P(\"K\") ON DELETE SET NULL,
           CONSTRAINT other UNIQUE (b) ON CONFLICT FAIL, PRIMARY KEY (a ASC) ON CONFLICT ABORT)",
    );
    same(
        "CREATE TABLE t(a INTEGER PRIMARY KEY)",
        "CREATE TABLE t(a INTEGER, PRIMARY KEY (a DESC))",
    );
    same(
        "CREATE TABLE t(a INTEGER PRIMARY KEY AUTOINCREMENT)",
        "CREATE TABLE t(a INTEGER, PRIMARY KEY (a AUTOINCREMENT))",
    );
}

#[test]
fn the_default_may_be_written_or_left_out() {
    same(
        "CREATE TABLE t(a)",
        "CREATE TABLE t(a NULL DEFAULT NULL COLLATE binary)",
    );
    same(
        "CREATE TABLE t(a DEFAULT 1)",
        "CREATE TABLE t(a DEFAULT (1))",
    );
    same(
        "CREATE TABLE t(a DEFAULT -1)",
        "CREATE TABLE t(a DEFAULT (- 1))",
    );
    same(
        "CREATE TABLE t(a DEFAULT 'x')",
        "CREATE TABLE t(a DEFAULT \"x\")",
    );
    same(
        "CREATE TABLE t(a DEFAULT TRUE)",
        "CREATE TABLE t(a DEFAULT true)",
    );
    same(
        "CREATE TABLE t(a NOT NULL)",
        "CREATE TABLE t(a NOT NULL ON CONFLICT ABORT)",
    );
    same(
        "CREATE TABLE t(b, a AS (1))",
        "CREATE TABLE t(b, a GENERATED ALWAYS AS (1) VIRTUAL)",
    );
    same(
        "CREATE TABLE t(a VARCHAR(20))",
        "CREATE TABLE t(a varchar ( 20 ))",
    );
    same(
        "CREATE TABLE t(a, UNIQUE (a), UNIQUE (a))",
        "CREATE TABLE t(a UNIQUE)",
    );
    same(
        "CREATE TABLE t(a COLLATE NOCASE); CREATE INDEX i ON t(a)",
        "CREATE TABLE t(a COLLATE nocase); CREATE INDEX i ON t(a COLLATE NoCase ASC)",
    );
    same(
        "CREATE TABLE t(a PRIMARY KEY, b) WITHOUT ROWID, STRICT"
            .replace("a ", "a INT ")
            .replace("b)", "b INT)")
            .as_str(),
        "CREATE TABLE t(a INT NOT NULL PRIMARY KEY, b INT) STRICT, WITHOUT ROWID",
    );
}

#[test]
fn what_sqlite_keeps_for_itself() {
    same(
        "CREATE TABLE t(a INTEGER PRIMARY KEY AUTOINCREMENT); CREATE INDEX i ON t(a)",
        "CREATE TABLE t(a INTEGER PRIMARY KEY AUTOINCREMENT); CREATE INDEX i ON t(a);
         INSERT INTO t VALUES (1); ANALYZE;",
    );
    same(
        "CREATE TABLE t(a)",
        "CREATE TABLE t(a); CREATE TEMP TABLE t(b); CREATE TEMP TRIGGER g INSERT ON main.t BEGIN \
         SELECT 1; END;
         ATTACH ':memory:' AS other; CREATE TABLE other.u(a);",
    );
}
