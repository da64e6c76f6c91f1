//! Everything that was not read or not tried is in the verdict line, in every format, and is
//! never `ok`.

use std::fs;
use std::path::Path;
use std::time::Duration;

use folders::{Options as FolderOptions, read};
use lint::report::{Format, Report};
use lint::{Options, Verdict};
use tempfile::TempDir;

use super::check;

/// A folder of files.
fn folder(files: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        let path = folder.path().join("migrations").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }
    folder
}

const GOOD: (&str, &str) = (
    "1_a.sql",
    "CREATE TABLE a (id INTEGER PRIMARY KEY, x TEXT);\n",
);

fn judged(folder: &Path, options: &Options) -> Verdict {
    let history = read(&folder.join("migrations"), &FolderOptions::default()).unwrap();
    lint::check(&history, options).unwrap()
}

/// The line of each format that says how it ended.
fn verdict_line(format: Format, text: &str) -> String {
    let line = |has: &dyn Fn(&&str) -> bool| text.lines().find(has).unwrap().to_owned();
    match format {
        Format::Text | Format::Github => text.lines().last().unwrap().to_owned(),
        Format::Markdown => line(&|line| line.starts_with("**")),
        Format::Json => line(&|line| line.contains("\"incomplete\"")),
        _ => line(&|line| line.contains("incomplete: ")),
    }
}

fn in_every_format(report: &Report<'_>, what: &str) {
    for format in Format::ALL {
        let text = report.render(*format);
        let line = verdict_line(*format, &text);
        let what = match format {
            // Its underscores are escaped outside of code only.
            Format::Sarif | Format::Json => what.replace('"', "\\\""),
            _ => what.to_owned(),
        };
        assert!(line.contains("incomplete"), "{format:?}: {line}");
        assert!(line.contains(&what), "{format:?}: {line}");
        assert!(!line.contains("ok: "), "{format:?}: {line}");
    }
}

#[test]
fn what_lies_there_and_was_not_read_is_in_the_verdict() {
    for (file, named) in [
        ("later/2_b.sql", "later/2_b.sql"),
        ("a/b/c/d/e/f/g/h/2_b.sql", "a/b/c/d/e/f/g/h/2_b.sql"),
        ("seed.sql", "seed.sql"),
        ("2_b.SQL", "2_b.SQL"),
        ("2_b.js", "2_b.js"),
    ] {
        let folder = folder(&[GOOD, (file, "DROP TABLE a;\n")]);
        let (code, text) = check(folder.path(), &["migrations"]);
        assert_eq!(code, Some(2), "{file}: {text}");
        assert!(text.lines().last().unwrap().contains(named), "{text}");
        let verdict = judged(folder.path(), &Options::default());
        in_every_format(&Report::new(&verdict), named);
        let (code, text) = check(folder.path(), &["migrations", "--allow-gaps"]);
        assert_eq!(code, Some(0), "{file}: {text}");
    }
    let folder = folder(&[GOOD, ("later/2_b.sql", ""), ("later/3_c.sql", "")]);
    let (_, text) = check(folder.path(), &["migrations"]);
    assert!(
        text.contains("gap: later/: 2 files of SQL are in it"),
        "{text}"
    );
}

