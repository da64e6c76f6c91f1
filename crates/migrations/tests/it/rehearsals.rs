//! A rehearsal reports the effect of a run on the rows, and does not change the file.

use std::fs;

use migrations::{Catalogue, Down, ErrorKind, Rehearsal, Step, WayBack};

use crate::support::*;

const SHOP: &str = "CREATE TABLE list (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE item (id INTEGER PRIMARY KEY, list_id INTEGER REFERENCES list(id) ON DELETE \
    CASCADE, body TEXT);
    CREATE TABLE log (line TEXT);";

const ROWS: &str = "INSERT INTO list VALUES (1, 'shop'), (2, 'work'), (3, NULL);
    INSERT INTO item VALUES (10, 1, '007'), (11, 1, 'bread'), (12, 2, 'write');
    INSERT INTO log VALUES ('a'), ('a'), ('b');";

fn second(up: &'static str, down: &'static str, notes: &str) -> Catalogue {
    let first = step(
        "0001_shop",
        SHOP,
        "DROP TABLE log; DROP TABLE item; DROP TABLE list;",
    );
    let second = Step::new("0002_tried", up, Down::Sql(down.into()), notes.to_owned());
    catalogue(vec![first, second])
}

/// Rehearses version 2 on a file with rows.
fn rehearse(catalogue: &Catalogue) -> Rehearsal {
    let file = File::at(catalogue, 1);
    file.sql(ROWS);
    let before = file.bytes();
    let rehearsal = file.migrator(catalogue).rehearse(None, 2).unwrap();
    assert_eq!(file.bytes(), before);
    assert_eq!(
        fs::read_dir(file.directory.path()).unwrap().count(),
        1,
        "no copy stays"
    );
    assert_eq!((rehearsal.report.from, rehearsal.report.to), (1, 2));
    assert_eq!(rehearsal.integrity, Vec::<String>::new());
    rehearsal
}

#[test]
fn a_good_step_touches_nothing_that_was_there() {
    let up = "ALTER TABLE item ADD COLUMN colour TEXT; CREATE TABLE tag (name TEXT);";
    let down = "DROP TABLE tag; ALTER TABLE item DROP COLUMN colour;";
    let rehearsal = rehearse(&second(up, down, ""));
    let reported: Vec<_> = rehearsal
        .tables
        .iter()
        .map(|table| (table.table.as_str(), table.is_untouched()))
        .collect();
    let expected = [
        ("item", true),
        ("list", true),
        ("log", true),
        ("tag", false),
    ];
    assert_eq!(reported, expected, "every table is reported");
    assert_eq!(rehearsal.undeclared, Vec::<String>::new());
    assert_eq!(rehearsal.way_back, WayBack::Same);
}

#[test]
fn rows_that_go_and_values_that_change_are_counted() {
    let up = "DELETE FROM list WHERE id = 2; DELETE FROM item WHERE list_id = 2;
              UPDATE item SET body = CAST(body AS INTEGER) WHERE id = 10;
              DELETE FROM log WHERE rowid = 1; INSERT INTO log VALUES ('new');";
    let rehearsal = rehearse(&second(up, "SELECT 1;", ""));
    let reported: Vec<String> = rehearsal
        .tables
        .iter()
        .map(|t| {
            format!(
                "{} {:?} {:?} -{} +{} {:?}",
                t.table, t.before, t.after, t.gone, t.appeared, t.changed
            )
        })
        .collect();
    assert_eq!(
        reported,
        [
            "item Some(3) Some(2) -1 +0 [(\"body\", 1)]",
            "list Some(3) Some(2) -1 +0 []",
            "log Some(3) Some(3) -1 +1 []",
        ]
    );
    assert_eq!(
        rehearsal.undeclared,
        [
            "item: 1 row gone, 1 with their row of list",
            "item.body: another value in 1 row",
            "list: 1 row gone",
            "log: 1 row gone"
        ]
    );
    assert!(matches!(rehearsal.way_back, WayBack::Differs(_)));
}

