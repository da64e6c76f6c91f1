//! Known findings are accepted, and only what is new fails.

use std::fs;

use super::{REBUILD, check, folder};

const BACK: &str = "ALTER TABLE person DROP COLUMN age;\n";

fn with(baseline: &str) -> [&str; 3] {
    ["migrations", "--baseline", baseline]
}

#[test]
fn what_is_known_passes_and_what_is_new_fails() {
    let folder = folder(REBUILD, BACK);
    let path = folder.path();
    let (code, text) = check(
        path,
        &[&with("known.toml")[..], &["--write-baseline"]].concat(),
    );
    assert_eq!(
        (code, text.as_str()),
        (Some(0), "`known.toml` accepts 1 finding\n")
    );
    insta::assert_snapshot!(fs::read_to_string(path.join("known.toml")).unwrap());
    let names = fs::read_dir(path).unwrap().count();
    assert_eq!(names, 3, "nothing else is left");
    let (code, text) = check(path, &with("known.toml"));
    assert_eq!(code, Some(0), "{text}");
    assert!(text.contains("\n  known: 1 finding\n"), "{text}");
    assert!(!text.contains("rows-lost-by-cascade"), "{text}");
    let (_, text) = check(
        path,
        &[&with("known.toml")[..], &["--format", "json"]].concat(),
    );
    let verdict: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        (&verdict["known"], &verdict["findings"]),
        (&1.into(), &serde_json::json!([]))
    );

    // It stays known when its line moves.
    let up = path.join("migrations/2024-01-02-000000_second/up.sql");
    fs::write(&up, format!("-- a comment\n\n{REBUILD}")).unwrap();
    assert_eq!(check(path, &with("known.toml")).0, Some(0));

    // Another step with the same fault, on the same object, is new.
    let third = path.join("migrations/2024-01-03-000000_third");
    fs::create_dir(&third).unwrap();
    fs::write(third.join("up.sql"), REBUILD).unwrap();
    fs::write(third.join("down.sql"), "SELECT 1;\n").unwrap();
    let (code, text) = check(path, &with("known.toml"));
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("2024-01-03-000000_third  up\n"), "{text}");
    assert!(!text.contains("2024-01-02-000000_second  up\n"), "{text}");
}

#[test]
fn what_became_worse_is_new() {
    let folder = folder(REBUILD, BACK);
    let entry = "[[known]]\nclass = \"rows-lost-by-cascade\"\nstep = \"2024-01-02-000000_second\"\n\
                 direction = \"up\"\nobject = \"pet\"\nseverity = \"warning\"\n";
    fs::write(folder.path().join("known.toml"), entry).unwrap();
    let (code, text) = check(folder.path(), &with("known.toml"));
    assert_eq!(code, Some(1), "{text}");
    assert!(!text.contains("remove the entry"), "{text}");
    let entry = entry.replace("warning", "error");
    fs::write(folder.path().join("known.toml"), entry).unwrap();
    assert_eq!(check(folder.path(), &with("known.toml")).0, Some(0));
}

/// Entries that accept nothing are reported; those of a step that was not judged are not, and stay
/// when the file is written again, with their reasons.
#[test]
fn an_entry_that_matches_nothing_is_told() {
    let folder = folder(REBUILD, BACK);
    let path = folder.path();
    check(
        path,
        &[&with("known.toml")[..], &["--write-baseline"]].concat(),
    );
    let file = path.join("known.toml");
    let mut text = fs::read_to_string(&file).unwrap();
    text.push_str("reason = \"no pets before May\"\n");
    for (step, class) in [
        ("2024-01-01-000000_people", "integrity"),
        ("nowhere", "rows-lost"),
    ] {
        text.push_str(&format!(
            "[[known]]\nclass = \"{class}\"\nstep = \"{step}\"\ndirection = \"up\"\nseverity = \
                \"error\"\n"
        ));
    }
    fs::write(&file, &text).unwrap();
    let (code, text) = check(path, &with("known.toml"));
    assert_eq!(code, Some(0), "{text}");
    assert!(
        text.contains(
            "  `known.toml`: `integrity` in `2024-01-01-000000_people` up no longer occurs; \
             remove the entry\n"
        ),
        "{text}"
    );
    assert!(
        text.contains("`rows-lost` in `nowhere` up names a step that does not exist;"),
        "{text}"
    );
    let second = ["--from", "2024-01-02-000000_second"];
    let (_, text) = check(path, &[&with("known.toml")[..], &second].concat());
    assert!(!text.contains("2024-01-01-000000_people"), "{text}");
    assert!(text.contains("`nowhere`"), "{text}");

    let write = [&with("known.toml")[..], &second, &["--write-baseline"]].concat();
    let (_, text) = check(path, &write);
    assert_eq!(text, "`known.toml` accepts 2 findings\n");
    let text = fs::read_to_string(&file).unwrap();
    assert!(text.contains("reason = \"no pets before May\""), "{text}");
    assert!(
        text.contains("people") && !text.contains("nowhere"),
        "{text}"
    );
}

