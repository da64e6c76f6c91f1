//! How each tool runs a file, and what a script may not do.

use std::time::Duration;

use lint::{ForeignKeys, Model, Rule, Severity, Transaction};
use rusqlite::Connection;

use super::case::{Case, line};

#[test]
fn every_layout_has_a_model_that_names_its_source() {
    let expected = [
        ("sqlx", Transaction::File, ForeignKeys::On),
        ("diesel", Transaction::File, ForeignKeys::DependsOnBuild),
        ("refinery", Transaction::File, ForeignKeys::DependsOnBuild),
        (
            "rusqlite_migration",
            Transaction::Run,
            ForeignKeys::DependsOnBuild,
        ),
        (
            "golang-migrate",
            Transaction::File,
            ForeignKeys::OffUnlessAsked,
        ),
        ("goose", Transaction::File, ForeignKeys::OffUnlessAsked),
        ("dbmate", Transaction::File, ForeignKeys::OffUnlessAsked),
        (
            "sql-migrate",
            Transaction::File,
            ForeignKeys::OffUnlessAsked,
        ),
        ("flyway", Transaction::File, ForeignKeys::OffUnlessAsked),
        ("drizzle", Transaction::Run, ForeignKeys::DependsOnBuild),
        ("prisma", Transaction::None, ForeignKeys::On),
        ("d1", Transaction::File, ForeignKeys::On),
        ("sqitch", Transaction::None, ForeignKeys::Off),
        ("plain", Transaction::None, ForeignKeys::OffUnlessAsked),
        ("ours", Transaction::Run, ForeignKeys::Off),
    ];
    for (layout, transaction, foreign_keys) in expected {
        let model = Model::of(layout);
        assert_eq!(model.tool, layout);
        assert_eq!(
            (model.transaction, model.foreign_keys),
            (transaction, foreign_keys),
            "{layout}"
        );
        assert!(model.source.len() > 20, "{layout}");
    }
}