#[test]
fn what_is_declared_or_renamed_is_no_loss() {
    let up = "ALTER TABLE list RENAME COLUMN name TO title; ALTER TABLE item RENAME TO entry;
              UPDATE entry SET body = upper(body); ALTER TABLE list ADD COLUMN extra; DROP TABLE \
              log;";
    let notes = "## Data migration\n\n- Renames: `list.name` to `title`\n- Renames: `item` to \
                 `entry`\n\
                 - Changes: `item.body` — upper case\n- Loses: `log` — nobody reads it\n";
    let rehearsal = rehearse(&second(up, "SELECT 1;", notes));
    assert_eq!(
        rehearsal.undeclared,
        Vec::<String>::new(),
        "{:?}",
        rehearsal.tables
    );
    let item = rehearsal
        .tables
        .iter()
        .find(|table| table.table == "item")
        .unwrap();
    assert_eq!(item.changed, [("body".to_owned(), 2)]);
}

#[test]
fn a_way_back_that_fails_is_reported() {
    let rehearsal = rehearse(&second(
        "CREATE TABLE tag (name TEXT);",
        "DROP TABLE tags;",
        "",
    ));
    let WayBack::None(why) = rehearsal.way_back else {
        panic!("{:?}", rehearsal.way_back)
    };
    assert!(why.contains("no such table: tags"), "{why}");
}

#[test]
fn a_run_can_rehearse_first() {
    let options = plain().rehearse(true);
    let bad = second("DELETE FROM list WHERE id = 3;", "SELECT 1;", "");
    let file = File::at(&bad, 1);
    file.sql(ROWS);
    let before = file.bytes();
    let error = file.migrator_with(&bad, options).upgrade().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::UndeclaredLoss);
    assert_eq!(file.bytes(), before);
    assert_eq!(
        fs::read_dir(file.directory.path()).unwrap().count(),
        1,
        "not even a backup"
    );
    let good = second("CREATE TABLE tag (name TEXT);", "DROP TABLE tag;", "");
    let file = File::at(&good, 1);
    file.sql(ROWS);
    assert_eq!(file.migrator_with(&good, options).upgrade().unwrap().to, 2);
}

/// Duplicate rows without a key are counted separately, and a collation hides no change.
#[test]
fn equal_rows_are_counted_and_compared_to_the_byte() {
    let first = step(
        "0001_words",
        "CREATE TABLE word (text TEXT COLLATE NOCASE); CREATE TABLE named (id INTEGER PRIMARY \
         KEY, text TEXT COLLATE NOCASE);",
        "",
    );
    let up = "DELETE FROM word WHERE rowid IN (1, 2); UPDATE word SET text = 'B' WHERE text = 'b';
              UPDATE named SET text = upper(text);";
    let catalogue = catalogue(vec![first, step("0002_tried", up, "")]);
    let file = File::at(&catalogue, 1);
    file.sql(
        "INSERT INTO word VALUES ('a'), ('a'), ('a'), ('b'); INSERT INTO named VALUES (1, 'x');",
    );
    let tables = file.migrator(&catalogue).rehearse(None, 2).unwrap().tables;
    assert_eq!(tables[0].changed, [("text".to_owned(), 1)]);
    assert_eq!((tables[1].gone, tables[1].appeared), (3, 1));
}

/// The rows of one table that are gone with a row of another, whatever keeps the other rows.
#[test]
fn children_that_go_with_their_parent_are_reported() {
    let up = "DELETE FROM item WHERE list_id = 1; DELETE FROM list WHERE id = 1; DELETE FROM item \
              WHERE id = 12;";
    let rehearsal = rehearse(&second(up, "SELECT 1;", ""));
    let item = &rehearsal.tables[0];
    assert_eq!((item.table.as_str(), item.gone), ("item", 3));
    assert_eq!(
        item.went_with,
        [("list".to_owned(), 2)],
        "row 12 went by itself"
    );
    assert_eq!(rehearsal.tables[1].went_with, []);
}