#[test]
fn a_baseline_that_cannot_be_read_or_written_is_an_error() {
    let folder = folder(REBUILD, BACK);
    let path = folder.path();
    let entry = |class: &str, direction: &str, severity: &str| {
        format!(
            "[[known]]\nclass = \"{class}\"\nstep = \"a\"\ndirection = \"{direction}\"\nseverity \
                = \"{severity}\"\n"
        )
    };
    let write = |name: &str, text: &[u8]| fs::write(path.join(name), text).unwrap();
    write("nonsense.toml", b"not = = toml");
    write("binary.toml", b"\xff\xfe\x00");
    write("class.toml", entry("rows-los", "up", "error").as_bytes());
    write(
        "direction.toml",
        entry("rows-lost", "sideways", "error").as_bytes(),
    );
    write("severity.toml", entry("rows-lost", "up", "eror").as_bytes());
    write("field.toml", b"[[known]]\nclas = \"rows-lost\"\n");
    write("short.toml", b"[[known]]\nclass = \"rows-lost\"\n");
    let mut printed = String::new();
    for name in [
        "absent",
        "nonsense",
        "binary",
        "class",
        "direction",
        "severity",
        "field",
        "short",
    ] {
        let name = format!("{name}.toml");
        let (code, text) = check(path, &with(&name));
        assert_eq!(code, Some(2), "{name}: {text}");
        printed.push_str(&text);
        // What is there and is no baseline is not written over.
        if name != "absent.toml" {
            let before = fs::read(path.join(&name)).unwrap();
            let (code, _) = check(path, &[&with(&name)[..], &["--write-baseline"]].concat());
            assert_eq!(code, Some(2), "{name}");
            assert_eq!(fs::read(path.join(&name)).unwrap(), before, "{name}");
        }
    }
    insta::assert_snapshot!(printed);
    for (arguments, printed) in [
        (
            &["migrations", "--write-baseline"][..],
            "`--write-baseline` needs a file\nhint: add `--baseline FILE",
        ),
        (
            &["migrations", "--baseline", "migrations"],
            "`migrations` cannot be read: ",
        ),
        (
            &[
                "migrations",
                "--baseline",
                "no/known.toml",
                "--write-baseline",
            ],
            "`no/known.toml` cannot be written: ",
        ),
    ] {
        let (code, text) = check(path, arguments);
        assert_eq!(code, Some(2), "{text}");
        assert!(text.starts_with(&format!("error: {printed}")), "{text}");
    }
}

/// A baseline from before one finding was about the whole folder has an entry for each step.
#[test]
fn entries_for_each_step_accept_the_finding_about_the_folder() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::create_dir(path.join("m")).unwrap();
    let mut entries = String::new();
    for number in 1..=3 {
        let file = path.join(format!("m/{number}_shelf.up.sql"));
        let table = format!("CREATE TABLE shelf_{number} (id INTEGER PRIMARY KEY);\n");
        fs::write(file, table).unwrap();
        entries.push_str(&format!(
            "[[known]]\nrule = \"down-missing\"\nstep = \"{number}_shelf\"\ndirection = \"down\"\n\
             severity = \"warning\"\n"
        ));
    }
    fs::write(path.join("known.toml"), entries).unwrap();
    let arguments = ["m", "--layout", "golang-migrate", "--fail-on", "warning"];
    let (code, text) = check(path, &arguments);
    assert_eq!(code, Some(1), "{text}");
    assert_eq!(text.matches("has a down migration").count(), 1, "{text}");
    let known = [&arguments[..], &["--baseline", "known.toml"]].concat();
    for from in ["1", "3"] {
        let (code, text) = check(path, &[&known[..], &["--from", from]].concat());
        assert_eq!(code, Some(0), "{text}");
        assert!(!text.contains("remove the entry"), "{text}");
    }
}
