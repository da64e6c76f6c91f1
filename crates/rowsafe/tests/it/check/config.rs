//! Options in a file of the folder.

use std::fs;
use std::path::Path;

use super::{REBUILD, check, folder};

const BACK: &str = "ALTER TABLE person DROP COLUMN age;\n";
const NAME: &str = "rowsafe.toml";

fn write(path: &Path, text: &str) {
    fs::write(path.join(NAME), format!("[check]\n{text}")).unwrap();
}

#[test]
fn the_file_has_effect_and_the_command_line_wins() {
    let folder = folder(REBUILD, BACK);
    let path = folder.path();
    let migrations = path.join("migrations");
    assert_eq!(check(path, &["migrations"]).0, Some(1));
    // In the folder, and beside it; named from wherever.
    for place in [path, &migrations] {
        write(place, "foreign-keys = \"off\"\nseed = 7\n");
        for (here, name) in [
            (path, "migrations"),
            (path, "migrations/"),
            (path, "./migrations"),
            (&migrations, "."),
            (&migrations, "../migrations"),
        ] {
            let (code, text) = check(here, &[name]);
            assert_eq!(code, Some(0), "{name}: {text}");
            assert!(text.contains("\n  options: `"), "{name}: {text}");
            let (code, text) = check(here, &[name, "--foreign-keys", "on"]);
            assert_eq!(code, Some(1), "{name}: {text}");
            assert!(
                text.contains("--seed=7"),
                "what is not given is as in the file: {text}"
            );
        }
        fs::remove_file(place.join(NAME)).unwrap();
    }
    // A flag can be taken back.
    let folder = super::folder("DROP TABLE pet;\n", "SELECT 1;\n");
    let path = folder.path();
    let dropped = |arguments: &[&str]| {
        let (_, text) = check(path, &[&["migrations", "--all"], arguments].concat());
        let line = text.lines().find(|line| line.contains("  table-dropped  "));
        line.unwrap().trim().split(' ').next().unwrap().to_owned()
    };
    assert_eq!(dropped(&[]), "warning");
    assert_eq!(dropped(&["--allow-drops"]), "note");
    write(path, "allow-drops = true\n");
    assert_eq!(dropped(&[]), "note");
    assert_eq!(dropped(&["--allow-drops=false"]), "warning");
}

/// Paths are seen from the file, lists and tables are as many options, and a list of the command
/// line takes the place of that in the file.
#[test]
fn paths_lists_and_tables() {
    let folder = folder(
        "INSERT INTO log SELECT shout(name) FROM person WHERE name = '${who}';\n",
        "SELECT 1;\n",
    );
    let path = folder.path();
    fs::write(path.join("base.sql"), "CREATE TABLE log (line TEXT);\n").unwrap();
    write(
        path,
        "base = \"base.sql\"\nbaseline = \"known.toml\"\nstub-function = [\"shout/1\", \
            \"whisper/-1\"]\n\
         define = { who = \"a = b\", other = \"2\" }\n",
    );
    let migrations = path.join("migrations");
    let (code, text) = check(&migrations, &[".", "--write-baseline"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(path.join("known.toml").exists());
    let (code, text) = check(path, &["migrations", "--format", "json"]);
    assert_eq!(code, Some(0), "{text}");
    assert!(!text.contains("step-fails"), "{text}");
    let (code, text) = check(path, &["migrations", "--stub-function", "whisper/1"]);
    assert_eq!(code, Some(2), "{text}");
    let gap = "`shout` is a function that the application registers";
    assert!(text.contains(gap), "{text}");
    // A collation may be a table or a list.
    write(path, "stub-collation = { bycase = \"nocase\" }\n");
    assert!(!check(path, &["migrations"]).1.starts_with("error: "));
    write(
        path,
        "stub-collation = [\"bycase=nocase\", \"other=rtrim\"]\n",
    );
    assert!(!check(path, &["migrations"]).1.starts_with("error: "));
    write(path, "stub-collation = { bycase = \"nocases\" }\n");
    let (code, text) = check(path, &["migrations"]);
    assert_eq!(code, Some(2), "{text}");
    assert!(
        text.starts_with("error: invalid value for `stub-collation`: expected"),
        "{text}"
    );
}

/// The command that repeats a finding works with the options file, too.
#[test]
fn the_command_that_repeats_works_beside_a_file() {
    let folder = folder(REBUILD, BACK);
    write(
        folder.path(),
        "seed = 9\ntransaction = \"file\"\nto = \"2024-01-02-000000_second\"\n",
    );
    let classes = super::told_again(folder.path(), &["migrations", "--format", "json"]);
    assert_eq!(classes, ["rows-lost-by-cascade"]);
}

#[test]
fn mistakes_in_the_file_are_reported_with_their_line() {
    let folder = folder(REBUILD, BACK);
    let mut printed = String::new();
    for text in [
        "layuot = \"diesel\"\n",
        "# options\nwrite-baseline = true\n",
        "layout = \"disel\"\n",
        "seed = \"many\"\n",
        "seed = -1\n",
        "seed = 0x10\n",
        "seed = [1]\n",
        "stub-function = [\"shout/1\", \"nonsense\"]\n",
        "stub-function = { shout = 1 }\n",
        "define = { who = { name = \"x\" } }\n",
        "allow-drops = \"perhaps\"\n",
        "layout = diesel\n",
    ] {
        write(folder.path(), text);
        let (code, text) = check(folder.path(), &["migrations"]);
        assert_eq!(code, Some(2), "{text}");
        printed.push_str(&text);
    }
    insta::assert_snapshot!(printed);
    // A wrong value is reported even where the command line has another.
    write(folder.path(), "layout = \"disel\"\n");
    assert_eq!(
        check(folder.path(), &["migrations", "--layout", "diesel"]).0,
        Some(2)
    );
    fs::write(folder.path().join(NAME), b"\xff").unwrap();
    let (code, text) = check(folder.path(), &["migrations"]);
    assert_eq!(code, Some(2));
    assert!(
        text.starts_with("error: `rowsafe.toml` cannot be read: "),
        "{text}"
    );
}

#[test]
fn two_files_for_one_folder_are_one_too_many() {
    let folder = folder(REBUILD, BACK);
    write(folder.path(), "seed = 1\n");
    write(&folder.path().join("migrations"), "seed = 2\n");
    let (code, text) = check(folder.path(), &["migrations"]);
    assert_eq!(code, Some(2), "{text}");
    let printed = "error: `migrations/rowsafe.toml` and `rowsafe.toml` both set options for the \
                folder\nhint: keep one of the two files\n";
    assert_eq!(text, printed);
    // What lies above the root of a repository does not belong to it.
    fs::create_dir(folder.path().join("migrations/.git")).unwrap();
    let (code, text) = check(folder.path(), &["migrations"]);
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("--seed=2"), "{text}");
}
