//! Declared and guessed renames, and changes that only look like one.

use insta::assert_snapshot;
use schema::{ColumnOrder, Comparison, Rename, Schema};

use crate::schema;

/// The changes of a comparison with guesses, one per line.
fn guess(before: &str, after: &str) -> String {
    let (before, after) = (schema(before), schema(after));
    lines(&Comparison::new(&before, &after))
}

/// The changes of a comparison with declared renames and without guesses.
fn declared(before: &str, after: &str, renames: &[Rename]) -> String {
    let (before, after) = (schema(before), schema(after));
    let comparison = Comparison::new(&before, &after)
        .renames(renames)
        .guess_renames(false);
    let unmatched = comparison.unmatched_renames();
    let unmatched = unmatched
        .iter()
        .map(|rename| format!("\nunmatched {rename:?}"));
    lines(&comparison) + &unmatched.collect::<String>()
}

fn lines(comparison: &Comparison<'_>) -> String {
    let changes = comparison.changes();
    let lines = changes.iter().map(|change| {
        if change.guess {
            format!("{change}: {}", change.risk)
        } else {
            change.to_string()
        }
    });
    lines.collect::<Vec<_>>().join("\n")
}

const NOTES: &str = "CREATE TABLE note(id INTEGER PRIMARY KEY, label TEXT NOT NULL, body TEXT)";

#[test]
fn a_column_is_guessed() {
    assert_snapshot!(
        guess(NOTES, &NOTES.replace("label", "title")),
        @"RENAME COLUMN note.label TO title (a guess): can lose data, breaks readers"
    );
    // References to the column follow, so that only the rename remains.
    let rich = "CREATE TABLE p(k INTEGER PRIMARY KEY);
        CREATE TABLE t(a, b TEXT REFERENCES p(k) CHECK (b <> ''), c AS (b || a), UNIQUE (a, b));
        CREATE INDEX i ON t(b DESC, lower(b)) WHERE b IS NOT NULL;
        CREATE VIEW v AS SELECT b FROM t WHERE t.b > 1;
        CREATE TRIGGER g AFTER UPDATE OF b ON t WHEN new.b > 1 BEGIN DELETE FROM t WHERE b = \
        old.b; END;";
    let renamed = format!("{rich} ALTER TABLE t RENAME COLUMN b TO \"my b\";");
    assert_snapshot!(
        guess(rich, &renamed),
        @r#"RENAME COLUMN t.b TO "my b" (a guess): can lose data, breaks readers"#
    );
    // Two renames at once are distinguished by the declarations.
    assert_snapshot!(
        guess("CREATE TABLE t(a, b TEXT, c INT, d)", "CREATE TABLE t(a, x TEXT, y INT, d)"),
        @"
    RENAME COLUMN t.b TO x (a guess): can lose data, breaks readers
    RENAME COLUMN t.c TO y (a guess): can lose data, breaks readers
    "
    );
}

/// A different shape, a different place, two candidates: none of these is evidence.
#[test]
fn a_column_is_not_guessed() {
    let no_guess = |before: &str, after: &str| {
        let text = guess(before, after);
        assert!(
            !text.contains("RENAME") && text.contains("DROP COLUMN"),
            "{text}"
        );
    };
    no_guess(NOTES, &NOTES.replace("label TEXT", "label2 INT"));
    no_guess(NOTES, &NOTES.replace("label TEXT NOT NULL", "label2 TEXT"));
    no_guess(
        "CREATE TABLE t(a, b TEXT, c)",
        "CREATE TABLE t(a, c, x TEXT)",
    );
    no_guess(
        "CREATE TABLE t(a, b TEXT, c)",
        "CREATE TABLE t(a, x TEXT, y TEXT, c)",
    );
    no_guess(
        "CREATE TABLE t(a, b TEXT, c TEXT, d)",
        "CREATE TABLE t(a, x TEXT, d)",
    );
    no_guess(
        "CREATE TABLE t(a, b TEXT UNIQUE)",
        "CREATE TABLE t(a, x TEXT)",
    );
    no_guess(
        "CREATE TABLE t(a, b TEXT CHECK (b > 1))",
        "CREATE TABLE t(a, x TEXT CHECK (x > 2))",
    );
    no_guess("CREATE TABLE t(b TEXT)", "CREATE TABLE t(x TEXT)");
}