#[test]
fn what_a_rollback_loses_is_declared_or_reported() {
    let up = "ALTER TABLE item ADD COLUMN colour TEXT;";
    let down = "ALTER TABLE item DROP COLUMN colour; DELETE FROM log;";
    let declared = "## Rollback\n\n- Loses: `item.colour` — nowhere else\n";
    let reported = |notes: &str| {
        let catalogue = second(up, down, notes);
        let file = File::at(&catalogue, 1);
        file.sql(ROWS);
        file.migrator(&catalogue).upgrade().unwrap();
        file.sql("UPDATE item SET colour = 'red' WHERE id = 10");
        let rehearsal = file.migrator(&catalogue).rehearse(None, 1).unwrap();
        // An older build, which has no notes of the step, uses the ledger.
        let older = catalogue.cut_at(1).unwrap();
        let same = file.migrator(&older).rehearse(None, 1).unwrap();
        assert_eq!(same.undeclared, rehearsal.undeclared);
        rehearsal.undeclared
    };
    assert_eq!(reported(declared), ["log: 3 rows gone"]);
    assert_eq!(
        reported(&format!("{declared}- Loses: `log` — old lines\n")),
        Vec::<String>::new()
    );
    let nothing = [
        "item.colour: dropped, with a value in 1 rows",
        "log: 3 rows gone",
    ];
    assert_eq!(reported("").len(), nothing.len());
}

#[test]
fn a_rollback_is_rehearsed_and_comes_up_again() {
    let notes = "## Rollback\n\n- Loses: `item.colour` — nowhere else\n";
    let up = "ALTER TABLE item ADD COLUMN colour TEXT;";
    let catalogue = second(up, "ALTER TABLE item DROP COLUMN colour;", notes);
    let file = File::at(&catalogue, 2);
    file.sql(
        ROWS.replace("INTO item VALUES", "INTO item (id, list_id, body) VALUES")
            .as_str(),
    );
    file.sql("UPDATE item SET colour = 'red' WHERE id = 10");
    let rehearsal = file.migrator(&catalogue).rehearse(None, 1).unwrap();
    let item = rehearsal
        .tables
        .iter()
        .find(|table| table.table == "item")
        .unwrap();
    assert_eq!(item.dropped, [("colour".to_owned(), 1)]);
    assert_eq!(
        rehearsal.way_back,
        WayBack::Same,
        "apart from what is declared"
    );
}

/// A rename is followed over several steps, up and back, also if table and column are renamed at
/// once.
#[test]
fn renames_are_followed_up_and_back() {
    let steps = vec![
        step(
            "0001_t",
            "CREATE TABLE t (id INTEGER PRIMARY KEY, a TEXT);",
            "DROP TABLE t;",
        ),
        Step::new(
            "0002_b",
            "ALTER TABLE t RENAME COLUMN a TO b; ALTER TABLE t RENAME TO u;",
            Down::Sql("ALTER TABLE u RENAME TO t; ALTER TABLE t RENAME COLUMN b TO a;".into()),
            "## Data migration\n\n- Renames: `t` to `u`\n- Renames: `t.a` to `b`\n",
        ),
        Step::new(
            "0003_c",
            "ALTER TABLE u RENAME COLUMN b TO c;",
            Down::Sql("ALTER TABLE u RENAME COLUMN c TO b;".into()),
            "## Data migration\n\n- Renames: `u.b` to `c`\n",
        ),
    ];
    let catalogue = catalogue(steps);
    let file = File::at(&catalogue, 1);
    file.sql("INSERT INTO t VALUES (1, 'kept')");
    let up = file.migrator(&catalogue).rehearse(None, 3).unwrap();
    assert_eq!(up.undeclared, Vec::<String>::new(), "{:?}", up.tables);
    file.migrator(&catalogue).upgrade().unwrap();
    let down = file.migrator(&catalogue).rehearse(None, 1).unwrap();
    assert_eq!(down.undeclared, Vec::<String>::new(), "{:?}", down.tables);
    assert_eq!(down.way_back, WayBack::Same);
}

/// A parent whose key changed: its children are counted, and no removed column is queried.
#[test]
fn a_parent_may_get_another_key() {
    let up = "CREATE TABLE new (uid TEXT PRIMARY KEY, name TEXT);
              INSERT INTO new SELECT 'u' || id, name FROM list; DELETE FROM item WHERE list_id = 1;
              CREATE TABLE thing (id INTEGER PRIMARY KEY, list TEXT REFERENCES new (uid), body \
              TEXT);
              INSERT INTO thing SELECT id, 'u' || list_id, body FROM item; DROP TABLE item;
              ALTER TABLE thing RENAME TO item; DROP TABLE list; ALTER TABLE new RENAME TO list;";
    let rehearsal = rehearse(&second(up, "SELECT 1;", ""));
    let item = &rehearsal.tables[0];
    assert_eq!((item.table.as_str(), item.gone), ("item", 2));
    assert_eq!(item.went_with, [("list".to_owned(), 2)]);
}

