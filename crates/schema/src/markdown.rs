//! Text from a database in [GitHub's Markdown](https://github.github.com/gfm/). `schema::escape`
//! escapes control characters first.

use crate::escape;

/// Formats a name as inline code, also within a table.
pub fn code(text: &str) -> String {
    if text.is_empty() {
        return String::new();
    }
    let text = escape::line(text).replace('|', "\\|");
    let fence = "`".repeat(longest(&text) + 1);
    // A space keeps a backtick at either end from joining the fence.
    let blank = if text.starts_with('`') || text.ends_with('`') {
        " "
    } else {
        ""
    };
    format!("{fence}{blank}{text}{blank}{fence}")
}

/// Formats a block of code, with a line end at its end. No content can close the block.
pub fn block(language: &str, text: &str) -> String {
    let text = escape::lines(text.trim_end_matches('\n'));
    let fence = "`".repeat(longest(&text).max(2) + 1);
    format!("{fence}{language}\n{text}\n{fence}\n")
}

/// Formats a sentence with names in backticks, also within a table, without any HTML or links in
/// it.
pub fn prose(text: &str) -> String {
    let text = escape::line(text);
    let parts: Vec<&str> = text.split('`').collect();
    if parts.len().is_multiple_of(2) {
        return plain(&text.replace('`', "'"));
    }
    let part = |(at, part): (usize, &&str)| match at % 2 {
        0 => plain(part),
        _ => code(part),
    };
    parts.iter().enumerate().map(part).collect()
}

/// Formats text so that nothing in it is Markdown.
fn plain(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let rest = text.get(at..).unwrap_or_default();
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '|' | '\\' | '*' | '_' | '[' | ']' | '~' | '!' => escaped.extend(['\\', c]),
            // The row of a database must not mention a GitHub user or issue. GitHub looks for names
            // after it has decoded entities, but not after an empty element.
            '@' => escaped.push_str("&#64;<!-- -->"),
            '#' => escaped.push_str("&#35;<!-- -->"),
            // An address must not become a link.
            ':' if rest.starts_with("://") => escaped.push_str(":<!-- -->"),
            'w' | 'W'
                if rest
                    .get(..4)
                    .is_some_and(|w| w.eq_ignore_ascii_case("www.")) =>
            {
                escaped.push(c);
                escaped.push_str("<!-- -->");
            }
            c => escaped.push(c),
        }
    }
    escaped
}

/// The longest run of backticks.
fn longest(text: &str) -> usize {
    let runs = text.split(|c| c != '`').map(str::len);
    runs.max().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn code_holds_any_name() {
        for (name, shown) in [
            ("", ""),
            ("note", "`note`"),
            ("a|b", "`a\\|b`"),
            ("a`b", "``a`b``"),
            ("`a``b`", "``` `a``b` ```"),
            ("a\nb\u{1b}", "`a\\nb\\u{1b}`"),
            ("größe 漢字", "`größe 漢字`"),
        ] {
            assert_eq!(code(name), shown);
        }
    }

    #[test]
    fn prose_calls_nobody_and_links_nowhere() {
        for (text, shown) in [
            ("`a` is gone", "`a` is gone"),
            ("<b>x</b> & y", "&lt;b&gt;x&lt;/b&gt; &amp; y"),
            ("@you #1", "&#64;<!-- -->you &#35;<!-- -->1"),
            ("![i](u)", "\\!\\[i\\](u)"),
            ("see https://x.y", "see https:<!-- -->//x.y"),
            ("Www.x.y", "W<!-- -->ww.x.y"),
            ("one ` alone", "one ' alone"),
            ("a|b\nc", "a\\|b\\\\nc"),
        ] {
            assert_eq!(prose(text), shown);
        }
    }

    #[test]
    fn nothing_in_a_block_ends_it() {
        assert_eq!(
            block("sql", "SELECT 1;\n```\n::error::\u{7}\n"),
            "````sql\nSELECT 1;\n```\n\\u{3a}:error::\\u{7}\n````\n"
        );
    }
}