#[test]
fn a_table_is_guessed() {
    let child = "CREATE TABLE child(n REFERENCES note(id)); CREATE INDEX i ON note(label);
        CREATE VIEW v AS SELECT note.label FROM note;
        CREATE TRIGGER g INSERT ON note BEGIN UPDATE note SET body = note.label; END;";
    let before = format!("{NOTES}; {child}");
    let after = format!("{before} ALTER TABLE note RENAME TO \"order\";");
    assert_snapshot!(
        guess(&before, &after),
        @"RENAME TABLE note TO \"order\" (a guess): can lose data, can fail on data, breaks readers"
    );
    let of_itself = "CREATE TABLE t(a PRIMARY KEY, up REFERENCES t(a), CHECK (t.a > 1))";
    assert_snapshot!(
        guess(of_itself, &of_itself.replace(" t(", " u(").replace("t.", "u.")),
        @"RENAME TABLE t TO u (a guess): can lose data, breaks readers"
    );
    assert_snapshot!(
        guess("CREATE VIRTUAL TABLE f USING fts5(a)", "CREATE VIRTUAL TABLE g USING fts5(a)"),
        @"RENAME TABLE f TO g (a guess): can lose data, breaks readers"
    );
}

#[test]
fn a_table_is_not_guessed() {
    let no_guess = |before: &str, after: &str| {
        let text = guess(before, after);
        assert!(
            !text.contains("RENAME") && text.contains("DROP TABLE"),
            "{text}"
        );
    };
    no_guess("CREATE TABLE t(a, b)", "CREATE TABLE u(a, b INT)");
    no_guess("CREATE TABLE t(a, b)", "CREATE TABLE u(b, a)");
    no_guess(
        "CREATE TABLE t(a, b)",
        "CREATE TABLE u(a, b); CREATE TABLE w(a, b)",
    );
    no_guess(
        "CREATE TABLE t(a, b); CREATE TABLE s(a, b)",
        "CREATE TABLE u(a, b)",
    );
}