#[test]
fn files_that_are_no_sql_are_no_reason_to_say_anything() {
    let folder = folder(&[
        GOOD,
        ("README.md", "# What they do\n"),
        ("notes/why.txt", "because\n"),
        ("schema.json", "{}\n"),
        (".hidden/2_b.sql", "DROP TABLE a;\n"),
        ("sql", "DROP TABLE a;\n"),
    ]);
    let (code, text) = check(folder.path(), &["migrations"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains("\nok: no rows are lost") && !text.contains("gap"),
        "{text}"
    );
}

#[cfg(unix)]
#[test]
fn a_pipe_is_no_migration_and_does_not_hang() {
    let pipe = |folder: &Path, name: &str| {
        let path = folder.join("migrations").join(name);
        let made = std::process::Command::new("mkfifo").arg(path).status();
        made.is_ok_and(|status| status.success())
    };
    let some = folder(&[GOOD]);
    let none = folder(&[("README.md", "")]);
    if !pipe(some.path(), "2_b.sql") || !pipe(none.path(), "1_a.sql") {
        return;
    }
    let (code, text) = check(some.path(), &["migrations"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.lines().last().unwrap().contains("not read: `2_b.sql`"),
        "{text}"
    );
    for arguments in [
        &["migrations"][..],
        &["migrations", "--layout", "plain", "--allow-gaps"],
    ] {
        let (code, text) = check(none.path(), arguments);
        assert_eq!(code, Some(2), "{arguments:?}: {text}");
        assert!(!text.contains("ok:"), "{text}");
    }
}

#[test]
fn a_choice_that_leaves_no_step_judges_nothing() {
    let folder = folder(&[GOOD, ("2_b.sql", "CREATE TABLE b (x);\n")]);
    for arguments in [
        &["migrations", "--from", "2_b", "--to", "1_a"][..],
        &["migrations", "--from", "2_b", "--to", "1_a", "--allow-gaps"],
    ] {
        let (code, text) = check(folder.path(), arguments);
        assert_eq!(code, Some(2), "{text}");
        assert!(
            text.contains("\nincomplete: ") && text.contains("no step was checked"),
            "{text}"
        );
    }
    let (code, text) = check(folder.path(), &["migrations", "--from", "2_b"]);
    assert_eq!(code, Some(0), "{text}");
}

#[test]
fn a_run_that_ends_early_says_where_it_stood() {
    let folder = folder(&[GOOD, ("2_b.sql", "CREATE TABLE b (x);\n")]);
    for more in [&[][..], &["--allow-gaps"]] {
        let arguments = [&["migrations", "--timeout", "0"], more].concat();
        let (code, text) = check(folder.path(), &arguments);
        assert_eq!(code, Some(2), "{text}");
        assert!(
            !text.contains("ok: ") && text.contains("the time limit of 0 seconds"),
            "{text}"
        );
    }
    let mut options = Options::default();
    options.timeout = Duration::ZERO;
    let verdict = judged(folder.path(), &options);
    assert_eq!((verdict.steps, verdict.findings.len()), (0, 0));
    in_every_format(&Report::new(&verdict), "0 of 2 steps were checked");
    // Time enough.
    let (code, text) = check(folder.path(), &["migrations", "--timeout=300"]);
    assert_eq!(code, Some(0), "{text}");
}

/// Views of which each names the one before twice: SQLite expands them while it prepares, where no
/// instruction of its machine is counted.
#[test]
fn views_that_expand_without_end_end_with_the_run() {
    let mut text = format!("{}CREATE VIEW v0 AS SELECT * FROM a;\n", GOOD.1);
    for at in 1..=24 {
        let before = at - 1;
        text += &format!(
            "CREATE VIEW v{at} AS SELECT l.id, l.x FROM v{before} l JOIN v{before} r USING (id);\n"
        );
    }
    let folder = folder(&[("1_a.sql", &text)]);
    let mut options = Options::default();
    options.timeout = Duration::from_secs(1);
    let verdict = judged(folder.path(), &options);
    let stopped = verdict.stopped.clone().unwrap_or_default();
    assert!(stopped.contains("`1_a`"), "{stopped}");
    in_every_format(&Report::new(&verdict), "`1_a`");
}

/// Each takes memory or time without measure in one call, which nothing can interrupt.
#[test]
fn values_without_measure_are_not_made() {
    let table =
        |column: &str| format!("CREATE TABLE s (id INTEGER PRIMARY KEY, x TEXT{column});\n");
    let second = "UPDATE s SET x = 'a';\n";
    let wide: String = (0..100)
        .map(|at| format!(", g{at} TEXT AS (hex(zeroblob(2000000))) VIRTUAL"))
        .collect();
    for (what, first, second) in [
        (
            "a CHECK",
            table(" CHECK (length(hex(zeroblob(200000000))) > 1)"),
            second,
        ),
        (
            "a computed column",
            table(", g TEXT AS (hex(zeroblob(200000000))) VIRTUAL"),
            second,
        ),
        (
            "a stored column",
            table(", g TEXT AS (hex(zeroblob(200000000))) STORED"),
            second,
        ),
        ("many computed columns", table(&wide), second),
        (
            "an index",
            table("") + "CREATE INDEX i ON s (printf('%.*c', 200000000, x));\n",
            second,
        ),
        (
            "a DEFAULT",
            table(", y DEFAULT (hex(randomblob(200000000)))"),
            "INSERT INTO s (x) VALUES (1);\n",
        ),
        (
            "a value that grows",
            table(""),
            "UPDATE s SET x = replace(replace(hex(zeroblob(30000)), '0', hex(zeroblob(50))), '0', \
                '00000');\n",
        ),
        (
            "a value of a statement",
            table(""),
            "INSERT INTO s (x) VALUES (hex(zeroblob(200000000)));\n",
        ),
    ] {
        let folder = folder(&[("1_a.sql", &first), ("2_b.sql", second)]);
        let verdict = judged(folder.path(), &Options::default());
        let report = Report::new(&verdict);
        assert!(
            report.incomplete().is_some(),
            "{what}: {}",
            Report::new(&verdict).render(Format::Text)
        );
        assert!(
            verdict.stopped.is_none(),
            "{what}: {}",
            Report::new(&verdict).render(Format::Text)
        );
    }
    let folder = folder(&[
        (
            "1_a.sql",
            &table(" CHECK (length(hex(zeroblob(2000))) > 1)"),
        ),
        (
            "2_b.sql",
            "UPDATE s SET x = hex(zeroblob(1000000));\nUPDATE s SET x = 'a' WHERE 0;\n",
        ),
    ]);
    let verdict = judged(folder.path(), &Options::default());
    let report = Report::new(&verdict);
    assert_eq!(
        report.incomplete(),
        None,
        "{}",
        Report::new(&verdict).render(Format::Text)
    );
}
