//! Each way in which two schemas can differ has its own name.

use insta::assert_snapshot;

use crate::check;

/// A table that has one of everything, for a mutation to change one word of.
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