/// A declared rename needs no evidence, and other changes are reported under the new name.
#[test]
fn renames_are_declared() {
    let renames = [
        Rename::column("note", "LABEL", "title"),
        Rename::table("Note", "entry"),
    ];
    let after = "CREATE TABLE entry(id INTEGER PRIMARY KEY, body TEXT, title VARCHAR(9))";
    assert_snapshot!(declared(NOTES, after, &renames), @"
    RENAME TABLE note TO entry
    RENAME COLUMN entry.label TO title
    ALTER COLUMN entry.title type: before TEXT, after VARCHAR(9)
    ALTER COLUMN entry.title NOT NULL: before NOT NULL, after none
    ALTER COLUMN ORDER entry: before id, title, body, after id, body, title
    ");
    let untrue = [
        Rename::table("nowhere", "entry"),
        Rename::column("note", "label", "nowhere"),
        Rename::column("note", "label", "body"),
    ];
    assert_snapshot!(declared(NOTES, NOTES, &untrue), @r#"
    unmatched Rename { table: "nowhere", column: None, to: "entry" }
    unmatched Rename { table: "note", column: Some("label"), to: "nowhere" }
    unmatched Rename { table: "note", column: Some("label"), to: "body" }
    "#);
}

/// If the word is ambiguous in a view, the view is reported as changed, never hidden.
#[test]
fn nothing_hides_behind_a_rename() {
    let before =
        "CREATE TABLE t(a, b); CREATE TABLE u(b, c); CREATE VIEW v AS SELECT u.b FROM t, u;";
    let after =
        "CREATE TABLE t(a, c); CREATE TABLE u(b, c); CREATE VIEW v AS SELECT u.c FROM t, u;";
    let renames = [Rename::column("t", "b", "c")];
    assert_snapshot!(declared(before, after, &renames), @"
    RENAME COLUMN t.b TO c
    ALTER VIEW v query: before SELECT u.b FROM t, u, after SELECT u.c FROM t, u
    ");
    let before = "CREATE TABLE t(a); CREATE TABLE s(t); CREATE VIEW v AS SELECT t FROM s;";
    let after = "CREATE TABLE u(a); CREATE TABLE s(t, u); CREATE VIEW v AS SELECT u FROM s;";
    assert_snapshot!(declared(before, after, &[Rename::table("t", "u")]), @"
    RENAME TABLE t TO u
    ADD COLUMN s.u
    ALTER VIEW v query: before SELECT t FROM s, after SELECT u FROM s
    ");
}

/// The comparison expects exactly the result of SQLite's own rename.
#[test]
fn sqlite_renames_the_same() {
    let script = "CREATE TABLE t(id INTEGER PRIMARY KEY, b TEXT COLLATE NOCASE, UNIQUE (b DESC));
        CREATE TABLE u(t_id REFERENCES t(id) ON DELETE CASCADE, note, CHECK (note <> 'b'));
        CREATE INDEX i ON t(abs(b), b COLLATE RTRIM) WHERE t.b LIKE 'b%';
        CREATE VIEW v(b) AS SELECT x.b FROM t AS x WHERE EXISTS (SELECT 1 FROM u WHERE t_id = \
        x.b);";
    for (sql, rename) in [
        ("ALTER TABLE t RENAME TO s", Rename::table("t", "s")),
        ("ALTER TABLE u RENAME TO s", Rename::table("u", "s")),
        (
            "ALTER TABLE t RENAME COLUMN b TO z",
            Rename::column("t", "b", "z"),
        ),
        (
            "ALTER TABLE t RENAME COLUMN id TO z",
            Rename::column("t", "id", "z"),
        ),
        (
            "ALTER TABLE u RENAME COLUMN t_id TO z",
            Rename::column("u", "t_id", "z"),
        ),
    ] {
        let lines = declared(script, &format!("{script} {sql}"), &[rename]);
        assert_eq!(lines.lines().count(), 1, "{lines}");
    }
}

/// A function, a collation, an alias and a qualifier may be spelt like a column. A rename of the
/// column does not change them.
#[test]
fn words_that_only_look_like_the_column_stay() {
    let script = "CREATE TABLE t(id INTEGER PRIMARY KEY, length TEXT, rtrim TEXT,
            CHECK (length(length) < 9), CHECK (rtrim COLLATE rtrim <> ''));
        CREATE TABLE s(id INTEGER PRIMARY KEY, s TEXT, CHECK (s.s <> 'x'));
        CREATE INDEX i ON t(length(length), rtrim COLLATE rtrim);
        CREATE INDEX j ON s(id) WHERE s.s > 'x';
        CREATE VIEW v AS SELECT length AS id, id AS length FROM t WHERE length(length) > 1;";
    for (table, column) in [("t", "length"), ("t", "rtrim"), ("s", "s")] {
        let sql = format!("ALTER TABLE {table} RENAME COLUMN {column} TO z");
        let rename = Rename::column(table, column, "z");
        let lines = declared(script, &format!("{script} {sql}"), &[rename]);
        assert_eq!(lines, format!("RENAME COLUMN {table}.{column} TO z"));
    }
}

#[test]
fn the_order_of_columns_may_be_left_out() {
    let (before, after) = (
        schema("CREATE TABLE t(a, b)"),
        schema("CREATE TABLE t(b INT, a)"),
    );
    let changes = |order| lines(&Comparison::new(&before, &after).column_order(order));
    assert_snapshot!(changes(ColumnOrder::Report), @"
    ALTER COLUMN t.b type: before none, after INT
    ALTER COLUMN ORDER t: before a, b, after b, a
    ");
    assert_snapshot!(
        changes(ColumnOrder::Ignore),
        @"ALTER COLUMN t.b type: before none, after INT"
    );
    assert_eq!(
        lines(&Comparison::new(&Schema::default(), &Schema::default())),
        ""
    );
}

/// The JSON form of a rename.
#[test]
fn a_rename_is_json() {
    let (before, after) = (
        schema("CREATE TABLE t(a, b)"),
        schema("CREATE TABLE t(a, \"New\")"),
    );
    let change = &Comparison::new(&before, &after).changes()[0];
    assert_eq!(
        serde_json::to_value(change).unwrap(),
        serde_json::json!({
            "kind": "rename", "object": "column", "name": "t.b", "table": "t", "property": null,
            "before": "b", "after": "new", "guess": true,
            "risk": {"can_lose_data": true, "can_fail_on_data": false, "breaks_readers": true},
        })
    );
}
