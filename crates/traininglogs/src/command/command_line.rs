//! Command lines in messages, ready to paste.

use std::path::Path;

use migrations::escape;

/// The default of `--db`.
pub(super) const DEFAULT_FILE: &str = "traininglogs.db";

/// The command line for `verb` on the file at `path`.
pub(super) fn command_line(path: &Path, verb: &str) -> String {
    match path.to_str() {
        Some(DEFAULT_FILE) => format!("traininglogs {verb}"),
        Some(text) if text.starts_with('-') => {
            format!("traininglogs --db {} {verb}", quote(&format!("./{text}")))
        }
        Some(text) if !text.contains(escape::is_unsafe) => {
            format!("traininglogs --db {} {verb}", quote(text))
        }
        // Some names have no form that a shell would read back.
        _ => format!("traininglogs --db PATH {verb}"),
    }
}

/// Quotes a word for a shell if necessary.
fn quote(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-./:@%+,=".contains(c);
    if word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', r"'\''"))
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    #[test]
    fn a_command_line_can_be_pasted() {
        for (path, shown) in [
            ("traininglogs.db", "traininglogs init"),
            ("old.db", "traininglogs --db old.db init"),
            ("my logs.db", "traininglogs --db 'my logs.db' init"),
            ("it's.db", r"traininglogs --db 'it'\''s.db' init"),
            ("a$(b).db", "traininglogs --db 'a$(b).db' init"),
            ("a;b.db", "traininglogs --db 'a;b.db' init"),
            ("-x.db", "traininglogs --db ./-x.db init"),
            ("Größe.db", "traininglogs --db Größe.db init"),
            ("a\u{1b}b.db", "traininglogs --db PATH init"),
        ] {
            assert_eq!(super::command_line(Path::new(path), "init"), shown);
        }
    }
}
