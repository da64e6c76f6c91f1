//! Scripts as text: the ends of statements, and the significant parts of a script.

use insta::assert_snapshot;
use schema::sql::{canonical, quote_name, quote_text, show_name, statements};

/// The statements of a script, one per line, with their places.
fn cut(script: &str) -> String {
    let mut end = 0;
    let lines = statements(script).into_iter().map(|statement| {
        assert_eq!(
            &script[statement.offset..][..statement.text.len()],
            statement.text
        );
        assert!(statement.offset >= end, "statements overlap");
        end = statement.offset + statement.text.len();
        format!(
            "{}:{} {}",
            statement.line,
            statement.column,
            statement.text.replace('\r', "\\r").replace('\n', "\\n")
        )
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn statements_end_at_a_semicolon() {
    assert_snapshot!(cut(""), @"");
    assert_snapshot!(cut(" ;; \n ; -- nothing\n /* at all */ ;"), @"");
    assert_snapshot!(cut("SELECT 1"), @"1:1 SELECT 1");
    assert_snapshot!(cut("SELECT 1; SELECT 2;\n\n  SELECT 3 -- end\n"), @"
    1:1 SELECT 1
    1:11 SELECT 2
    3:3 SELECT 3
    ");
    assert_snapshot!(cut("\u{feff}SELECT 'é' ; SELECT 2"), @"
    1:2 SELECT 'é'
    1:15 SELECT 2
    ");
    assert_snapshot!(cut("a;\r\nb\r\n;\r\n  c"), @"
    1:1 a
    2:1 b
    4:3 c
    ");
    assert_snapshot!(
        cut("-- why;\nSELECT /* ; */ 1 -- ;\n+ 2;"),
        @r#"2:1 SELECT /* ; */ 1 -- ;\n+ 2"#
    );
}

#[test]
fn quotes_hide_a_semicolon() {
    assert_snapshot!(cut(r#"SELECT ';', 'it''s;', ";", "a"";", `;`, [;]; SELECT 2"#), @r#"
    1:1 SELECT ';', 'it''s;', ";", "a"";", `;`, [;]
    1:46 SELECT 2
    "#);
    assert_snapshot!(cut("SELECT '--', '/*'; SELECT 2"), @"
    1:1 SELECT '--', '/*'
    1:20 SELECT 2
    ");
    assert_snapshot!(cut("SELECT x - -1; SELECT 1--;\n;SELECT 2*/3"), @"
    1:1 SELECT x - -1
    1:16 SELECT 1
    2:2 SELECT 2*/3
    ");
}

#[test]
fn the_body_of_a_trigger_is_whole() {
    let body = "BEGIN SELECT CASE WHEN 1 THEN 2 END; UPDATE t SET a = 1; END";
    assert_snapshot!(
        cut(&format!("CREATE TRIGGER g AFTER INSERT ON t {body}; SELECT 1;")),
        @"
    1:1 CREATE TRIGGER g AFTER INSERT ON t BEGIN SELECT CASE WHEN 1 THEN 2 END; UPDATE t SET a = \
    1; END
    1:98 SELECT 1
    "
    );
    assert_snapshot!(
        cut(&format!("create temp trigger g delete on t {body};SELECT 1")),
        @"
    1:1 create temp trigger g delete on t BEGIN SELECT CASE WHEN 1 THEN 2 END; UPDATE t SET a = \
    1; END
    1:96 SELECT 1
    "
    );
    assert_snapshot!(
        cut(&format!("/**/CREATE /**/ TEMPORARY -- x\n TRIGGER g DELETE ON t {body} -- x\n;;")),
        @"1:5 CREATE /**/ TEMPORARY -- x\\n TRIGGER g DELETE ON t BEGIN SELECT CASE WHEN 1 THEN 2 \
          END; UPDATE t SET a = 1; END"
    );
    assert_snapshot!(cut("CREATE TRIGGER g DELETE ON t BEGIN SELECT 1; /* c */ END ; SELECT 2"), @"
    1:1 CREATE TRIGGER g DELETE ON t BEGIN SELECT 1; /* c */ END
    1:60 SELECT 2
    ");
    assert_snapshot!(
        cut("EXPLAIN QUERY PLAN CREATE TRIGGER g DELETE ON t BEGIN SELECT 1; END; SELECT 2"),
        @"
    1:1 EXPLAIN QUERY PLAN CREATE TRIGGER g DELETE ON t BEGIN SELECT 1; END
    1:70 SELECT 2
    "
    );
    assert_snapshot!(cut("EXPLAIN CREATE TRIGGER g DELETE ON t BEGIN SELECT 1; END; SELECT 2"), @"
    1:1 EXPLAIN CREATE TRIGGER g DELETE ON t BEGIN SELECT 1; END
    1:59 SELECT 2
    ");
    // Only the keywords of a statement make it a trigger.
    assert_snapshot!(
        cut("CREATE TABLE trigger_x(a); SELECT 'CREATE TRIGGER'; DROP TRIGGER g; BEGIN; END;"),
        @"
    1:1 CREATE TABLE trigger_x(a)
    1:28 SELECT 'CREATE TRIGGER'
    1:53 DROP TRIGGER g
    1:69 BEGIN
    1:76 END
    "
    );
    // An unclosed trigger includes the rest, as in SQLite.
    assert_snapshot!(
        cut("CREATE TRIGGER g DELETE ON t BEGIN SELECT 1; SELECT 2"),
        @"1:1 CREATE TRIGGER g DELETE ON t BEGIN SELECT 1; SELECT 2"
    );
}

/// Only `END` after a semicolon is the end, even as a single word, as in `sqlite3_complete`.
#[test]
fn a_word_alone_does_not_end_a_trigger() {
    assert_snapshot!(cut("CREATE TRIGGER g DELETE ON t BEGIN SELECT 1; nonsense; END; SELECT 2"), @"
    1:1 CREATE TRIGGER g DELETE ON t BEGIN SELECT 1; nonsense; END
    1:61 SELECT 2
    ");
}

#[test]
fn what_nothing_closes_is_the_rest() {
    assert_snapshot!(cut("SELECT 1; SELECT 'a; SELECT 2;"), @"
    1:1 SELECT 1
    1:11 SELECT 'a; SELECT 2;
    ");
    assert_snapshot!(cut("SELECT 1; SELECT \"a''; SELECT 2;"), @r#"
    1:1 SELECT 1
    1:11 SELECT "a''; SELECT 2;
    "#);
    assert_snapshot!(cut("SELECT 1; SELECT [a; SELECT 2;"), @"
    1:1 SELECT 1
    1:11 SELECT [a; SELECT 2;
    ");
    // SQLite skips it silently, so it must be visible.
    assert_snapshot!(cut("SELECT 1; /* SELECT 2;"), @"
    1:1 SELECT 1
    1:11 /* SELECT 2;
    ");
    assert_snapshot!(cut("SELECT 1 /* ; SELECT 2;"), @"1:1 SELECT 1 /* ; SELECT 2;");
}

#[test]
fn only_meaning_is_canonical() {
    assert_snapshot!(canonical("-- a comment\n"), @"");
    assert_snapshot!(canonical("SELECT  1\n;\n\n-- two\nSELECT\t2"), @"
    SELECT 1;
    SELECT 2;
    ");
    assert_snapshot!(canonical("SELECT 'A  b', \"C  d\", 'x\ny' ; "), @r#"
    SELECT 'A  b', "C  d", 'x
    y';
    "#);
    assert_snapshot!(canonical("SELECT a/* x */b, c -- y\n, d"), @"SELECT a b, c , d;");
    assert_snapshot!(
        canonical("CREATE TRIGGER g DELETE ON t BEGIN\n  SELECT 1; -- c\nEND;"),
        @"CREATE TRIGGER g DELETE ON t BEGIN SELECT 1; END;"
    );
    assert_snapshot!(canonical("SELECT 1;;;SELECT 'open ;  "), @"
    SELECT 1;
    SELECT 'open ;  ;
    ");
}

#[test]
fn canonical_text_is_stable() {
    let script = "CREATE TABLE t(a); -- x\nINSERT INTO t VALUES ('  ;\n');\n";
    let text = canonical(script);
    assert_eq!(canonical(&text), text);
    assert_eq!(canonical(&format!("\u{feff}\n{script}\n\n/* end */")), text);
    // Line ends count only within strings.
    let windows = "CREATE TABLE t(\r\n  a);\r\n";
    assert_eq!(
        canonical(windows),
        canonical(&windows.replace("\r\n", "\n"))
    );
    assert_ne!(canonical("SELECT 'a\r\nb'"), canonical("SELECT 'a\nb'"));
    assert_ne!(canonical("SELECT a"), canonical("SELECT A"));
}

#[test]
fn names_are_shown_with_quotes_where_they_need_them() {
    for plain in ["a", "_1", "a$b", "größe"] {
        assert_eq!(show_name(plain), plain);
    }
    for needs in ["", "1a", "a b", "a-b", "select", "a\u{7f}"] {
        assert_eq!(show_name(needs), quote_name(needs));
    }
}

/// SQLite reads a quoted name or text back unchanged.
#[test]
fn quotes_hold_anything() {
    let conn = crate::database("");
    for name in [
        "a",
        "select",
        "",
        "it's",
        "say \"hi\"",
        "line\nbreak",
        "🦀",
        "a;b--c",
        "]`[",
    ] {
        let sql = format!("SELECT {} AS {}", quote_text(name), quote_name(name));
        let statement = conn.prepare(&sql).unwrap();
        // A `Vec` up to rusqlite 0.40, then an iterator.
        let names: Vec<&str> = statement.column_names().into_iter().collect();
        assert_eq!(names, [name]);
        let text: String = conn.query_row(&sql, [], |row| row.get(0)).unwrap();
        assert_eq!(text, name);
    }
}

/// SQLite, given one statement after the other, finds the same ends.
#[test]
fn sqlite_cuts_at_the_same_places() {
    let script = "CREATE TABLE t(a, \"b;\" DEFAULT ';'); -- ;
        CREATE TRIGGER g AFTER INSERT ON t WHEN new.a > 1 BEGIN
          SELECT CASE WHEN 1 THEN 2 END; -- END;
          UPDATE t SET a = ';END;' WHERE `b;` = [a]; END;
        INSERT INTO t(a) VALUES (1), (2) /* ; */; ; SELECT 1;";
    let conn = crate::database("");
    let mut batch = rusqlite::Batch::new(&conn, script);
    let mut theirs = 0;
    while let Some(mut statement) =
        rusqlite::fallible_iterator::FallibleIterator::next(&mut batch).unwrap()
    {
        statement.query([]).unwrap().next().unwrap();
        theirs += 1;
    }
    assert_eq!(statements(script).len(), theirs);
    let again = crate::schema(&canonical(script));
    assert_eq!(again, schema::Schema::read(&conn).unwrap());
}
