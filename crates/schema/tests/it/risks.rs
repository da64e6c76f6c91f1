//! The risks of each kind of change: a line for each, with a near miss.

use schema::{Risk, diff};

use crate::schema;

const RISKS: &str = include_str!("../battery/risks.txt");

fn letters(risk: Risk) -> String {
    let letters = [
        (risk.can_lose_data, 'l'),
        (risk.can_fail_on_data, 'f'),
        (risk.breaks_readers, 'b'),
    ];
    let letters: String = letters
        .iter()
        .filter(|(is, _)| *is)
        .map(|(_, letter)| letter)
        .collect();
    assert_eq!(risk.any(), !letters.is_empty());
    if letters.is_empty() {
        "-".to_owned()
    } else {
        letters
    }
}

#[test]
fn each_kind_of_change_has_its_risk() {
    let mut wrong = Vec::new();
    let entries = RISKS
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    for line in entries {
        let (scripts, expected) = line.split_once(" :: ").expect("a line has ` :: `");
        let (before, after) = scripts.split_once("=>").expect("a line has `=>`");
        let changes = diff(&schema(before), &schema(after));
        let found: Vec<String> = changes.iter().map(|change| letters(change.risk)).collect();
        if found.join(" ") != expected {
            let lines: Vec<String> = changes.iter().map(ToString::to_string).collect();
            wrong.push(format!(
                "{} and not {expected}: {}\n  {before}\n  {after}",
                found.join(" "),
                lines.join(" ++ ")
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// The reported risk matches what SQLite does with a conflicting row.
#[test]
fn sqlite_agrees() {
    let rows = "CREATE TABLE t(a, b TEXT); INSERT INTO t VALUES ('007', NULL), ('007', 'x')";
    // Each rebuilds the table as a migration would, and counts the remaining rows.
    for (declared, fails, kept) in [
        ("a, b TEXT", false, 2),
        ("a UNIQUE, b TEXT", true, 0),
        ("a UNIQUE ON CONFLICT IGNORE, b TEXT", false, 1),
        ("a UNIQUE ON CONFLICT REPLACE, b TEXT", false, 1),
        ("a, b TEXT NOT NULL", true, 0),
        ("a, b TEXT NOT NULL ON CONFLICT IGNORE", false, 1),
        ("a, b TEXT CHECK (b <> 'x')", true, 0),
    ] {
        let conn = crate::database(&format!("{rows}; CREATE TABLE u({declared})"));
        let before = schema::Schema::read(&conn).unwrap().without_table("u");
        let after = schema(&format!("CREATE TABLE t({declared})"));
        let risks = diff(&before, &after)
            .iter()
            .fold(Risk::NONE, |all, change| all | change.risk);
        let copied = conn.execute_batch("INSERT INTO u SELECT * FROM t");
        assert_eq!(copied.is_err(), fails, "{declared}");
        assert_eq!(risks.can_fail_on_data, fails, "{declared}");
        let left: i64 = conn
            .query_row("SELECT count(*) FROM u", [], |row| row.get(0))
            .unwrap();
        assert_eq!(left, kept, "{declared}");
        assert_eq!(risks.can_lose_data, !fails && kept < 2, "{declared}");
    }
}

/// Text that could not be parsed has every risk.
#[test]
fn what_is_not_understood_is_a_risk() {
    let broken = |sql: &str| {
        let conn = crate::database("CREATE TABLE t(a INT, b TEXT); PRAGMA writable_schema = ON");
        conn.execute("UPDATE sqlite_schema SET sql = ?1", [sql])
            .unwrap();
        schema::Schema::read(&conn).unwrap()
    };
    let changes = diff(&broken("CREATE one"), &broken("CREATE two"));
    let risks: Vec<String> = changes.iter().map(|change| letters(change.risk)).collect();
    assert_eq!(risks, ["lfb"]);
    assert_eq!(
        changes[0].risk.to_string(),
        "can lose data, can fail on data, breaks readers"
    );
    assert_eq!(Risk::NONE.to_string(), "no risk");
}

#[test]
fn risks_add_up() {
    let of = |before: &str, after: &str| diff(&schema(before), &schema(after))[0].risk;
    let loses = of("CREATE TABLE t(a)", "");
    let fails = of("CREATE TABLE t(a INT)", "CREATE TABLE t(a INT) STRICT");
    assert_eq!(loses.to_string(), "can lose data, breaks readers");
    assert_eq!(fails.to_string(), "can fail on data");
    for risk in [loses, fails, loses | fails] {
        assert_eq!(risk | risk, risk);
        assert_eq!(risk | Risk::NONE, risk);
    }
    let all = "can lose data, can fail on data, breaks readers";
    assert_eq!((loses | fails).to_string(), all);
}
