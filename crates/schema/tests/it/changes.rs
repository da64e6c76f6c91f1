//! Each way in which two schemas can differ has its own name.

use insta::assert_snapshot;

use crate::check;

/// A table with one of everything, in which a mutation changes one word.
const RICH: &str = "
CREATE TABLE parent(id INTEGER PRIMARY KEY AUTOINCREMENT, code TEXT UNIQUE);
CREATE TABLE t(
  a INTEGER NOT NULL ON CONFLICT IGNORE,
  b TEXT DEFAULT 'x' COLLATE NOCASE,
  c REAL CHECK (c > 0),
  d INT AS (a + 1) STORED,
  p INTEGER REFERENCES parent(id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED,
  CONSTRAINT positive CHECK (a > 0),
  PRIMARY KEY (a, b DESC),
  UNIQUE (b, c) ON CONFLICT REPLACE
);
CREATE INDEX i ON t(b COLLATE RTRIM DESC, a + 1) WHERE c > 1;
CREATE TRIGGER g AFTER UPDATE OF a ON t WHEN new.a > 1 BEGIN UPDATE t SET c = 1; END;
CREATE VIEW v(x) AS SELECT a FROM t WHERE b = 'X';
";

/// The changes when `from` becomes `to` in the rich schema.
fn mutate(from: &str, to: &str) -> String {
    assert_eq!(RICH.matches(from).count(), 1, "{from}");
    check(RICH, &RICH.replace(from, to))
}

#[test]
fn nothing() {
    assert_snapshot!(check(RICH, RICH), @"");
    assert_snapshot!(check("", ""), @"");
}

#[test]
fn tables() {
    assert_snapshot!(check("", "CREATE TABLE t(a)"), @"ADD TABLE t");
    assert_snapshot!(check("CREATE TABLE t(a)", ""), @"DROP TABLE t");
    assert_snapshot!(check("CREATE TABLE t(a)", "CREATE TABLE t2(a)"), @"
    ADD TABLE t2
    DROP TABLE t
    ");
    assert_snapshot!(
        check("CREATE TABLE t(a INT)", "CREATE TABLE t(a INT) STRICT"),
        @"ALTER TABLE t STRICT: before no, after yes"
    );
    assert_snapshot!(
        check("CREATE TABLE t(a PRIMARY KEY)", "CREATE TABLE t(a PRIMARY KEY) WITHOUT ROWID"),
        @"
        ALTER TABLE t WITHOUT ROWID: before no, after yes
        ALTER COLUMN t.a NOT NULL: before none, after NOT NULL
        "
    );
    assert_snapshot!(check("CREATE TABLE t(a)", "CREATE VIEW t AS SELECT 1 AS a"), @"
    DROP TABLE t
    ADD VIEW t
    ");
}

#[test]
fn columns() {
    assert_snapshot!(
        mutate("c REAL", "c REAL, n TEXT NOT NULL DEFAULT ''"),
        @"ADD COLUMN t.n TEXT NOT NULL DEFAULT ''"
    );
    assert_snapshot!(mutate("  d INT AS (a + 1) STORED,", ""), @"DROP COLUMN t.d");
    assert_snapshot!(
        mutate("INT AS", "INTEGER AS"),
        @"ALTER COLUMN t.d type: before INT, after INTEGER"
    );
    assert_snapshot!(mutate("INT AS", "AS"), @"ALTER COLUMN t.d type: before INT, after none");
    assert_snapshot!(
        mutate(" NOT NULL ON CONFLICT IGNORE", ""),
        @"ALTER COLUMN t.a NOT NULL: before NOT NULL ON CONFLICT IGNORE, after none"
    );
    assert_snapshot!(
        mutate(" ON CONFLICT IGNORE", ""),
        @"ALTER COLUMN t.a NOT NULL: before NOT NULL ON CONFLICT IGNORE, after NOT NULL"
    );
    assert_snapshot!(
        mutate("DEFAULT 'x'", "DEFAULT 'X'"),
        @"ALTER COLUMN t.b DEFAULT: before 'x', after 'X'"
    );
    assert_snapshot!(
        mutate("DEFAULT 'x'", ""),
        @"ALTER COLUMN t.b DEFAULT: before 'x', after none"
    );
    assert_snapshot!(
        mutate("DEFAULT 'x'", "DEFAULT (lower('X'))"),
        @"ALTER COLUMN t.b DEFAULT: before 'x', after (lower('X'))"
    );
    assert_snapshot!(
        mutate("COLLATE NOCASE", ""),
        @"ALTER COLUMN t.b COLLATE: before NOCASE, after none"
    );
    assert_snapshot!(
        mutate("a + 1) STORED", "a + 1) VIRTUAL"),
        @"ALTER COLUMN t.d GENERATED: before AS (a + 1) STORED, after AS (a + 1) VIRTUAL"
    );
    assert_snapshot!(
        mutate("a + 1) STORED", "a + 2) STORED"),
        @"ALTER COLUMN t.d GENERATED: before AS (a + 1) STORED, after AS (a + 2) STORED"
    );
    assert_snapshot!(
        check("CREATE TABLE t(a, b, c)", "CREATE TABLE t(c, new, a, b)"),
        @"
        ADD COLUMN t.new
        ALTER COLUMN ORDER t: before a, b, c, after c, a, b
        "
    );
}

#[test]
fn keys() {
    assert_snapshot!(mutate("  PRIMARY KEY (a, b DESC),\n", ""), @"DROP PRIMARY KEY t(a, b DESC)");
    assert_snapshot!(
        mutate("PRIMARY KEY (a, b DESC)", "PRIMARY KEY (b DESC, a)"),
        @"ALTER PRIMARY KEY t: before (a, b DESC), after (b DESC, a)"
    );
    assert_snapshot!(
        mutate("PRIMARY KEY (a, b DESC)", "PRIMARY KEY (a, b)"),
        @"ALTER PRIMARY KEY t: before (a, b DESC), after (a, b)"
    );
    assert_snapshot!(
        mutate("(a, b DESC)", "(a, b DESC) ON CONFLICT FAIL"),
        @"ALTER PRIMARY KEY t: before (a, b DESC), after (a, b DESC) ON CONFLICT FAIL"
    );
    assert_snapshot!(
        mutate("(a, b DESC)", "(a, b COLLATE BINARY DESC)"),
        @"ALTER PRIMARY KEY t: before (a, b DESC), after (a, b COLLATE BINARY DESC)"
    );
    assert_snapshot!(
        mutate(" AUTOINCREMENT", ""),
        @"ALTER PRIMARY KEY parent: before (id) AUTOINCREMENT, after (id)"
    );
    assert_snapshot!(
        check("CREATE TABLE t(a INTEGER PRIMARY KEY)", "CREATE TABLE t(a INTEGER PRIMARY KEY \
                                                        DESC)"),
        @"
    ALTER PRIMARY KEY t: before (a), after (a DESC)
    ALTER PRIMARY KEY t rowid alias: before yes, after no
    "
    );
    assert_snapshot!(mutate("code TEXT UNIQUE", "code TEXT"), @"DROP UNIQUE parent(code)");
    assert_snapshot!(mutate("UNIQUE (b, c)", "UNIQUE (c, b)"), @"
    ADD UNIQUE t(c, b) ON CONFLICT REPLACE
    DROP UNIQUE t(b, c) ON CONFLICT REPLACE
    ");
    assert_snapshot!(mutate(" ON CONFLICT REPLACE", ""), @"
    ADD UNIQUE t(b, c)
    DROP UNIQUE t(b, c) ON CONFLICT REPLACE
    ");
}

#[test]
fn checks() {
    assert_snapshot!(mutate(" CHECK (c > 0)", ""), @"DROP CHECK t (c > 0)");
    assert_snapshot!(mutate("c > 0", "c >= 0"), @"
    ADD CHECK t (c >= 0)
    DROP CHECK t (c > 0)
    ");
    assert_snapshot!(
        mutate("(a > 0)", "(a > 1)"),
        @"ALTER CHECK t.positive: before (a > 0), after (a > 1)"
    );
    assert_snapshot!(mutate("CONSTRAINT positive ", ""), @"
    ADD CHECK t (a > 0)
    DROP CHECK t.positive (a > 0)
    ");
    assert_snapshot!(mutate("CONSTRAINT positive ", "CONSTRAINT above "), @"
    ADD CHECK t.above (a > 0)
    DROP CHECK t.positive (a > 0)
    ");
    // A string is not a column, whatever its content.
    assert_snapshot!(
        check("CREATE TABLE t(a CHECK (a <> 'a'))", r#"CREATE TABLE t(a CHECK (a <> "a"))"#),
        @"
        ADD CHECK t (a <> a)
        DROP CHECK t (a <> 'a')
        "
    );
}

#[test]
fn foreign_keys() {
    let clause = " REFERENCES parent(id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED";
    assert_snapshot!(
        mutate(clause, ""),
        @"DROP FOREIGN KEY t(p) REFERENCES parent(id) ON DELETE CASCADE DEFERRABLE INITIALLY \
          DEFERRED"
    );
    assert_snapshot!(mutate("parent(id) ON", "parent(code) ON"), @"
    ADD FOREIGN KEY t(p) REFERENCES parent(code) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
    DROP FOREIGN KEY t(p) REFERENCES parent(id) ON DELETE CASCADE DEFERRABLE INITIALLY DEFERRED
    ");
    assert_snapshot!(
        mutate("ON DELETE CASCADE", "ON DELETE SET NULL"),
        @"ALTER FOREIGN KEY t(p) REFERENCES parent(id): before ON DELETE CASCADE DEFERRABLE \
          INITIALLY DEFERRED, after ON DELETE SET NULL DEFERRABLE INITIALLY DEFERRED"
    );
    assert_snapshot!(
        mutate("ON DELETE CASCADE", "ON UPDATE CASCADE"),
        @"ALTER FOREIGN KEY t(p) REFERENCES parent(id): before ON DELETE CASCADE DEFERRABLE \
          INITIALLY DEFERRED, after ON UPDATE CASCADE DEFERRABLE INITIALLY DEFERRED"
    );
    assert_snapshot!(
        mutate(" DEFERRABLE INITIALLY DEFERRED", ""),
        @"ALTER FOREIGN KEY t(p) REFERENCES parent(id): before ON DELETE CASCADE DEFERRABLE \
          INITIALLY DEFERRED, after ON DELETE CASCADE"
    );
    assert_snapshot!(
        mutate("ON DELETE CASCADE", "ON DELETE CASCADE MATCH full"),
        @"ALTER FOREIGN KEY t(p) REFERENCES parent(id): before ON DELETE CASCADE DEFERRABLE \
          INITIALLY DEFERRED, after ON DELETE CASCADE MATCH FULL DEFERRABLE INITIALLY DEFERRED"
    );
}

#[test]
fn indexes() {
    assert_snapshot!(
        check("CREATE TABLE t(a)", "CREATE TABLE t(a); CREATE INDEX i ON t(a)"),
        @"ADD INDEX i ON t(a)"
    );
    assert_snapshot!(
        check("CREATE TABLE t(a); CREATE UNIQUE INDEX i ON t(a COLLATE NOCASE DESC)", "CREATE \
            TABLE t(a)"),
        @"DROP UNIQUE INDEX i ON t(a COLLATE NOCASE DESC)"
    );
    assert_snapshot!(
        mutate("CREATE INDEX", "CREATE UNIQUE INDEX"),
        @"ALTER INDEX i UNIQUE: before no, after yes"
    );
    assert_snapshot!(
        mutate("RTRIM DESC", "RTRIM"),
        @"ALTER INDEX i key: before (b COLLATE RTRIM DESC, a + 1), after (b COLLATE RTRIM, a + 1)"
    );
    assert_snapshot!(
        mutate("COLLATE RTRIM", ""),
        @"ALTER INDEX i key: before (b COLLATE RTRIM DESC, a + 1), after (b DESC, a + 1)"
    );
    assert_snapshot!(
        mutate("DESC, a + 1", "DESC, a + 2"),
        @"ALTER INDEX i key: before (b COLLATE RTRIM DESC, a + 1), after (b COLLATE RTRIM DESC, a \
          + 2)"
    );
    assert_snapshot!(mutate("WHERE c > 1", ""), @"ALTER INDEX i WHERE: before c > 1, after none");
    assert_snapshot!(mutate("INDEX i", "INDEX other"), @"
    DROP INDEX i ON t(b COLLATE RTRIM DESC, a + 1) WHERE c > 1
    ADD INDEX other ON t(b COLLATE RTRIM DESC, a + 1) WHERE c > 1
    ");
    // A constraint cannot be dropped, but an index can.
    assert_snapshot!(
        check("CREATE TABLE t(a UNIQUE)", "CREATE TABLE t(a); CREATE UNIQUE INDEX u ON t(a)"),
        @"
        DROP UNIQUE t(a)
        ADD UNIQUE INDEX u ON t(a)
        "
    );
}

#[test]
fn triggers_and_views() {
    assert_snapshot!(
        mutate("AFTER UPDATE OF a", "BEFORE UPDATE OF a"),
        @"ALTER TRIGGER g time: before AFTER, after BEFORE"
    );
    assert_snapshot!(
        mutate("UPDATE OF a ", "UPDATE "),
        @"ALTER TRIGGER g event: before UPDATE OF a, after UPDATE"
    );
    assert_snapshot!(
        mutate("WHEN new.a > 1 ", ""),
        @"ALTER TRIGGER g WHEN: before new.a > 1, after none"
    );
    assert_snapshot!(
        mutate("SET c = 1", "SET c = 2"),
        @"ALTER TRIGGER g body: before UPDATE t SET c = 1;, after UPDATE t SET c = 2;"
    );
    assert_snapshot!(mutate("TRIGGER g", "TRIGGER h"), @"
    DROP TRIGGER g ON t
    ADD TRIGGER h ON t
    ");
    assert_snapshot!(mutate("v(x)", "v(y)"), @"ALTER VIEW v columns: before (x), after (y)");
    assert_snapshot!(
        mutate("'X'", "'x'"),
        @"ALTER VIEW v query: before SELECT a FROM t WHERE b = 'X', after SELECT a FROM t WHERE b \
          = 'x'"
    );
    assert_snapshot!(mutate("VIEW v(x)", "VIEW w(x)"), @"
    DROP VIEW v
    ADD VIEW w
    ");
}

#[test]
fn virtual_tables() {
    assert_snapshot!(check("", "CREATE VIRTUAL TABLE f USING fts5(a, b)"), @"ADD TABLE f");
    assert_snapshot!(
        check(
            "CREATE VIRTUAL TABLE f USING fts5(a, tokenize = 'porter')",
            "CREATE VIRTUAL TABLE f USING fts5(a, tokenize = 'ascii')",
        ),
        @"ALTER TABLE f VIRTUAL: before USING fts5(a, tokenize='porter'), after USING fts5(a, \
          tokenize='ascii')"
    );
    assert_snapshot!(
        check("CREATE TABLE f(a)", "CREATE VIRTUAL TABLE f USING fts5(a)"),
        @"
        ALTER TABLE f VIRTUAL: before ordinary, after USING fts5(a)
        ADD COLUMN f.f HIDDEN
        ADD COLUMN f.rank HIDDEN
        "
    );
}