#[test]
fn the_room_that_a_run_needs_is_measured() {
    let up = "INSERT INTO log SELECT hex(zeroblob(4000)) FROM pragma_function_list LIMIT 20;
              CREATE TABLE tag (name TEXT);";
    let catalogue = second(up, "DROP TABLE tag;", "");
    let file = File::at(&catalogue, 1);
    file.sql(ROWS);
    let size = || fs::metadata(&file.path).unwrap().len();
    let before = size();
    let rehearsal = file.migrator(&catalogue).rehearse(None, 2).unwrap();
    assert_eq!(rehearsal.direction(), migrations::Direction::Up);
    assert_eq!(rehearsal.target(), 2);
    assert_eq!(rehearsal.bytes_before, before);
    file.migrator(&catalogue).upgrade().unwrap();
    assert_eq!(rehearsal.bytes_after, size());
    let growth = rehearsal.bytes_after - before;
    assert!(growth > 20 * 4096);
    assert_eq!(rehearsal.bytes_needed(), 2 * before + growth);
    let back = file.migrator(&catalogue).rehearse(None, 1).unwrap();
    assert_eq!(back.direction(), migrations::Direction::Down);
}

/// Values that violate a file's own declarations do not stop a run, and are reported.
#[test]
fn what_breaks_a_declaration_is_reported() {
    let catalogue = catalogue(vec![
        step(
            "0001_weight",
            "CREATE TABLE weight (kg REAL CHECK (kg > 0));",
            "DROP TABLE weight;",
        ),
        step(
            "0002_tag",
            "CREATE TABLE tag (name TEXT);",
            "DROP TABLE tag;",
        ),
    ]);
    let file = File::at(&catalogue, 1);
    file.sql("PRAGMA ignore_check_constraints = ON; INSERT INTO weight VALUES (-1);");
    let rehearsal = file.migrator(&catalogue).rehearse(None, 2).unwrap();
    assert_eq!(rehearsal.integrity, ["CHECK constraint failed in weight"]);
    assert_eq!(file.migrator(&catalogue).upgrade().unwrap().to, 2);
}

/// Differences after going back are counted: rows that are gone, rows that appeared, values.
#[test]
fn a_way_back_that_differs_is_reported() {
    let up = "CREATE TABLE tag (name TEXT);";
    let reported = |down: &'static str| match rehearse(&second(up, down, "")).way_back {
        WayBack::Differs(lines) => lines,
        other => panic!("{other:?}"),
    };
    assert_eq!(
        reported("DROP TABLE tag; DELETE FROM log WHERE line = 'b';"),
        ["log: 1 rows gone, 0 rows appeared"]
    );
    assert_eq!(
        reported("DROP TABLE tag; INSERT INTO log VALUES ('c');"),
        ["log: 0 rows gone, 1 rows appeared"]
    );
    assert_eq!(
        reported("DROP TABLE tag; DELETE FROM log WHERE line = 'b'; INSERT INTO log VALUES ('c');"),
        ["log: 1 rows gone, 1 rows appeared"]
    );
    assert_eq!(
        reported("DROP TABLE tag; UPDATE list SET name = 'x' WHERE id < 3;"),
        ["list.name: 2 rows with another value"]
    );
}

/// A table with as many new rows as removed ones is not untouched.
#[test]
fn a_row_in_the_place_of_another_is_reported() {
    let up = "DELETE FROM list WHERE id = 3; INSERT INTO list VALUES (4, NULL);
              DELETE FROM log WHERE line = 'b'; INSERT INTO log VALUES ('c');";
    let rehearsal = rehearse(&second(up, "SELECT 1;", ""));
    for (at, table) in [(1, "list"), (2, "log")] {
        let reported = &rehearsal.tables[at];
        assert_eq!(
            (reported.table.as_str(), reported.gone, reported.appeared),
            (table, 1, 1)
        );
        assert_eq!(reported.before, reported.after);
        assert!(!reported.is_untouched(), "{table}");
    }
}

