//! Foreign keys are off around a run, checked before its COMMIT, and restored afterwards.

use migrations::{BoxError, Catalogue, ErrorKind, Migrator, SkippedRows};
use rusqlite::Connection;

use crate::support::*;

type Apply = fn(&Connection, &mut SkippedRows) -> Result<(), BoxError>;

const FAMILY: &str = "CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT);
    CREATE TABLE child (id INTEGER PRIMARY KEY, parent REFERENCES parent (id) ON DELETE CASCADE);
    CREATE TABLE leaf (id TEXT PRIMARY KEY, parent REFERENCES parent (id)) WITHOUT ROWID;";

const ROWS: &str = "INSERT INTO parent VALUES (1, 'a'), (2, 'b');
    INSERT INTO child VALUES (10, 1), (11, 1), (12, 2), (13, 2);";

const REBUILD: &str = "CREATE TABLE new (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
    INSERT INTO new SELECT id, name FROM parent;
    DROP TABLE parent;
    ALTER TABLE new RENAME TO parent;";

fn family(up: &'static str) -> Catalogue {
    catalogue(vec![
        step("0001_family", FAMILY, ""),
        step("0002_tried", up, ""),
    ])
}

fn keys(connection: &Connection) -> bool {
    value(connection, "PRAGMA foreign_keys")
}

#[test]
fn a_rebuilt_parent_keeps_its_children() {
    for on in [true, false] {
        let catalogue = family(REBUILD);
        let file = File::at(&catalogue, 1);
        let connection = file.raw();
        connection.execute_batch(ROWS).unwrap();
        connection.pragma_update(None, "foreign_keys", on).unwrap();
        let mut migrator = Migrator::with_connection(&catalogue, connection, plain());
        migrator.upgrade().unwrap();
        assert_eq!(keys(migrator.connection()), on);
        assert_eq!(file.value::<i64>("SELECT count(*) FROM child"), 4);
    }
}

#[test]
fn the_setting_is_restored_after_an_error() {
    for on in [true, false] {
        for up in ["nonsense", "COMMIT", "INSERT INTO child VALUES (1, 99)"] {
            let catalogue = family(up);
            let file = File::at(&catalogue, 1);
            let connection = file.raw();
            connection.pragma_update(None, "foreign_keys", on).unwrap();
            let mut migrator = Migrator::with_connection(&catalogue, connection, plain());
            migrator.upgrade().unwrap_err();
            assert_eq!(keys(migrator.connection()), on, "{up}");
        }
    }
}

#[test]
fn a_file_is_opened_with_foreign_keys_on() {
    let catalogue = family("");
    let file = File::at(&catalogue, 1);
    let mut migrator = file.migrator(&catalogue);
    assert!(keys(migrator.connection()));
    migrator.upgrade().unwrap();
    assert!(keys(migrator.connection()));
}

/// Whether a run of `up` on a file with `rows` is refused for its violations.
fn violates(up: &'static str, rows: &str) -> bool {
    let catalogue = family(up);
    let file = File::at(&catalogue, 1);
    file.sql(rows);
    let before = file.bytes();
    match file.migrator(&catalogue).upgrade() {
        Ok(_) => false,
        Err(error) => {
            assert_eq!(
                error.kind(),
                ErrorKind::ForeignKeysViolated,
                "{}",
                error.report()
            );
            assert_eq!(file.bytes(), before);
            true
        }
    }
}

#[test]
fn only_violations_that_the_run_made_count() {
    let old = "INSERT INTO child VALUES (7, 99); INSERT INTO leaf VALUES ('x', 99);";
    assert!(!violates("ALTER TABLE parent ADD COLUMN age", old));
    assert!(!violates("DELETE FROM child; DELETE FROM leaf", old));
    assert!(violates("INSERT INTO child VALUES (8, 98)", ""));
    assert!(violates("INSERT INTO child VALUES (8, 98)", old));
    assert!(violates("DELETE FROM parent WHERE id = 1", ROWS));
}

#[test]
fn violations_that_were_there_are_reported() {
    let catalogue = family("ALTER TABLE parent ADD COLUMN age");
    let file = File::at(&catalogue, 1);
    file.sql(ROWS)
        .sql("INSERT INTO child VALUES (70, 99), (71, 98);");
    let report = file.migrator(&catalogue).upgrade().unwrap();
    let reported: Vec<_> = report
        .dangling
        .iter()
        .map(|old| (&*old.table, &*old.parent, old.rows))
        .collect();
    assert_eq!(reported, [("child", "parent", 2)]);

    let whole = File::at(&catalogue, 1);
    whole.sql(ROWS);
    let report = whole.migrator(&catalogue).upgrade().unwrap();
    assert_eq!(report.dangling, []);
}

