//! A digest freezes the meaning of a script.

use migrations::digest;

const SCRIPT: &str =
    "CREATE TABLE note (\n  id INTEGER PRIMARY KEY,\n  body TEXT DEFAULT 'a  b'\n);\n";

#[test]
fn it_never_changes() {
    // `printf "CREATE TABLE note ( id INTEGER PRIMARY KEY, body TEXT DEFAULT 'a  b' );\n" |
    // sha256sum`
    assert_eq!(
        digest(SCRIPT),
        "eabfb10c51f14019ad3874a9e97e72520b41e80ab77f0cdd28f0fa63d965b249"
    );
}

#[test]
fn comments_blanks_and_line_ends_do_not_count() {
    for same in [
        SCRIPT.replace('\n', "\r\n"),
        format!("-- why\n\n{SCRIPT}\n  /* the end */\n"),
        SCRIPT.replace(",\n", ", -- the key\n\n\t"),
        SCRIPT.trim_end().trim_end_matches(';').to_owned(),
    ] {
        assert_eq!(digest(&same), digest(SCRIPT), "{same}");
    }
}

#[test]
fn everything_else_counts() {
    for other in [
        SCRIPT.replace("a  b", "a b"),
        SCRIPT.replace("a  b", "a  B"),
        SCRIPT.replace("'a  b'", "'a -- b'"),
        SCRIPT.replace("TEXT", "BLOB"),
        format!("{SCRIPT}SELECT 1;"),
        String::new(),
    ] {
        assert_ne!(digest(&other), digest(SCRIPT), "{other}");
    }
}