#[test]
fn the_rows_of_a_table_that_goes_are_reported() {
    let rehearsal = rehearse(&second(
        "DROP TABLE log;",
        "CREATE TABLE log (line TEXT);",
        "",
    ));
    let log = rehearsal
        .tables
        .iter()
        .find(|reported| reported.table == "log")
        .unwrap();
    assert_eq!((log.before, log.after, log.gone), (Some(3), None, 3));
    assert_eq!(rehearsal.undeclared, ["log: 3 rows gone"]);
    let WayBack::Differs(lines) = rehearsal.way_back else {
        panic!("{:?}", rehearsal.way_back)
    };
    assert_eq!(lines, ["log: 3 rows gone, 0 rows appeared"]);
}

/// If no column stayed, rows cannot be identified, and are counted.
#[test]
fn a_table_of_which_no_column_stayed_is_compared() {
    let up = "ALTER TABLE log RENAME COLUMN line TO text; DELETE FROM log WHERE text = 'b';";
    let rehearsal = rehearse(&second(up, "SELECT 1;", ""));
    let log = rehearsal
        .tables
        .iter()
        .find(|reported| reported.table == "log")
        .unwrap();
    assert_eq!((log.before, log.after, log.gone), (Some(3), Some(2), 1));
    assert_eq!(log.dropped, [("line".to_owned(), 3)]);
}

/// A text key may be NULL, and NULL is not equal to itself.
#[test]
fn rows_whose_key_is_null_are_found_again() {
    let first = "CREATE TABLE name (name TEXT PRIMARY KEY, note TEXT);";
    let catalogue = catalogue(vec![
        step("0001_name", first, "DROP TABLE name;"),
        step(
            "0002_tag",
            "CREATE TABLE tag (name TEXT);",
            "DROP TABLE tag;",
        ),
    ]);
    let file = File::at(&catalogue, 1);
    file.sql("INSERT INTO name VALUES (NULL, 'a'), (NULL, 'b'), ('c', 'c')");
    let rehearsal = file.migrator(&catalogue).rehearse(None, 2).unwrap();
    let name = &rehearsal.tables[0];
    assert!(name.is_untouched(), "{name:?}");
    assert_eq!(rehearsal.undeclared, [""; 0]);
}

/// Only rows that are gone with a parent are reported as such.
#[test]
fn children_that_go_by_themselves_went_with_nobody() {
    let rehearsal = rehearse(&second("DELETE FROM item WHERE id = 12;", "SELECT 1;", ""));
    assert_eq!(
        (
            rehearsal.tables[0].gone,
            rehearsal.tables[0].went_with.len()
        ),
        (1, 0)
    );
}

/// The declared loss of one table excuses no rows of another, and a column without values loses
/// nothing.
#[test]
fn a_declaration_excuses_what_it_names() {
    let up = "DROP TABLE log; DELETE FROM list WHERE id = 3;";
    let notes = "## Data migration\n\n- Loses: `log` — nobody reads it\n";
    let undeclared = rehearse(&second(up, "SELECT 1;", notes)).undeclared;
    assert_eq!(undeclared, ["list: 1 row gone"]);
    let never_filled = "ALTER TABLE log ADD COLUMN colour TEXT;";
    let steps = vec![
        step(
            "0001_log",
            "CREATE TABLE log (line TEXT);",
            "DROP TABLE log;",
        ),
        step("0002_colour", never_filled, "SELECT 1;"),
        step(
            "0003_no_colour",
            "ALTER TABLE log DROP COLUMN colour;",
            never_filled,
        ),
    ];
    let catalogue = catalogue(steps);
    let file = File::at(&catalogue, 2);
    file.sql("INSERT INTO log (line) VALUES ('a')");
    let rehearsal = file.migrator(&catalogue).rehearse(None, 3).unwrap();
    assert_eq!(rehearsal.tables[0].dropped, [("colour".to_owned(), 0)]);
    assert_eq!(rehearsal.undeclared, [""; 0]);
}