#[test]
fn violations_without_rowid_are_counted() {
    let old = "INSERT INTO leaf VALUES ('x', 99);";
    assert!(violates("INSERT INTO leaf VALUES ('y', 98)", old));
    assert!(!violates("UPDATE leaf SET id = 'y'", old));
}

#[test]
fn an_old_violation_stays_old_when_its_table_gets_another_key() {
    let rebuild = "CREATE TABLE new (id INTEGER PRIMARY KEY,
            parent REFERENCES parent (id) ON DELETE CASCADE, other REFERENCES leaf (id));
        INSERT INTO new SELECT id, parent, NULL FROM child;
        DROP TABLE child;
        ALTER TABLE new RENAME TO child;";
    assert!(!violates(rebuild, "INSERT INTO child VALUES (7, 99);"));
}

#[test]
fn a_file_whose_keys_cannot_be_checked_can_still_be_mended() {
    let broken = "CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT);
        CREATE TABLE child (name TEXT REFERENCES parent (name));
        CREATE TABLE other (parent REFERENCES parent (id));";
    let up = |up| {
        catalogue(vec![
            step("0001_broken", broken, ""),
            step("0002_tried", up, ""),
        ])
    };
    let rows = "INSERT INTO parent VALUES (1, 'a'); INSERT INTO child VALUES ('a'), ('old');";

    let fixed = up("CREATE UNIQUE INDEX parent_name ON parent (name);");
    let file = File::none();
    file.sql(broken).sql(rows);
    let report = file.migrator(&fixed).upgrade_from(1, 2).unwrap();
    assert_eq!((report.adopted, report.to), (true, 2));

    // Other tables that can be checked are checked.
    let worse = up("INSERT INTO other VALUES (99);");
    let file = File::none();
    file.sql(broken).sql(rows);
    let error = file.migrator(&worse).upgrade_from(1, 2).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignKeysViolated);
    assert!(
        error
            .report()
            .contains("other, rowid 1: no such row in parent")
    );

    // A run cannot create such a file.
    let file = File::none();
    let error = file.migrator(&fixed).upgrade_to(1).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignKeysViolated);
    assert_eq!(file.value::<i64>("SELECT count(*) FROM sqlite_schema"), 0);
}

/// The check covers the written tables and their children, whatever other tables contain.
#[test]
fn children_of_what_a_step_touches_are_checked_and_nothing_else() {
    let first = step(
        "0001_tables",
        "CREATE TABLE parent (id INTEGER PRIMARY KEY);
         CREATE TABLE child (id INTEGER PRIMARY KEY, parent INTEGER REFERENCES parent(id));
         CREATE TABLE far (id INTEGER PRIMARY KEY, self INTEGER REFERENCES far(id));",
        "",
    );
    let rows = "INSERT INTO parent VALUES (1), (2); INSERT INTO child VALUES (10, 1), (11, 2);
                INSERT INTO far VALUES (1, 99);";
    let try_step = |up: &'static str| {
        let catalogue = catalogue(vec![first.clone(), step("0002_tried", up, "")]);
        let file = File::at(&catalogue, 1);
        file.sql(rows);
        let result = file.migrator(&catalogue).upgrade().map(drop);
        result.map_err(|error| error.to_string())
    };
    // The orphan in `far` existed before and does not count.
    assert_eq!(try_step("UPDATE parent SET id = id"), Ok(()));
    assert_eq!(try_step("ALTER TABLE parent RENAME TO mother"), Ok(()));
    let reported = try_step("DELETE FROM parent WHERE id = 2").unwrap_err();
    assert!(reported.contains("child, rowid 11"), "{reported}");
    let reported = try_step(
        "CREATE TABLE p (id INTEGER PRIMARY KEY); INSERT INTO p VALUES (1);
         DROP TABLE parent; ALTER TABLE p RENAME TO parent;",
    );
    assert!(reported.unwrap_err().contains("child, rowid 11"));
    // A row that had no parent before the run may have none after it.
    assert_eq!(try_step("UPDATE far SET self = 98"), Ok(()));
}

