//! Escapes foreign text, such as a name, a path or an error message, for printing.
//!
//! A terminal obeys control characters. Invisible characters and those that change the direction of
//! text mislead a reader. A CI system runs a line that begins with `::` as a command. Every program
//! of this workspace prints foreign text through [`line()`] or [`lines`], and then adds the escapes
//! of its own format.
//!
//! The output is ambiguous: a text may contain the escapes themselves. A program that needs the
//! exact text reads JSON, which [`json`] keeps exact.

use std::borrow::Cow;
use std::fmt::Write as _;

/// The width of a tab in a listing.
const TAB: &str = "    ";

/// Escapes a text for one line. Each character that [`is_unsafe`] becomes `
/// `, `\t`, `\r` or `\u{1b}`, and so does one character of each [workflow command][command],
/// wherever a CI system would recognise it: `::` at the start, `##[` and `##vso[` anywhere.
///
/// All other characters stay, so names in any script remain readable. A second call changes
/// nothing.
///
/// [command]: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
pub fn line(text: &str) -> Cow<'_, str> {
    // Most texts are plain and stay unchanged.
    let plain = |byte: u8| (b' '..0x7f).contains(&byte) && byte != b':' && byte != b'#';
    if text.bytes().all(plain) {
        return Cow::Borrowed(text);
    }
    let command = text.trim_start();
    let command = command
        .starts_with("::")
        .then(|| text.len() - command.len());
    let mut escaped = String::with_capacity(text.len());
    for (at, c) in text.char_indices() {
        let begins = command == Some(at) || c == '#' && is_mark(text, at);
        match c {
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            c if begins || is_unsafe(c) => escaped.extend(c.escape_unicode()),
            c => escaped.push(c),
        }
    }
    Cow::Owned(escaped)
}

/// Escapes a text of several lines, such as a statement: each line as by [`line()`], with spaces
/// for its tabs.
///
/// For a text whose line ends mean nothing, such as a name, use [`line()`]: here a line end begins
/// a new line.
pub fn lines(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for (number, one) in text.split('\n').enumerate() {
        if number > 0 {
            escaped.push('\n');
        }
        let one = one.strip_suffix('\r').unwrap_or(one).replace('\t', TAB);
        escaped.push_str(&line(&one));
    }
    escaped
}

/// Escapes a JSON document without changing the meaning of its strings: every character that
/// [`is_unsafe`] becomes `\u001b`, and workflow commands are broken up. The writer of the document
/// has already escaped characters below U+0020; line ends between its values stay.
pub fn json(document: &str) -> Cow<'_, str> {
    let raw = |c: char| c > '~' && is_unsafe(c);
    if !document.contains(|c| c == '#' || raw(c)) {
        return Cow::Borrowed(document);
    }
    let mut escaped = String::with_capacity(document.len());
    for (at, c) in document.char_indices() {
        let begins = c == '#' && is_mark(document, at);
        if !begins && !raw(c) {
            escaped.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            // A write to memory does not fail.
            let _ = write!(escaped, "\\u{unit:04x}");
        }
    }
    Cow::Owned(escaped)
}

/// Whether older runners recognise a command here, anywhere in a line.
fn is_mark(text: &str, at: usize) -> bool {
    let rest = text.get(at..).unwrap_or_default();
    rest.starts_with("##[") || rest.starts_with("##vso[")
}

/// Whether a character controls a terminal, ends a line, changes the direction of text, or is
/// invisible: control characters, line and paragraph separators, the [default ignorable] characters
/// of Unicode (joiners, zero width spaces, directional marks and overrides, tags, variation
/// selectors, U+FEFF), interlinear annotations, and the noncharacters U+FFFE and U+FFFF.
///
/// [default ignorable]: https://www.unicode.org/reports/tr44/#Default_Ignorable_Code_Point
pub fn is_unsafe(c: char) -> bool {
    if c < '\u{ad}' {
        return c.is_control();
    }
    matches!(c,
        '\u{ad}'
        | '\u{34f}'
        | '\u{61c}'
        | '\u{115f}'..='\u{1160}'
        | '\u{17b4}'..='\u{17b5}'
        | '\u{180b}'..='\u{180f}'
        | '\u{200b}'..='\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{3164}'
        | '\u{fe00}'..='\u{fe0f}'
        | '\u{feff}'
        | '\u{ffa0}'
        | '\u{fff0}'..='\u{fffb}'
        | '\u{fffe}'..='\u{ffff}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e0fff}')
}
