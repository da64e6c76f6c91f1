//! One cause is one finding in the reports for people, and every finding is in those for programs.

use lint::report::{Detail, Format, Report};
use lint::{Rule, Severity, Verdict};

use super::case::Case;

fn text(verdict: &Verdict, detail: Detail) -> String {
    let mut report = Report::new(verdict);
    report.detail = detail;
    report.render(Format::Text)
}

/// The findings of a rule, and the number of their causes.
fn causes(verdict: &Verdict, rule: Rule) -> (usize, usize) {
    let own: Vec<usize> = (verdict.findings.iter())
        .filter(|own| own.rule == rule)
        .map(|own| own.group)
        .collect();
    let mut groups = own.clone();
    groups.sort_unstable();
    groups.dedup();
    (own.len(), groups.len())
}

const WIDE: &str = "
layout: golang-migrate
options: foreign_keys=off
=== 1_make/up.sql
CREATE TABLE wide (id INTEGER PRIMARY KEY, a TEXT NOT NULL, b TEXT NOT NULL, c TEXT NOT NULL);
=== 1_make/down.sql
DROP TABLE wide;
=== 2_copy/up.sql
CREATE TABLE new_wide (id INTEGER PRIMARY KEY, c TEXT NOT NULL, a TEXT NOT NULL, b TEXT NOT NULL);
INSERT INTO new_wide SELECT * FROM wide;
DROP TABLE wide;
ALTER TABLE new_wide RENAME TO wide;
=== 2_copy/down.sql
CREATE TABLE new_wide (id INTEGER PRIMARY KEY, a TEXT NOT NULL, b TEXT NOT NULL, c TEXT NOT NULL);
INSERT INTO new_wide (id, a, b, c) SELECT id, a, b, c FROM wide;
DROP TABLE wide;
ALTER TABLE new_wide RENAME TO wide;
=== 3_more/up.sql
CREATE TABLE one (id INTEGER PRIMARY KEY);
CREATE TABLE two (id INTEGER PRIMARY KEY);
CREATE INDEX wide_a ON wide (a);
=== 3_more/down.sql
SELECT 1;
";

#[test]
fn the_columns_of_one_copy_are_one_finding() {
    let verdict = Case::new(WIDE).check();
    assert_eq!(causes(&verdict, Rule::ValuesChanged), (3, 1));
    assert_eq!(causes(&verdict, Rule::DownDiffers), (3, 1));
    insta::assert_snapshot!(text(&verdict, Detail::Groups));
    let all = text(&verdict, Detail::All);
    assert_eq!(all.matches("  values-changed  wide.").count(), 3, "{all}");
    let json = Report::new(&verdict).to_json();
    let findings = json["findings"].as_array().unwrap();
    assert_eq!(findings.len(), verdict.findings.len());
    let first = &findings[0];
    assert_eq!((&first["group"], &first["count"]), (&1.into(), &3.into()));
}

#[test]
fn a_cascade_forward_and_on_the_way_back_is_one_finding() {
    let rebuild = |columns: &str| {
        format!(
            "CREATE TABLE new_list (id INTEGER PRIMARY KEY{columns});\n\
             INSERT INTO new_list (id) SELECT id FROM list;\n\
             DROP TABLE list;\nALTER TABLE new_list RENAME TO list;\n"
        )
    };
    let history = format!(
        "\nlayout: sqlx\n=== 1_make/up.sql\nCREATE TABLE list (id INTEGER PRIMARY KEY);\n\
         CREATE TABLE item (id INTEGER PRIMARY KEY, list INTEGER NOT NULL REFERENCES list (id) \
         ON DELETE CASCADE);\n=== 1_make/down.sql\nDROP TABLE item;\nDROP TABLE list;\n\
         === 2_color/up.sql\n{}=== 2_color/down.sql\n{}",
        rebuild(", color TEXT"),
        rebuild("")
    );
    let verdict = Case::new(&history).check();
    let errors = verdict.findings.iter();
    let errors = errors.filter(|own| own.severity == Severity::Error);
    let rules: Vec<(Rule, usize)> = errors.map(|own| (own.rule, own.group)).collect();
    assert_eq!(
        rules,
        [(Rule::RowsLostByCascade, 1), (Rule::DownLosesRows, 1)]
    );
    let text = text(&verdict, Detail::Groups);
    assert!(
        text.contains("\n  errors: 1 (rows-lost-by-cascade 1), grouped from 2"),
        "{text}"
    );
    assert!(
        text.contains("  also: `item`  2_color/down.sql:3\n"),
        "{text}"
    );
    assert_eq!(text.matches("again: ").count(), 1, "{text}");
}

#[test]
fn notes_are_a_line_for_each_rule_unless_each_is_wanted() {
    let text = |detail| {
        let case = "\nlayout: sqlx\noptions: allow-drops\n=== 1_make/up.sql\n\
             CREATE TABLE a (id INTEGER PRIMARY KEY);\nCREATE TABLE b (id INTEGER PRIMARY KEY);\n\
             === 1_make/down.sql\nDROP TABLE a;\nDROP TABLE b;\n\
             === 2_drop/up.sql\nDROP TABLE a;\nDROP TABLE b;\n=== 2_drop/down.sql\n\
             CREATE TABLE a (id INTEGER PRIMARY KEY);\nCREATE TABLE b (id INTEGER PRIMARY KEY);\n";
        text(&Case::new(case).check(), detail)
    };
    let folded = text(Detail::Groups);
    assert!(
        folded.contains("\n      table-dropped: 2 notes in `2_drop`\n"),
        "{folded}"
    );
    assert!(!folded.contains("deletes every row"), "{folded}");
    for detail in [Detail::Notes, Detail::All] {
        let each = text(detail);
        assert!(!each.contains("2 notes in"), "{each}");
        assert_eq!(each.matches("deletes every row").count(), 2, "{each}");
    }
}

#[test]
fn no_down_migration_in_a_whole_folder_is_one_line() {
    let step = |number: usize| {
        format!(
            "=== {number}_shelf/up.sql\nCREATE TABLE shelf_{number} (id INTEGER PRIMARY KEY);\n"
        )
    };
    let steps: String = (1..=4).map(step).collect();
    let verdict = Case::new(&format!("\nlayout: golang-migrate\n{steps}")).check();
    assert_eq!(causes(&verdict, Rule::DownMissing), (1, 1));
    let printed = text(&verdict, Detail::Groups);
    let line = "no migration of the folder has a down migration: the tool cannot go back\n";
    assert_eq!(printed.matches(line).count(), 1, "{printed}");
    assert!(
        printed.contains("  down-missing  4 steps  1_shelf/up.sql:1\n"),
        "{printed}"
    );
    let json = Report::new(&verdict).to_json();
    assert_eq!(json["findings"][0]["count"], 4);
}
