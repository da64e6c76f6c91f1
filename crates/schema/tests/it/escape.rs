//! The printed form of foreign text.

use schema::escape::{is_unsafe, json, line, lines};

/// Checks each text against its printed form.
fn check(table: &[(&str, &str)]) {
    for (text, printed) in table {
        assert_eq!(line(text), *printed, "{text:?}");
        assert_eq!(line(printed), *printed, "a second time: {text:?}");
    }
}

#[test]
fn what_a_terminal_obeys_is_escaped() {
    check(&[
        ("a\nb", r"a\nb"),
        ("a\r\nb", r"a\r\nb"),
        ("a\tb", r"a\tb"),
        ("\u{1b}[31mred\u{1b}[0m", r"\u{1b}[31mred\u{1b}[0m"),
        ("bell\u{7}", r"bell\u{7}"),
        ("nul\0", r"nul\u{0}"),
        ("delete\u{7f}", r"delete\u{7f}"),
        ("\u{9b}31m", r"\u{9b}31m"),
        ("next\u{85}line", r"next\u{85}line"),
        ("\u{2028}\u{2029}", r"\u{2028}\u{2029}"),
    ]);
    for c in ('\0'..=' ').chain('\u{7f}'..='\u{a0}') {
        assert_eq!(is_unsafe(c), c.is_control(), "{c:?}");
        let shown = line(&String::from(c)).into_owned();
        assert!(!shown.contains(char::is_control), "{c:?}");
    }
}

#[test]
fn what_misleads_a_reader_is_escaped() {
    check(&[
        ("user\u{202e}txt.exe", r"user\u{202e}txt.exe"),
        ("\u{2066}a\u{2069}", r"\u{2066}a\u{2069}"),
        ("\u{200e}\u{200f}\u{61c}", r"\u{200e}\u{200f}\u{61c}"),
        ("no\u{200b}te", r"no\u{200b}te"),
        ("no\u{200d}te\u{200c}", r"no\u{200d}te\u{200c}"),
        ("\u{feff}note", r"\u{feff}note"),
        ("no\u{ad}te", r"no\u{ad}te"),
        (
            "\u{2060}\u{180e}\u{3164}\u{fe0f}",
            r"\u{2060}\u{180e}\u{3164}\u{fe0f}",
        ),
        ("\u{e0041}\u{1d173}", r"\u{e0041}\u{1d173}"),
        ("\u{fff9}a\u{fffb}\u{ffff}", r"\u{fff9}a\u{fffb}\u{ffff}"),
    ]);
}

#[test]
fn no_line_is_a_command_of_a_workflow() {
    check(&[
        ("::error::x", r"\u{3a}:error::x"),
        ("  ::stop-commands::x", r"  \u{3a}:stop-commands::x"),
        // A runner strips this whitespace before it looks for a command.
        ("\u{3000}\u{a0}::error::x", "\u{3000}\u{a0}\\u{3a}:error::x"),
        ("a ##[error]x", r"a \u{23}#[error]x"),
        ("##vso[task.x]", r"\u{23}#vso[task.x]"),
        ("###[group]", r"#\u{23}#[group]"),
        // None of these is a command.
        ("a::b", "a::b"),
        (":a", ":a"),
        ("# title", "# title"),
        ("## x [y]", "## x [y]"),
    ]);
}

#[test]
fn names_in_any_script_stay_as_they_are() {
    let names = [
        "note",
        "Größe",
        "cafe\u{301}",
        "漢字",
        "ひらがな",
        "العربية",
        "עברית",
        "हिन्दी",
        "ไทย",
        "한국어",
        "😀",
        "a b",
        "`it's` \"x\" \\n 100 %",
        "€",
        "e\u{a0}f",
        "\u{fffd}",
    ];
    for name in names {
        assert_eq!(line(name), name);
        assert_eq!(lines(name), name);
        assert_eq!(json(name), name);
    }
}

#[test]
fn each_line_of_a_statement_is_escaped() {
    let text = "SELECT 1,\r\n\t'\u{1b}[2J',\n::error::x\n\u{b}\n";
    assert_eq!(
        lines(text),
        "SELECT 1,\n    '\\u{1b}[2J',\n\\u{3a}:error::x\n\\u{b}\n"
    );
    // A carriage return that does not end a line moves the cursor.
    assert_eq!(lines("a\rb"), r"a\rb");
}

#[test]
fn json_means_what_it_meant_and_moves_no_cursor() {
    let texts = [
        "\u{7f}\u{9b}31m\u{85}",
        "\u{202e}\u{2028}\u{feff}\u{200d}",
        "tag \u{e0041}\u{1d173}",
        "\u{1b}[0m\n\"\\ é 漢字 😀",
        "##[error]x ###vso[",
    ];
    let document = serde_json::json!({ "texts": texts, "\u{202e}": 1 });
    let pretty = format!("{document:#}\n");
    let printed = json(&pretty);
    assert!(
        printed.contains(r"\u009b31m") && printed.contains(r"\udb40\udc41"),
        "{printed}"
    );
    assert!(
        printed.chars().all(|c| c == '\n' || !is_unsafe(c)),
        "{printed}"
    );
    assert!(
        printed.contains(r"\u0023#[error]x #\u0023#vso["),
        "{printed}"
    );
    let read: serde_json::Value = serde_json::from_str(&printed).expect("JSON");
    assert_eq!(read, document);
    assert!(printed.contains("é 漢字 😀"), "{printed}");
}