const REBUILD: &str = "
=== 1_make/up.sql
CREATE TABLE list (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE item (id INTEGER PRIMARY KEY, list_id INTEGER NOT NULL REFERENCES list(id) ON DELETE \
    CASCADE);
=== 2_rebuild/up.sql
PRAGMA foreign_keys = OFF;
CREATE TABLE new_list (id INTEGER PRIMARY KEY, name TEXT, color TEXT);
INSERT INTO new_list (id, name) SELECT id, name FROM list;
DROP TABLE list;
ALTER TABLE new_list RENAME TO list;
PRAGMA foreign_keys = ON;
";

/// The classes that one and the same file gives, tool by tool.
#[test]
fn what_is_lost_depends_on_the_tool() {
    let with = |head: &str| {
        let case = Case::new(&format!("{head}\ndown: never{REBUILD}"));
        let verdict = case.check();
        verdict
            .findings
            .iter()
            .map(line)
            .collect::<Vec<_>>()
            .join("\n")
    };
    let cascade = "error rows-lost-by-cascade 2_rebuild/up.sql:4 on item";
    let useless = "warning pragma-without-effect 2_rebuild/up.sql:1 on foreign_keys";
    assert_eq!(with("layout: sqlx"), format!("{cascade}\n{useless}"));
    assert_eq!(with("layout: d1"), format!("{cascade}\n{useless}"));
    assert_eq!(with("layout: prisma"), "");
    assert_eq!(with("layout: plain"), "");
    // Where a file holds this pragma, Flyway opens no transaction around it.
    assert_eq!(with("layout: flyway"), "");
    let on_too_late = "note pragma-without-effect 2_rebuild/up.sql:6 off foreign_keys";
    assert_eq!(
        with("layout: goose\noptions: foreign_keys=off"),
        on_too_late
    );
    // What an application switches on where it opens the file is not in the folder.
    assert_eq!(
        with("layout: goose"),
        "warning rows-lost-by-cascade 2_rebuild/up.sql:4 on item\n\
         note pragma-without-effect 2_rebuild/up.sql:6 both foreign_keys"
    );
    // Depending on the build, the first pragma does nothing or the second.
    assert_eq!(
        with("layout: drizzle"),
        format!("{cascade}\nwarning pragma-without-effect 2_rebuild/up.sql:1 both foreign_keys")
    );
    assert_eq!(with("layout: sqlx\noptions: transaction=none"), "");
    assert_eq!(
        with("layout: goose\noptions: foreign_keys=on"),
        format!("{cascade}\n{useless}")
    );
    assert_eq!(with("layout: sqlx\nno_transaction: 2_rebuild"), "");
}

/// Files that begin transactions by themselves, with the keys off around them.
const BY_ITSELF: &str = "
=== 1_make/up.sql
CREATE TABLE list (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE item (id INTEGER PRIMARY KEY, list_id INTEGER NOT NULL REFERENCES list(id) ON DELETE \
    CASCADE);
=== 2_rebuild/up.sql
PRAGMA foreign_keys = OFF;
BEGIN;
CREATE TABLE new_list (id INTEGER PRIMARY KEY, name TEXT, color TEXT);
INSERT INTO new_list (id, name) SELECT id, name FROM list;
DROP TABLE list;
ALTER TABLE new_list RENAME TO list;
COMMIT;
PRAGMA foreign_keys = ON;
";

#[test]
fn a_file_that_begins_a_transaction_tells_how_golang_migrate_was_set_up() {
    let judged = |layout: &str| {
        let case = Case::new(&format!("layout: {layout}\ndown: never{BY_ITSELF}"));
        let verdict = case.check();
        let lines = verdict.findings.iter().map(line).collect::<Vec<_>>();
        (verdict.source, lines.join("\n"))
    };
    let (source, lines) = judged("golang-migrate");
    assert!(source.contains("with `x-no-tx-wrap`"), "{source}");
    assert_eq!(lines, "");
    // The other tools have a marker for it, so such a file fails.
    let (_, lines) = judged("dbmate");
    assert!(
        lines.starts_with("error step-fails 2_rebuild/up.sql:2"),
        "{lines}"
    );
    // A history without such a file is wrapped.
    let case = Case::new(&format!("layout: golang-migrate\ndown: never{REBUILD}"));
    assert!(!case.check().source.contains("with `x-no-tx-wrap`"));
}

#[test]
fn d1_opens_the_transaction_itself() {
    let case = Case::new(&format!("layout: d1\ndown: never{BY_ITSELF}"));
    let verdict = case.check();
    let fails = verdict
        .findings
        .iter()
        .find(|own| own.rule == Rule::StepFails);
    let message = &fails.unwrap().message;
    assert!(message.contains("D1 refuses `BEGIN`"), "{message}");
    // The body of a trigger begins and ends, too, and is none.
    let text = "layout: d1\ndown: never\n=== 1_make/up.sql\nCREATE TABLE a (b);\n\
                CREATE TRIGGER t AFTER INSERT ON a BEGIN UPDATE a SET b = 1; END;\n";
    assert_eq!(Case::new(text).check().findings.len(), 0);
}

#[test]
fn a_way_back_may_stand_outside_a_transaction_by_itself() {
    let text = "layout: dbmate\n=== 1_make/up.sql\nCREATE TABLE a (b);\n\
                === 1_make/down.sql\nVACUUM;\nDROP TABLE a;\n";
    let mut case = Case::new(text);
    assert_eq!(
        line(&case.check().findings[0]),
        "error down-fails 1_make/down.sql:1 both"
    );
    case.history.steps[0].down_no_transaction = true;
    assert_eq!(case.check().findings.len(), 0);
    // What keeps the transaction away from the way forward says nothing of the down migration.
    case.history.steps[0].down_no_transaction = false;
    case.history.steps[0].no_transaction = true;
    assert_eq!(case.check().findings.len(), 1);
}

#[test]
fn a_script_reaches_no_other_file_and_comes_to_an_end() {
    let folder = tempfile::tempdir().unwrap();
    let other = folder.path().join("other.db");
    let path = other.display();
    for sql in [
        format!("ATTACH '{path}' AS other; CREATE TABLE other.t (a)"),
        format!("VACUUM INTO '{path}'"),
        "SELECT load_extension('evil')".to_owned(),
    ] {
        let text = format!("layout: plain\ndown: never\n=== 1_reach/up.sql\n{sql};\n");
        let verdict = Case::new(&text).check();
        assert_eq!(verdict.findings[0].rule, Rule::StepFails, "{sql}");
        assert!(!other.exists(), "{sql}");
    }
    let endless =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    let mut case = Case::new(&format!(
        "layout: plain\ndown: never\n=== 1_endless/up.sql\n{endless};\n"
    ));
    case.options.statement_timeout = Duration::from_millis(50);
    let verdict = case.check();
    let finding = &verdict.findings[0];
    assert_eq!(
        (finding.rule, finding.severity),
        (Rule::StepFails, Severity::Error)
    );
    assert!(
        finding.message.contains("does not end"),
        "{}",
        finding.message
    );
}

const THREE: &str = "
=== 1_make/up.sql
CREATE TABLE list (id INTEGER PRIMARY KEY);
=== 2_gone/up.sql
DROP TABLE list;
=== 3_make/up.sql
CREATE TABLE item (id INTEGER PRIMARY KEY);
=== 4_gone/up.sql
DROP TABLE item;
";

#[test]
fn a_part_of_a_history_can_be_judged() {
    let lines = |head: &str| {
        let case = Case::new(&format!("layout: dbmate\ndown: never\n{head}{THREE}"));
        let verdict = case.check();
        (
            verdict.steps,
            verdict.findings.iter().map(line).collect::<Vec<_>>(),
        )
    };
    let (first, second) = (
        "warning table-dropped 2_gone/up.sql:1 both list".to_owned(),
        "warning table-dropped 4_gone/up.sql:1 both item".to_owned(),
    );
    assert_eq!(lines(""), (4, vec![first.clone(), second.clone()]));
    assert_eq!(lines("options: from=3_make"), (2, vec![second]));
    assert_eq!(lines("options: to=3_make"), (3, vec![first]));
    let mut case = Case::new(THREE);
    case.options.from = Some("9_none".to_owned());
    let error = lint::check(&case.history, &case.options).unwrap_err();
    assert_eq!(error.to_string(), "no step is called `9_none`");
}

#[test]
fn a_history_may_begin_from_a_database_made_elsewhere() {
    let text = "layout: dbmate\n=== 2_color/up.sql\nALTER TABLE list ADD COLUMN color TEXT NOT \
        NULL;\n\
                === 2_color/down.sql\nALTER TABLE list DROP COLUMN color;\n";
    let mut case = Case::new(text);
    assert_eq!(case.check().findings[0].rule, Rule::StepFails);
    let base = Connection::open_in_memory().unwrap();
    base.execute_batch("CREATE TABLE list (id INTEGER PRIMARY KEY, name TEXT)")
        .unwrap();
    case.options = case.options.base(&base).unwrap();
    assert_eq!(case.check().findings[0].rule, Rule::StepFailsOnRows);
}

#[test]
fn what_follows_a_gap_runs_as_far_as_it_can() {
    let text = "layout: goose\ndown: never\ngap: 0
=== 1_make/up.sql
CREATE TABLE list (id INTEGER PRIMARY KEY);
=== 3_uses/up.sql
ALTER TABLE made_by_code ADD COLUMN a TEXT;
=== 4_gone/up.sql
DROP TABLE list;
";
    let verdict = Case::new(text).check();
    let found: Vec<String> = verdict.findings.iter().map(line).collect();
    assert_eq!(
        found,
        [
            "note step-fails 3_uses/up.sql:1 both",
            "warning table-dropped 4_gone/up.sql:1 both list"
        ]
    );
}

#[test]
fn the_long_run_finds_what_only_carried_rows_show() {
    // Rows of version 1 get the same default in version 2; rows made at version 2 differ in it.
    let text = "layout: dbmate\ndown: never
=== 1_make/up.sql
CREATE TABLE list (id INTEGER PRIMARY KEY, name TEXT NOT NULL);
=== 2_code/up.sql
ALTER TABLE list ADD COLUMN code INTEGER NOT NULL DEFAULT 0;
CREATE INDEX list_code ON list(code);
=== 3_code/up.sql
DELETE FROM list WHERE code = 0 AND name IN (SELECT name FROM list WHERE code = 0 LIMIT 1);
";
    let verdict = Case::new(text).check();
    let found: Vec<String> = verdict.findings.iter().map(line).collect();
    assert_eq!(found, ["warning rows-lost 3_code/up.sql:1 both list"]);
}

#[test]
fn odd_input_is_told_and_nothing_panics() {
    let classes = |body: &str| {
        let verdict = Case::new(&format!(
            "layout: plain\ndown: never\n=== 1_odd/up.sql\n{body}"
        ))
        .check();
        verdict
            .findings
            .iter()
            .map(|finding| finding.rule)
            .collect::<Vec<_>>()
    };
    assert_eq!(classes("SELECT 'open"), [Rule::StepFails]);
    assert_eq!(classes("CREATE TABLE a (b\0c)"), [Rule::StepFails]);
    assert_eq!(classes(";;; -- nothing\n"), []);
    assert_eq!(
        classes(&format!(
            "SELECT {}1{}",
            "(".repeat(50_000),
            ")".repeat(50_000)
        )),
        [Rule::StepFails]
    );
    let mut none = Case::new("layout: sqlx\n=== 1_a/up.sql\n");
    none.history.steps.clear();
    assert_eq!(none.check().steps, 0);
}