/// The three tables, and a step that is a function.
fn with_function(family: &'static str, apply: Apply) -> Catalogue {
    let code = migrations::StepFn {
        name: "tried",
        preflight: |_, _| Ok(()),
        apply,
    };
    let tried = step("0002_tried", "SELECT 1", "").with_code(code);
    catalogue(vec![step("0001_family", family, ""), tried])
}

/// Without a row, this prepares no statement that writes, so that a trial on an empty copy shows
/// nothing.
fn orphans_where_there_are_parents(
    connection: &Connection,
    _: &mut SkippedRows,
) -> Result<(), BoxError> {
    let parents: i64 = value(connection, "SELECT count(*) FROM parent");
    if parents > 0 {
        connection.execute("INSERT INTO child VALUES (20, 99)", [])?;
    }
    Ok(())
}

#[test]
fn what_only_the_run_itself_touches_is_checked() {
    let catalogue = with_function(FAMILY, orphans_where_there_are_parents);
    let file = File::at(&catalogue, 1);
    file.sql("INSERT INTO parent VALUES (1, 'a')");
    let error = file.migrator(&catalogue).upgrade().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ForeignKeysViolated);
    assert_eq!(file.value::<i64>("SELECT count(*) FROM child"), 0);
}

/// A renamed table was touched under its old name.
#[test]
fn a_table_that_the_run_makes_and_renames_is_checked() {
    assert!(violates(
        "CREATE TABLE new (id INTEGER PRIMARY KEY, parent REFERENCES parent (id));
         INSERT INTO new VALUES (1, 99);
         ALTER TABLE new RENAME TO grandchild;",
        ""
    ));
}

/// The writes of a function are predicted, so that earlier violations in their tables are known.
#[test]
fn violations_that_were_there_are_not_blamed_on_a_function() {
    let catalogue = with_function(FAMILY, |connection, _| {
        connection.execute("INSERT INTO child VALUES (20, NULL)", [])?;
        Ok(())
    });
    let file = File::at(&catalogue, 1);
    file.sql("INSERT INTO child VALUES (7, 99)");
    let report = file.migrator(&catalogue).upgrade().unwrap();
    assert_eq!((report.to, report.dangling[0].rows), (2, 1));
}

/// If the touched tables cannot be predicted, every table is checked.
#[test]
fn a_function_that_needs_rows_is_checked_in_all_tables() {
    let unique_missing = "CREATE TABLE cousin (name TEXT REFERENCES parent (name));
        INSERT INTO parent VALUES (1, 'a'); INSERT INTO cousin VALUES ('a'); INSERT INTO child \
        VALUES (7, 99);";
    let broken = format!("{FAMILY} CREATE TABLE cousin (name TEXT REFERENCES parent (name));");
    let catalogue = with_function(broken.leak(), |connection, _| {
        let name = "SELECT name FROM parent";
        let name: String = connection.query_row(name, [], |row| row.get(0))?;
        connection.execute("UPDATE parent SET name = upper(?1)", [name])?;
        Ok(())
    });
    let file = File::none();
    file.sql(FAMILY).sql(unique_missing);
    let report = file.migrator(&catalogue).upgrade_from(1, 2).unwrap();
    assert_eq!(report.to, 2);
    let reported: Vec<_> = report
        .dangling
        .iter()
        .map(|old| (&*old.table, old.rows))
        .collect();
    assert_eq!(reported, [("child", 1)]);
    assert_eq!(file.value::<String>("SELECT name FROM parent"), "A");
}

/// Ten violations are listed; of more, only the number.
#[test]
fn many_violations_are_counted() {
    let reported = |rows: u32| {
        let rows: Vec<String> = (1..=rows).map(|id| format!("({id}, 99)")).collect();
        let up = format!("INSERT INTO child VALUES {}", rows.join(", "));
        let catalogue = family(up.leak());
        let file = File::at(&catalogue, 1);
        file.migrator(&catalogue).upgrade().unwrap_err().report()
    };
    for (rows, more) in [(10, None), (11, Some("\n  and 1 more\n"))] {
        let report = reported(rows);
        assert_eq!(report.matches("no such row in parent").count(), 10);
        assert_eq!(report.contains("more"), more.is_some(), "{report}");
        assert!(more.is_none_or(|more| report.contains(more)), "{report}");
    }
}
